"""What changes at each school: a summary that an office can check before anything is written."""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
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
        action_of = _actions(changes.created, changes.updated)
        self._counts.update((school, action_of(school), "schools") for school in self._roster.schools)
        self._counts.update((row.sourced_id, "ended", "schools") for row in changes.ended)

    def add_people(self, changes: Changes[str], moved: Container[str]) -> None:
        """`moved` are people whose schools change: that is a change of theirs, too."""
        action_of = _actions(changes.created, changes.updated, moved)
        found = Counter(
            (_school(person), action_of(sourced_id), kinds(person))
            for sourced_id, person in self._roster.people.items()
        )
        for action, rows in (("ended", changes.ended), ("leaving", changes.leaving)):
            found.update((self._school_of(row.sourced_id), action, kinds(row)) for row in rows)
        for (school, action, kinds_of_one), number in found.items():
            for kind in kinds_of_one:
                self._counts[school, action, kind] += number

    def add_relationships(self, changes: Changes[Pair]) -> None:
        action_of, school_of = _actions(changes.created, changes.updated), self._school_of
        pairs = self._roster.relationships
        self._counts.update((school_of(pair[1]), action_of(pair), "relationships") for pair in pairs)
        self._counts.update((school_of(row.student), "ended", "relationships") for row in changes.ended)

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


def _actions(created: Iterable[Key], updated: Iterable[Key], moved: Container[Key] = ()) -> Callable[[Key], str]:
    created, updated = set(created), set(updated)
    return lambda key: "created" if key in created else "updated" if key in updated or key in moved else "unchanged"
