"""What changes at each school: a summary that an office can check before anything is written."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.models import Enrollment, Person, School
from app.services.roster.bulk import stream, table_of
from app.services.roster.people import Pair, Roster
from app.services.roster.sync import Changes

SCHOOL_KINDS = ("schools", "students", "staff", "relationships")
"""Guardians belong to no school; their relationships count at the student's."""
ACTIONS = ("created", "updated", "ended", "leaving", "unchanged")

_PERSONS = table_of(Person)
_SCHOOLS = table_of(School)
_ENROLLMENTS = table_of(Enrollment)


@dataclass(frozen=True)
class SchoolChanges:
    """Counts by action, then by kind. Everybody counts once, at the primary school."""

    sourced_id: str
    name: str
    counts: Mapping[str, Mapping[str, int]]

    @property
    def size(self) -> int:
        return sum(sum(kinds.values()) for action, kinds in self.counts.items() if action != "unchanged")

    def as_json(self) -> dict[str, Any]:
        return {"sourced_id": self.sourced_id, "name": self.name, **self.counts}


async def schools_of(connection: AsyncConnection, district_id: str, people: Container[str]) -> dict[str, str]:
    """The primary school of stored people, both by their sourcedIds."""
    query = (
        select(_PERSONS.c.sourced_id.label("person"), _SCHOOLS.c.sourced_id.label("school"))
        .join(_ENROLLMENTS, _ENROLLMENTS.c.person_id == _PERSONS.c.id)
        .join(_SCHOOLS, _SCHOOLS.c.id == _ENROLLMENTS.c.school_id)
        .where(_PERSONS.c.district_id == district_id, _ENROLLMENTS.c.is_primary.is_(True))
    )
    return {row.person: row.school async for rows in stream(connection, query) for row in rows if row.person in people}


@dataclass
class Tally:
    """Adds up, school by school. `gone` are the schools of people whom the roster does not have."""

    roster: Roster
    gone: Mapping[str, str]
    _counts: dict[str, dict[str, Counter[str]]] = field(
        default_factory=lambda: defaultdict(lambda: {action: Counter() for action in ACTIONS})
    )

    def add_schools(self, changes: Changes[str]) -> None:
        created, updated = set(changes.created), set(changes.updated)
        for sourced_id in self.roster.schools:
            self._counts[sourced_id][_action(sourced_id, created, updated)]["schools"] += 1
        for row in changes.ended:
            self._counts[row.sourced_id]["ended"]["schools"] += 1

    def add_people(self, changes: Changes[str], created: Container[str], updated: Container[str]) -> None:
        for sourced_id, person in self.roster.people.items():
            self._count(sourced_id, _action(sourced_id, created, updated), _kinds(person))
        for action, rows in (("ended", changes.ended), ("leaving", changes.leaving)):
            for row in rows:
                self._count(row.sourced_id, action, _kinds(row))

    def add_relationships(self, changes: Changes[Pair]) -> None:
        created, updated = set(changes.created), set(changes.updated)
        for pair in self.roster.relationships:
            self._count(pair[1], _action(pair, created, updated), ("relationships",))
        for row in changes.ended:
            self._count(row.student, "ended", ("relationships",))

    def changed(self, names: Mapping[str, str]) -> Sequence[SchoolChanges]:
        """The schools where something changes, most first."""
        schools = (
            SchoolChanges(
                sourced_id,
                names.get(sourced_id, ""),
                {action: {kind: counter[kind] for kind in SCHOOL_KINDS} for action, counter in by_action.items()},
            )
            for sourced_id, by_action in self._counts.items()
        )
        return sorted(
            (school for school in schools if school.size), key=lambda school: (-school.size, school.sourced_id)
        )

    def _count(self, person: str, action: str, kinds: Iterable[str]) -> None:
        found = self.roster.people.get(person)
        school = next(iter(found.schools), None) if found else self.gone.get(person)
        if school:
            self._counts[school][action].update(kinds)


def _action(key: object, created: Container[Any], updated: Container[Any]) -> str:
    return "created" if key in created else "updated" if key in updated else "unchanged"


def _kinds(person: Any) -> Iterator[str]:
    if person.is_student:
        yield "students"
    if person.is_staff:
        yield "staff"
