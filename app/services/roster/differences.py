"""Everything in which a district differs from a roster, and writing it."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from app.services.roster.enrollments import EnrollmentChanges, compare_enrollments, write_enrollments
from app.services.roster.people import Roster
from app.services.roster.persons import PERSONS, kinds, person_values
from app.services.roster.progress import Meter
from app.services.roster.relationships import RELATIONSHIPS, Pair, first_flags
from app.services.roster.report import counts
from app.services.roster.schools import SCHOOLS, school_values
from app.services.roster.sync import Changes


@dataclass(frozen=True)
class Differences:
    district_id: str
    roster: Roster
    schools: Changes[str]
    people: Changes[str]
    enrollments: EnrollmentChanges
    relationships: Changes[Pair]

    @property
    def share_ended(self) -> float:
        """Per cent of the people that would leave."""
        return 100 * len(self.people.ended) / max(1, self.people.live)

    @property
    def size(self) -> int:
        """Rows to write."""
        tables: tuple[Changes[Any], ...] = (self.schools, self.people, self.relationships)
        rows = sum(len(table.created) + len(table.updated) + len(table.ended) for table in tables)
        return rows + self.enrollments.size

    @cached_property
    def counts(self) -> dict[str, dict[str, int]]:
        """created, updated, ended and unchanged, each by kind."""
        roster = self.roster
        new, changed = set(self.people.created), {*self.people.updated} | self.enrollments.moved.keys()
        created, updated, unchanged = Counter[str](), Counter[str](), Counter[str]()
        for sourced_id, person in roster.people.items():
            counter = created if sourced_id in new else updated if sourced_id in changed else unchanged
            counter.update(kinds(person))
        ended = Counter(kind for row in self.people.ended for kind in kinds(row))
        tables: tuple[tuple[str, Changes[Any], int], ...] = (
            ("schools", self.schools, len(roster.schools)),
            ("relationships", self.relationships, len(roster.relationships)),
        )
        for kind, table, size in tables:
            created[kind], updated[kind], ended[kind] = len(table.created), len(table.updated), len(table.ended)
            unchanged[kind] = size - created[kind] - updated[kind]
        return {
            "created": counts(created),
            "updated": counts(updated),
            "ended": counts(ended),
            "unchanged": counts(unchanged),
        }


async def find_differences(connection: AsyncConnection, district_id: str, roster: Roster) -> Differences:
    schools = await SCHOOLS.compare(connection, district_id, roster.schools)
    people = await PERSONS.compare(connection, district_id, roster.people)
    schools.give_ids()
    people.give_ids()
    enrollments = await compare_enrollments(connection, district_id, roster.people, people.ids, schools.ids)
    relationships = await RELATIONSHIPS.compare(connection, district_id, roster.relationships)
    return Differences(district_id, roster, schools, people, enrollments, relationships)


async def write_differences(
    connection: AsyncConnection, differences: Differences, now: datetime, meter: Meter, *, in_first_import: bool
) -> None:
    roster = differences.roster
    person_ids = differences.people.ids
    district = {"district_id": differences.district_id}

    def first_of_relationship(pair: Pair) -> dict[str, Any]:
        guardian, student = pair
        ids = {"guardian_id": person_ids[guardian], "student_id": person_ids[student]}
        return ids | first_flags(roster.relationships[pair])

    await SCHOOLS.write(
        connection,
        differences.schools,
        now,
        meter,
        constants=district,
        first=lambda sourced_id: {"sourced_id": sourced_id},
        values=lambda sourced_id: school_values(roster.schools[sourced_id]),
    )
    await PERSONS.write(
        connection,
        differences.people,
        now,
        meter,
        constants={**district, "first_seen_at": now, "in_first_import": in_first_import, "by_office": False},
        first=lambda sourced_id: {"sourced_id": sourced_id},
        values=lambda sourced_id: person_values(roster.people[sourced_id]),
    )
    await write_enrollments(connection, differences.enrollments, meter)
    await RELATIONSHIPS.write(
        connection,
        differences.relationships,
        now,
        meter,
        constants=district,
        first=first_of_relationship,
        values=lambda pair: {"relation": roster.relationships[pair]},
    )
