"""A guardian and her household: what the office has of it, whether that is still right, and what would be.

She sees the households that she herself belongs to, as far as a student whom the portal shows her belongs to them, too. Of a child with two
homes she sees hers. A correction is a request to the office, and changes nothing before somebody there accepts it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, and_, exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import aliased

from app.clock import Clock
from app.database import Database
from app.errors import (
    FieldError,
    Forbidden,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    NotFound,
    PreconditionFailed,
    ValidationFailed,
)
from app.models import Household, HouseholdMember, HouseholdRequest, Person, Relationship
from app.portals import Portal
from app.security.digests import Digests
from app.services import audit
from app.services.account_view import AccountView
from app.services.app_areas import Area
from app.services.household_facts import HouseholdFacts
from app.services.idempotency import RepeatableRequest
from app.services.menu import Menu
from app.translation import msg

_CHILD, _AT_HOME, _RELATED = aliased(Person), aliased(HouseholdMember), aliased(Relationship)
VERIFIED, WAITING, SUPERSEDED = "verified", "waiting", "superseded"


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


@dataclass(frozen=True)
class Verification:
    """`correction` is None where all is still right."""

    household_id: UUID
    version: int
    """What she has seen."""
    correction: HouseholdFacts | None = field(default=None, repr=False)
    idempotency_key: str | None = None


@dataclass(frozen=True)
class Households:
    database: Database
    clock: Clock
    digests: Digests
    menu: Menu

    async def mine(self, account: AccountView) -> Sequence[HouseholdView]:
        """The guardian's households, which is one as a rule.

        Raises:
            Forbidden: not a guardian's account.
            FeatureDisabled: the schools have this area off, or closed for a time.
        """
        await self._require_door(account)
        async with self.database.reading() as connection:
            rows = (await connection.execute(select(*Household.__table__.columns).where(_is_of(account)))).all()
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

    async def verify(self, account: AccountView, verification: Verification) -> Said:
        """Keeps what she says; sent once more under the same `idempotency_key` it is the same.

        Raises:
            Forbidden, FeatureDisabled: as for `mine`.
            NotFound: not one of her households.
            PreconditionFailed: it has changed since she looked.
            ValidationFailed: a correction that corrects nothing.
            IdempotencyKeyReused: the key came with something else before.
            IdempotencyInProgress: the first request is still running.
        """
        await self._require_door(account)
        repeatable = self._repeatable(account, verification)
        try:
            async with self.database.transaction() as session:
                return Said.of(await self._keep(session, account, verification, repeatable))
        except IntegrityError as fault:
            raise IdempotencyInProgress from fault

    async def _require_door(self, account: AccountView) -> None:
        if account.portal is not Portal.PARENT:
            raise Forbidden
        await self.menu.require(Area.HOUSEHOLD, account.person_id, account.portal, account.district_id)

    async def _keep(
        self,
        session: AsyncSession,
        account: AccountView,
        verification: Verification,
        repeatable: RepeatableRequest | None,
    ) -> HouseholdRequest:
        mine = select(Household).where(Household.id == verification.household_id, _is_of(account))
        household = await session.scalar(mine.with_for_update(key_share=True))
        if household is None:
            raise NotFound
        if repeatable and (made := await _made_before(session, repeatable)):
            return made
        if household.version != verification.version:
            raise PreconditionFailed
        _check(verification, household)
        return await self._write(session, account, household, verification, repeatable)

    async def _write(
        self,
        session: AsyncSession,
        account: AccountView,
        household: Household,
        verification: Verification,
        repeatable: RepeatableRequest | None,
    ) -> HouseholdRequest:
        now, correction = self.clock.now(), verification.correction
        await _supersede(session, household.id, account.id, now)
        said = HouseholdRequest(
            id=uuid4(),
            district_id=account.district_id,
            household_id=household.id,
            account_id=account.id,
            person_id=account.person_id,
            asked_at=now,
            state=WAITING if correction else VERIFIED,
            facts=correction.as_json() if correction else {},
            repeat_digest=repeatable.digest if repeatable else None,
            fingerprint=repeatable.fingerprint if repeatable else None,
        )
        if correction is None:
            household.verified_at = now
        session.add(said)
        await session.flush()
        told: Mapping[str, object] = {"household": str(household.id), "request": str(said.id)}
        if correction:
            changed = correction.differing(HouseholdFacts.model_validate(household.facts))
            _record(session, account, "api:household_request:opened", now, {**told, "changed": changed})
        else:
            _record(session, account, "api:household:verified", now, told)
        return said

    def _repeatable(self, account: AccountView, verification: Verification) -> RepeatableRequest | None:
        if verification.idempotency_key is None:
            return None
        correction = verification.correction
        body = {
            "household": str(verification.household_id),
            "version": verification.version,
            "correction": correction.as_json() if correction else None,
        }
        route, key = f"household/{account.id}", verification.idempotency_key
        return RepeatableRequest.of(self.digests, route=route, key=key, body=body)


def guardians_homes(guardian_id: Any) -> ColumnElement[bool]:
    """SQL: the `Household` row is one to which the guardian belongs, and so does a student whom the portal shows her."""
    member = exists().where(HouseholdMember.household_id == Household.id, HouseholdMember.person_id == guardian_id)
    child = exists(_shown_members(guardian_id).where(_AT_HOME.household_id == Household.id))
    return and_(member, child)


def _is_of(account: AccountView) -> ColumnElement[bool]:
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


async def _made_before(session: AsyncSession, repeatable: RepeatableRequest) -> HouseholdRequest | None:
    made = await session.scalar(select(HouseholdRequest).where(HouseholdRequest.repeat_digest == repeatable.digest))
    if made and made.fingerprint != repeatable.fingerprint:
        raise IdempotencyKeyReused
    return made


def _check(verification: Verification, household: Household) -> None:
    correction = verification.correction
    if correction and not correction.differing(HouseholdFacts.model_validate(household.facts)):
        detail = msg("This is what the office has already.")
        raise ValidationFailed([FieldError("/correction", "nothing_corrected", detail)])


async def _supersede(session: AsyncSession, household_id: UUID, account_id: UUID, now: datetime) -> None:
    """What she said before and nobody has decided; her next word counts."""
    await session.execute(
        update(HouseholdRequest)
        .where(
            HouseholdRequest.household_id == household_id,
            HouseholdRequest.account_id == account_id,
            HouseholdRequest.state == WAITING,
        )
        .values(state=SUPERSEDED, decided_at=now, facts={})
        .execution_options(synchronize_session=False)
    )


def _record(session: AsyncSession, account: AccountView, tag: str, now: datetime, told: Mapping[str, object]) -> None:
    audit.record(
        session,
        tag,
        at=now,
        actor=audit.by_account(account.id),
        district_id=account.district_id,
        account_id=account.id,
        person_id=account.person_id,
        data=told,
    )
