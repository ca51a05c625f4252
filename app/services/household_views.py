"""The households of a guardian, and what she said of them last.

She sees those that she herself belongs to, as far as a student whom the portal shows her belongs to them, too. Of a child with two homes
she sees hers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from app.models import Household, HouseholdMember, HouseholdRequest, Person, Relationship
from app.services.account_view import AccountView
from app.services.household_facts import HouseholdFacts

VERIFIED, WAITING, SUPERSEDED = "verified", "waiting", "superseded"
"""The states of a word that a guardian said; the office's are in its own room."""
_CHILD, _AT_HOME, _RELATED = aliased(Person), aliased(HouseholdMember), aliased(Relationship)


@dataclass(frozen=True)
class HouseholdStudent:
    id: UUID
    first_name: str
    last_name: str


@dataclass(frozen=True)
class Said:
    """What the guardian said last."""

    id: UUID
    household_id: UUID
    asked_at: datetime
    state: str
    reason: str | None
    decided_at: datetime | None
    facts: HouseholdFacts | None = field(repr=False)
    """What she would have stand there, as long as that waits."""

    @classmethod
    def of(cls, row: Any) -> "Said":
        facts = HouseholdFacts.model_validate(row.facts) if row.state == WAITING else None
        return cls(row.id, row.household_id, row.asked_at, row.state, row.reason, row.decided_at, facts)


@dataclass(frozen=True)
class HouseholdView:
    id: UUID
    version: int
    """Another one after each change."""
    facts: HouseholdFacts = field(repr=False)
    verified_at: datetime | None
    students: Sequence[HouseholdStudent]
    """Those of the household whom the portal shows the guardian."""
    last_request: Said | None


async def households_of(connection: AsyncConnection, account: AccountView) -> Sequence[HouseholdView]:
    """The guardian's, the one that changed last at the end."""
    rows = (await connection.execute(select(*Household.__table__.columns).where(is_of(account)))).all()
    ids = [row.id for row in rows]
    students = await _students(connection, account, ids)
    said = await _said(connection, account, ids)
    return [
        HouseholdView(
            row.id,
            row.version,
            HouseholdFacts.model_validate(row.facts),
            row.verified_at,
            students[row.id],
            said.get(row.id),
        )
        for row in sorted(rows, key=lambda row: (row.changed_at, row.id))
    ]


def guardians_homes(guardian_id: Any) -> ColumnElement[bool]:
    """SQL: the `Household` row is one to which the guardian belongs, and so does a student whom the portal shows her."""
    member = exists().where(HouseholdMember.household_id == Household.id, HouseholdMember.person_id == guardian_id)
    child = exists(_shown_members(guardian_id).where(_AT_HOME.household_id == Household.id))
    return and_(member, child)


def is_of(account: AccountView) -> ColumnElement[bool]:
    """SQL: the `Household` row is one of the guardian's."""
    return and_(Household.district_id == account.district_id, guardians_homes(account.person_id))


def _shown_members(guardian_id: Any) -> Select[*tuple[Any, ...]]:
    """Under names of their own, as what is asked for beside them may be a `Person`, too."""
    return (
        select(_AT_HOME.household_id, _CHILD.id, _CHILD.first_name, _CHILD.last_name)
        .join(_CHILD, _CHILD.id == _AT_HOME.person_id)
        .join(_RELATED, _RELATED.student_id == _CHILD.id)
        .where(
            _RELATED.guardian_id == guardian_id,
            _RELATED.portal.is_(True),
            _RELATED.ended_at.is_(None),
            _CHILD.ended_at.is_(None),
            _CHILD.is_student.is_(True),
        )
    )


async def _students(
    connection: AsyncConnection, account: AccountView, households: Sequence[UUID]
) -> dict[UUID, list[HouseholdStudent]]:
    query = _shown_members(account.person_id).where(_AT_HOME.household_id.in_(households))
    found: dict[UUID, list[HouseholdStudent]] = {household: [] for household in households}
    for row in await connection.execute(query.order_by(_CHILD.first_name, _CHILD.id)):
        found[row.household_id].append(HouseholdStudent(row.id, row.first_name, row.last_name))
    return found


async def _said(connection: AsyncConnection, account: AccountView, households: Sequence[UUID]) -> dict[UUID, Said]:
    """What she said last of each."""
    query = (
        select(*HouseholdRequest.__table__.columns)
        .where(
            HouseholdRequest.household_id.in_(households),
            HouseholdRequest.account_id == account.id,
            HouseholdRequest.state != SUPERSEDED,
        )
        .order_by(HouseholdRequest.asked_at, HouseholdRequest.id)
    )
    return {row.household_id: Said.of(row) for row in await connection.execute(query)}
