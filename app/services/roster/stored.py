"""A district's roster as it is stored, row by row, for packages that hold only changes."""

from collections.abc import AsyncIterator
from sys import intern
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.models import Enrollment, Person, Relationship, School
from app.services.roster.bulk import stream, table_of
from app.services.roster.people import Role, RosterPerson

_PERSONS = table_of(Person)
_SCHOOLS = table_of(School)
_ENROLLMENTS = table_of(Enrollment)
_RELATIONSHIPS = table_of(Relationship)
_GUARDIANS = _PERSONS.alias("guardians")
_STUDENTS = _PERSONS.alias("students")


async def schools(connection: AsyncConnection, district_id: str) -> AsyncIterator[Row[Any]]:
    """`sourced_id`, `name`, `identifier`, `ended_at`."""
    columns = _SCHOOLS.c
    query = select(columns.sourced_id, columns.name, columns.identifier, columns.ended_at)
    async for rows in stream(connection, query.where(columns.district_id == district_id)):
        for row in rows:
            yield row


async def persons(connection: AsyncConnection, district_id: str) -> AsyncIterator[Row[Any]]:
    """All columns; not those whom the office has added."""
    query = select(_PERSONS).where(_PERSONS.c.district_id == district_id, _PERSONS.c.by_office.is_(False))
    async for rows in stream(connection, query):
        for row in rows:
            yield row


async def enrollments(connection: AsyncConnection, district_id: str) -> AsyncIterator[Row[Any]]:
    """The sourcedIds of `person` and `school`, and `is_primary`."""
    query = (
        select(_PERSONS.c.sourced_id.label("person"), _SCHOOLS.c.sourced_id.label("school"), _ENROLLMENTS.c.is_primary)
        .join(_ENROLLMENTS, _ENROLLMENTS.c.person_id == _PERSONS.c.id)
        .join(_SCHOOLS, _SCHOOLS.c.id == _ENROLLMENTS.c.school_id)
        .where(_PERSONS.c.district_id == district_id)
        .order_by(_SCHOOLS.c.sourced_id)
    )
    async for rows in stream(connection, query):
        for row in rows:
            yield row


async def relationships(connection: AsyncConnection, district_id: str) -> AsyncIterator[Row[Any]]:
    """The sourcedIds of `guardian` and `student`, `said_by` and `ended_at`, of those that live or that a row still says."""
    columns = _RELATIONSHIPS.c
    query = (
        select(
            _GUARDIANS.c.sourced_id.label("guardian"),
            _STUDENTS.c.sourced_id.label("student"),
            columns.said_by,
            columns.ended_at,
        )
        .join(_GUARDIANS, _GUARDIANS.c.id == columns.guardian_id)
        .join(_STUDENTS, _STUDENTS.c.id == columns.student_id)
        .where(columns.district_id == district_id, or_(columns.ended_at.is_(None), columns.said_by.is_not(None)))
    )
    async for rows in stream(connection, query):
        for row in rows:
            yield row


def person_of(row: Row[Any]) -> RosterPerson:
    """Somebody who is only stored, as a package would have said it; the schools stand in `enrollments`."""
    person = RosterPerson(
        row=0,
        sourced_id=row.sourced_id,
        enabled=row.enabled,
        first_name=intern(row.first_name),
        last_name=intern(row.last_name),
        number=row.student_number,
        state_id=row.state_id,
        email=row.email,
        agents=(),
        ssn_last4_digests=(row.ssn_last4_digest,) if row.ssn_last4_digest else (),
        birth_date=row.birth_date,
    )
    take_stored_roles(person, row)
    if row.role_rows is not None:
        person.primary_org, _, person.role_rows = row.role_rows.partition("\n")
    return person


def take_stored_roles(person: RosterPerson, row: Row[Any]) -> None:
    person.is_student, person.is_staff = row.is_student, row.is_staff
    person.relation = Role(row.relation or Role.GUARDIAN) if row.is_guardian else None
