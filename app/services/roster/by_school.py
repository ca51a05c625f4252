"""What changes at each school: a summary that an office can check before anything is written."""

from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from itertools import chain
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.models import Enrollment, Person, School
from app.services.roster.bulk import stream, table_of
from app.services.roster.people import Pair, Roster, RosterPerson
from app.services.roster.persons import kinds
from app.services.roster.report import ACTIONS, SCHOOL_KINDS, SchoolChanges
from app.services.roster.sync import Changes

Key = TypeVar("Key")
_Place = tuple[str | None, tuple[str, ...]]
"""A school, or None, and the kinds as which somebody counts there."""

_PERSONS = table_of(Person)
_SCHOOLS = table_of(School)
_ENROLLMENTS = table_of(Enrollment)


async def schools_of(connection: AsyncConnection, district_id: str, people: Container[str]) -> dict[str, str]:
    """The primary school of stored people, both by their sourcedIds."""
    query = (
        select(_PERSONS.c.sourced_id.label("person"), _SCHOOLS.c.sourced_id.label("school"))
        .join(_ENROLLMENTS, _ENROLLMENTS.c.person_id == _PERSONS.c.id)
        .join(_SCHOOLS, _SCHOOLS.c.id == _ENROLLMENTS.c.school_id)
        .where(_PERSONS.c.district_id == district_id, _ENROLLMENTS.c.is_primary.is_(True))
    )
    return {row.person: row.school async for rows in stream(connection, query) for row in rows if row.person in people}


class Tally:
    """Counts schools, people and relationships by school, action and kind. `gone` are the schools of people whom the roster does not have."""

    def __init__(self, roster: Roster, gone: Mapping[str, str]) -> None:
        self._roster = roster
        self._gone = gone
        self._counts: Counter[tuple[str | None, str, str]] = Counter()
        """School None: of people without one."""

    def add_schools(self, changes: Changes[str]) -> None:
        self._add(changes, self._roster.schools, lambda school: (school, ("schools",)))
        self._counts.update((row.sourced_id, "ended", "schools") for row in changes.ended)

    def add_people(self, changes: Changes[str], moved: Iterable[str]) -> None:
        """`moved` are people whose schools change: that is a change of theirs, too."""
        people = self._roster.people
        only_moved = set(moved).difference(changes.created, changes.updated)
        self._add(changes, people, lambda one: (_school(people[one]), kinds(people[one])), only_moved)
        for action, rows in (("ended", changes.ended), ("leaving", changes.leaving)):
            self._count(action, Counter((self._school_of(row.sourced_id), kinds(row)) for row in rows))

    def add_relationships(self, changes: Changes[Pair]) -> None:
        self._add(changes, self._roster.relationships, lambda pair: (self._school_of(pair[1]), ("relationships",)))
        self._counts.update((self._school_of(row.student), "ended", "relationships") for row in changes.ended)

    def _add(
        self,
        changes: Changes[Key],
        keys: Collection[Key],
        place_of: Callable[[Key], _Place],
        also_updated: Iterable[Key] = (),
    ) -> None:
        """Counts all and takes away what changes: to look each of them up among the changed would take a set of them."""
        created = Counter(map(place_of, changes.created))
        updated = Counter(map(place_of, chain(changes.updated, also_updated)))
        unchanged = Counter(map(place_of, keys)) if len(changes.created) < len(keys) else created.copy()
        unchanged.subtract(created)
        unchanged.subtract(updated)
        for action, found in (("created", created), ("updated", updated), ("unchanged", unchanged)):
            self._count(action, found)

    def _count(self, action: str, found: Mapping[_Place, int]) -> None:
        for (school, kinds_there), number in found.items():
            for kind in kinds_there:
                self._counts[school, action, kind] += number

    def totals(self) -> dict[str, Counter[str]]:
        """By action, then by kind."""
        totals: dict[str, Counter[str]] = {action: Counter() for action in ACTIONS}
        for (_, action, kind), number in self._counts.items():
            totals[action][kind] += number
        return totals

    def changed(self, names: Mapping[str, str]) -> Sequence[SchoolChanges]:
        """The schools where something changes, most first."""
        schools = (
            SchoolChanges(
                school,
                names.get(school, ""),
                {action: {kind: self._counts[school, action, kind] for kind in SCHOOL_KINDS} for action in ACTIONS},
            )
            for school in {school for school, _, _ in self._counts if school}
        )
        return sorted(
            (school for school in schools if school.size), key=lambda school: (-school.size, school.sourced_id)
        )

    def _school_of(self, sourced_id: str) -> str | None:
        person = self._roster.people.get(sourced_id)
        return _school(person) if person else self._gone.get(sourced_id)


def _school(person: RosterPerson) -> str | None:
    return person.schools[0] if person.schools else None
