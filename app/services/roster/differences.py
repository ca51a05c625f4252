"""Everything in which a district differs from a roster, and writing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial
from itertools import chain
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from app.services.roster.by_school import Tally, schools_of
from app.services.roster.enrollments import EnrollmentChanges, compare_enrollments, count_enrollments, write_enrollments
from app.services.roster.other_orgs import OtherOrgChanges, compare_other_orgs, write_other_orgs
from app.services.roster.people import Pair, Roster
from app.services.roster.persons import PERSONS, fate_of, last_values
from app.services.roster.persons import is_correct as is_correct_person
from app.services.roster.progress import Meter, Progress
from app.services.roster.relationships import RELATIONSHIPS, first_values, is_correct
from app.services.roster.relationships import fate_of as fate_of_relationship
from app.services.roster.relationships import last_values as last_values_of_relationship
from app.services.roster.report import SchoolChanges, counts
from app.services.roster.schools import SCHOOLS
from app.services.roster.sync import Changes

_FEW = 25


@dataclass(frozen=True)
class Differences:
    district_id: str
    roster: Roster
    schools: Changes[str]
    people: Changes[str]
    enrollments: EnrollmentChanges
    relationships: Changes[Pair]
    other_orgs: OtherOrgChanges
    leaves_at: datetime
    """When access ends for those who are only missing."""
    schools_of_gone: Mapping[str, str]
    """The primary schools of people whom the roster does not have."""

    @property
    def share_ended(self) -> float:
        """Per cent of the people that would leave, at once or later, or of the relationships between people who stay.

        Whose end was planned before counted then. An export without roles or agents ends nobody and yet locks everybody out, so lost
        roles and relationships count as well, but only where they are many: a few of a small school are custody.
        """
        people, staying = self.people, self.roster.people
        ended = sum(row.leaves_at is None for row in chain(people.ended, people.leaving))
        losing = people.losing_access
        unlinked = sum(row.guardian in staying and row.student in staying for row in self.relationships.ended)
        return max(
            _per_cent(ended + (losing if losing > _FEW else 0), people.live),
            _per_cent(unlinked if unlinked > _FEW else 0, self.relationships.live),
        )

    @property
    def size(self) -> int:
        """Rows to write."""
        tables: tuple[Changes[Any], ...] = (self.schools, self.people, self.relationships)
        rows = sum(len(table.created) + len(table.updated) + len(table.noted) + len(table.ended) for table in tables)
        rows += len(self.people.leaving) + len(self.people.corrected) + len(self.relationships.corrected)
        return rows + self.enrollments.size + len(self.other_orgs.stale) + len(self.other_orgs.missing)

    @cached_property
    def tally(self) -> Tally:
        tally = Tally(self.roster, self.schools_of_gone)
        tally.add_schools(self.schools)
        tally.add_people(self.people, self.enrollments.moved)
        tally.add_relationships(self.relationships)
        return tally

    @property
    def by_school(self) -> Sequence[SchoolChanges]:
        """The schools where something changes."""
        names = {row.sourced_id: row.name for row in self.schools.ended}
        return self.tally.changed(names | {school.sourced_id: school.name for school in self.roster.schools.values()})

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """created, updated, ended, leaving and unchanged, each by kind."""
        return {action: counts(of_kind) for action, of_kind in self.tally.totals().items()}


async def find_differences(
    connection: AsyncConnection,
    district_id: str,
    roster: Roster,
    now: datetime,
    grace: timedelta,
    progress: Progress,
) -> Differences:
    """`grace` is how long people keep access who are only missing from the roster."""
    leaves_at = now + grace
    stored = [await table.count(connection, district_id) for table in (SCHOOLS, PERSONS, RELATIONSHIPS)]
    meter = Meter(progress, "comparing", sum(stored) + await count_enrollments(connection, district_id))
    schools = await SCHOOLS.compare(connection, district_id, roster.schools, meter)
    people = await PERSONS.compare(
        connection,
        district_id,
        roster.people,
        meter,
        fate=fate_of(roster, now, leaves_at),
        is_correct=is_correct_person(roster),
    )
    schools.give_ids()
    people.give_ids()
    keep_access = people.staying | {row.sourced_id for row in people.leaving}
    relationships = await RELATIONSHIPS.compare(
        connection,
        district_id,
        roster.relationships,
        meter,
        fate=fate_of_relationship(roster, keep_access),
        is_correct=is_correct(roster),
    )
    enrollments = await compare_enrollments(connection, district_id, roster, meter)
    other_orgs = await compare_other_orgs(connection, district_id, roster.other_orgs)
    gone = {row.sourced_id for row in chain(people.ended, people.leaving)} | {
        row.student for row in relationships.ended if row.student not in roster.people
    }
    schools_of_gone = await schools_of(connection, district_id, gone) if gone else {}
    return Differences(
        district_id, roster, schools, people, enrollments, relationships, other_orgs, leaves_at, schools_of_gone
    )


async def write_differences(
    connection: AsyncConnection, differences: Differences, now: datetime, meter: Meter, *, in_first_import: bool
) -> None:
    roster = differences.roster
    district = {"district_id": differences.district_id}
    await write_other_orgs(connection, differences.district_id, differences.other_orgs, meter)
    await SCHOOLS.write(
        connection,
        roster.schools,
        differences.schools,
        now,
        meter,
        constants=district,
        first=lambda sourced_id: (sourced_id,),
    )
    await PERSONS.write(
        connection,
        roster.people,
        differences.people,
        now,
        meter,
        constants={**district, "first_seen_at": now, "in_first_import": in_first_import, "by_office": False},
        first=lambda sourced_id: (sourced_id,),
        last=partial(last_values, roster),
        leaves_at=differences.leaves_at,
    )
    await write_enrollments(connection, differences.enrollments, meter)
    await RELATIONSHIPS.write(
        connection,
        roster.relationships,
        differences.relationships,
        now,
        meter,
        constants=district,
        first=partial(first_values, roster),
        last=partial(last_values_of_relationship, roster),
    )


def _per_cent(part: int, whole: int) -> float:
    return 100 * part / max(1, whole)
