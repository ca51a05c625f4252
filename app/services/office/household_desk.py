"""Households as the office enters and sees them."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import NotFound, PreconditionFailed
from app.models import Household, HouseholdMember, Person
from app.services.clerk import Clerk
from app.services.household_facts import HouseholdFacts
from app.services.office.people_desk import kinds_of
from app.services.pages import Page


@dataclass(frozen=True)
class HouseholdMemberView:
    person_id: UUID
    first_name: str
    last_name: str
    kinds: Sequence[str]


@dataclass(frozen=True)
class HouseholdEntry:
    id: UUID
    version: int
    """Another one after each change."""
    facts: HouseholdFacts = field(repr=False)
    members: Sequence[HouseholdMemberView]
    """Those of the clerk's part of the district."""
    changed_at: datetime
    verified_at: datetime | None


@dataclass(frozen=True)
class HouseholdDesk:
    database: Database
    clock: Clock

    async def page(
        self, clerk: Clerk, *, person_id: UUID | None = None, limit: int = 20, after: UUID | None = None
    ) -> Page[HouseholdEntry, UUID]:
        """Up to `limit` households; with `person_id` those to which somebody belongs."""
        query = select(*Household.__table__.columns).where(seen_by(clerk)).order_by(Household.id).limit(limit + 1)
        if person_id:
            query = query.where(_has_member(HouseholdMember.person_id == person_id))
        if after:
            query = query.where(Household.id > after)
        async with self.database.reading() as connection:
            rows = (await connection.execute(query)).all()
            members = await _members(connection, clerk, [row.id for row in rows])
        return Page.of([_entry(row, members) for row in rows], limit, lambda last: last.id)

    async def add(self, clerk: Clerk, facts: HouseholdFacts, member_ids: Collection[UUID]) -> HouseholdEntry:
        """Enters a household. Raises NotFound: a member who is not of the clerk's part of the district."""
        now = self.clock.now()
        async with self.database.transaction() as session:
            household = Household(id=uuid4(), district_id=clerk.district_id, facts=facts.as_json(), changed_at=now)
            household.version = 1
            session.add(household)
            await session.flush()
            await _put_members(session, clerk, household.id, member_ids)
            members = len(set(member_ids))
            clerk.record(session, "household:added", at=now, household=str(household.id), members=members)
            return _entry(household, await _members(session, clerk, [household.id]))

    async def change(
        self,
        clerk: Clerk,
        household_id: UUID,
        facts: HouseholdFacts,
        member_ids: Collection[UUID],
        *,
        is_known: Callable[[int], bool],
    ) -> HouseholdEntry:
        """Puts other facts and members in the place of those before.

        `is_known` says of the version that is there now whether it is the one that the clerk has seen.

        Raises:
            NotFound: household or member outside the clerk's part of the district, too.
            PreconditionFailed: the clerk has not seen what is there now.
        """
        now = self.clock.now()
        async with self.database.transaction() as session:
            household = await hold_household(session, clerk, household_id)
            if not is_known(household.version):
                raise PreconditionFailed
            changed = await _put_members(session, clerk, household_id, member_ids)
            changed += write_facts(household, facts, now)
            if changed:
                household.version += 1
                clerk.record(session, "household:changed", at=now, household=str(household_id), changed=changed)
            return _entry(household, await _members(session, clerk, [household_id]))


def seen_by(clerk: Clerk) -> ColumnElement[bool]:
    """SQL: the `Household` row is of the clerk's district and, where he works for some schools, of somebody there."""
    mine = Household.district_id == clerk.district_id
    if clerk.is_admin:
        return mine
    seen = select(Person.id).where(clerk.sees_person())
    return and_(mine, _has_member(HouseholdMember.person_id.in_(seen)))


async def hold_household(session: AsyncSession, clerk: Clerk, household_id: UUID) -> Household:
    """Held until the transaction ends, before its requests, everywhere. Raises NotFound."""
    query = select(Household).where(Household.id == household_id, seen_by(clerk))
    household = await session.scalar(query.with_for_update(key_share=True))
    if household is None:
        raise NotFound
    return household


def write_facts(household: Household, facts: HouseholdFacts, now: datetime) -> list[str]:
    """The names of what is new; the caller makes another version of it. What nobody has looked at is not verified."""
    changed = facts.differing(HouseholdFacts.model_validate(household.facts))
    if changed:
        household.facts, household.changed_at, household.verified_at = facts.as_json(), now, None
    return changed


async def _put_members(
    session: AsyncSession, clerk: Clerk, household_id: UUID, member_ids: Collection[UUID]
) -> list[str]:
    """`members` where that changes something. Raises NotFound."""
    seen = await session.scalars(select(Person.id).where(Person.id.in_(member_ids), clerk.sees_person()))
    wanted = set(seen)
    if wanted != set(member_ids):
        raise NotFound
    of_household = HouseholdMember.household_id == household_id
    before = set(await session.scalars(select(HouseholdMember.person_id).where(of_household)))
    gone = before - wanted
    await session.execute(delete(HouseholdMember).where(of_household, HouseholdMember.person_id.in_(gone)))
    session.add_all(HouseholdMember(household_id=household_id, person_id=person) for person in wanted - before)
    await session.flush()
    return [] if wanted == before else ["members"]


def _has_member(which: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(HouseholdMember.household_id == Household.id, which)


async def _members(
    connection: AsyncConnection | AsyncSession, clerk: Clerk, household_ids: Collection[UUID]
) -> dict[UUID, list[HouseholdMemberView]]:
    rows = await connection.execute(
        select(
            HouseholdMember.household_id,
            Person.id,
            Person.first_name,
            Person.last_name,
            Person.is_student,
            Person.is_guardian,
            Person.is_staff,
        )
        .join(Person, Person.id == HouseholdMember.person_id)
        .where(HouseholdMember.household_id.in_(household_ids), clerk.sees_person())
        .order_by(Person.name_words, Person.id)
    )
    members: dict[UUID, list[HouseholdMemberView]] = defaultdict(list)
    for row in rows:
        member = HouseholdMemberView(row.id, row.first_name, row.last_name, kinds_of(row))
        members[row.household_id].append(member)
    return members


def _entry(row: Any, members: dict[UUID, list[HouseholdMemberView]]) -> HouseholdEntry:
    return HouseholdEntry(
        id=row.id,
        version=row.version,
        facts=HouseholdFacts.model_validate(row.facts),
        members=members.get(row.id, []),
        changed_at=row.changed_at,
        verified_at=row.verified_at,
    )
