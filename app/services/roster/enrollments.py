"""The table of enrolments: students and staff at their schools. Those of people who have left stay, as the people do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.models import Enrollment, Person
from app.services.roster.bulk import execute_many, insert_many, stream, table_of
from app.services.roster.people import RosterPerson
from app.services.roster.progress import Meter

_ENROLLMENTS = table_of(Enrollment)
_PERSONS = table_of(Person)


@dataclass
class EnrollmentChanges:
    stale: list[dict[str, Any]] = field(default_factory=list)
    missing: list[dict[str, Any]] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)
    """The sourcedIds of the people whose schools differ."""


async def compare_enrollments(
    connection: AsyncConnection,
    district_id: str,
    people: Mapping[str, RosterPerson],
    person_ids: Mapping[str, UUID],
    school_ids: Mapping[str, UUID],
) -> EnrollmentChanges:
    changes = EnrollmentChanges()
    kept: set[tuple[str, str]] = set()
    school_names = {row_id: sourced_id for sourced_id, row_id in school_ids.items()}
    query = select(_PERSONS.c.sourced_id, *_ENROLLMENTS.c).join(_ENROLLMENTS, _ENROLLMENTS.c.person_id == _PERSONS.c.id)
    async for rows in stream(connection, query.where(_PERSONS.c.district_id == district_id)):
        for row in rows:
            person = people.get(row.sourced_id)
            school = school_names.get(row.school_id, "")
            if person and school in person.schools and row.is_primary == (school == person.schools[0]):
                kept.add((row.sourced_id, school))
            elif person:
                changes.stale.append({"this_person": row.person_id, "this_school": row.school_id})
                changes.moved.add(row.sourced_id)
    for sourced_id, person in people.items():
        for place, school in enumerate(person.schools):
            if (sourced_id, school) not in kept:
                changes.missing.append(
                    {"person_id": person_ids[sourced_id], "school_id": school_ids[school], "is_primary": place == 0}
                )
                changes.moved.add(sourced_id)
    return changes


async def write_enrollments(connection: AsyncConnection, changes: EnrollmentChanges, meter: Meter) -> None:
    columns = _ENROLLMENTS.c
    this_one = delete(_ENROLLMENTS).where(
        columns.person_id == bindparam("this_person"), columns.school_id == bindparam("this_school")
    )
    await execute_many(connection, this_one, changes.stale, meter)
    await insert_many(connection, _ENROLLMENTS, changes.missing, meter)
