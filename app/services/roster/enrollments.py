"""The table of enrolments: students and staff at their schools. Those of people who have left stay, as the people do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from app.models import Enrollment, Person, School
from app.services.roster.bulk import execute_many, stream, table_of
from app.services.roster.people import Roster, RosterPerson
from app.services.roster.progress import Meter
from app.services.roster.row_ids import RowId

_ENROLLMENTS = table_of(Enrollment)
_PERSONS = table_of(Person)
_SCHOOLS = table_of(School)
_AT_SCHOOLS = _SCHOOLS.join(_ENROLLMENTS, _ENROLLMENTS.c.school_id == _SCHOOLS.c.id)
"""From the schools, which are few: from the people, each of them would be looked for."""
_NOT_ALL = -1


@dataclass(frozen=True)
class EnrollmentChanges:
    """Whose schools differ: all enrolments of these people are written anew."""

    roster: Roster
    moved: Sequence[str]
    """The sourcedIds of people whose enrolments are to be written."""
    with_some: Sequence[str]
    """Those of them who have enrolments, which are to be taken away first."""

    @property
    def size(self) -> int:
        """Rows to write."""
        people = self.roster.people
        return len(self.with_some) + sum(len(people[sourced_id].schools) for sourced_id in self.moved)

    def stale(self) -> Iterator[tuple[Any]]:
        return ((self.roster.people[sourced_id].id,) for sourced_id in self.with_some)

    def missing(self) -> Iterator[tuple[Any, ...]]:
        people, schools = self.roster.people, self.roster.schools
        for person in map(people.__getitem__, self.moved):
            for place, school in enumerate(person.schools):
                yield person.id, schools[school].id, place == 0


async def count_enrollments(connection: AsyncConnection, district_id: str) -> int:
    query = select(func.count()).select_from(_AT_SCHOOLS).where(_SCHOOLS.c.district_id == district_id)
    return (await connection.execute(query)).scalar_one()


async def compare_enrollments(
    connection: AsyncConnection,
    district_id: str,
    roster: Roster,
    meter: Meter,
) -> EnrollmentChanges:
    """After schools and people, whose ids it needs."""
    right = await _count_right(connection, district_id, roster, meter)
    people = roster.people.items()
    moved = [sourced_id for sourced_id, person in people if right.get(sourced_id, 0) != len(person.schools)]
    return EnrollmentChanges(roster, moved, with_some=[sourced_id for sourced_id in moved if sourced_id in right])


async def _count_right(
    connection: AsyncConnection,
    district_id: str,
    roster: Roster,
    meter: Meter,
) -> dict[str, int]:
    """How many enrolments each person has, by sourcedId; something else where one of them is wrong."""
    right: dict[str, int] = {}
    schools = {school.id: school.sourced_id for school in roster.schools.values()}
    school_id = type_coerce(_ENROLLMENTS.c.school_id, RowId()).label("school_id")
    people = _AT_SCHOOLS.join(_PERSONS, _PERSONS.c.id == _ENROLLMENTS.c.person_id)
    query = select(_PERSONS.c.sourced_id, school_id, _ENROLLMENTS.c.is_primary).select_from(people)
    async for rows in stream(connection, query.where(_SCHOOLS.c.district_id == district_id)):
        for row in rows:
            if person := roster.people.get(row.sourced_id):
                known = right.get(person.sourced_id, 0)
                is_right = _is_right(person, schools.get(row.school_id, ""), is_primary=row.is_primary)
                right[person.sourced_id] = known + 1 if is_right and known != _NOT_ALL else _NOT_ALL
        meter.add(len(rows))
    return right


def _is_right(person: RosterPerson, school: str, *, is_primary: bool) -> bool:
    return school in person.schools and is_primary == (school == person.schools[0])


async def write_enrollments(connection: AsyncConnection, changes: EnrollmentChanges, meter: Meter) -> None:
    this_person = delete(_ENROLLMENTS).where(_ENROLLMENTS.c.person_id == bindparam("this_person"))
    await execute_many(connection, this_person, ["this_person"], changes.stale(), meter)
    columns = ["person_id", "school_id", "is_primary"]
    await execute_many(connection, insert(_ENROLLMENTS), columns, changes.missing(), meter)
