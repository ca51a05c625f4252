"""What guardians would have corrected about their households: the office looks, and accepts or declines; nothing changes before that."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import HouseholdRequestClosed, NotFound, PreconditionFailed
from app.models import Account, Household, HouseholdMember, HouseholdRequest, Person
from app.portals import Portal
from app.services.clerk import Clerk
from app.services.household_facts import HouseholdFacts
from app.services.household_views import SUPERSEDED, VERIFIED, WAITING, guardians_homes
from app.services.office.household_desk import hold_household, write_facts
from app.services.outbox import MailKind, promise
from app.services.pages import MomentPosition, Page
from app.services.portal_access import may_enter


class DeclineReason(StrEnum):
    PROOF_NEEDED = "proof_needed"
    UNCLEAR = "unclear"
    OTHER = "other"


@dataclass(frozen=True)
class Decision:
    accepted: bool
    version: int | None = None
    """Of the household, as the clerk has seen it beside a request that he accepts."""
    reason: DeclineReason | None = None
    """Of a decline."""


@dataclass(frozen=True)
class HouseholdRequestView:
    id: UUID
    household_id: UUID
    household_version: int
    guardian_id: UUID
    first_name: str
    last_name: str
    asked_at: datetime
    state: str
    reason: str | None
    decided_at: datetime | None
    current: HouseholdFacts = field(repr=False)
    wanted: HouseholdFacts | None = field(repr=False)
    """As long as it waits."""
    changes: Sequence[str]
    """What would be another."""


@dataclass(frozen=True)
class HouseholdRequests:
    database: Database
    clock: Clock

    async def page(
        self, clerk: Clerk, state: str | None, limit: int, after: MomentPosition | None = None
    ) -> Page[HouseholdRequestView, MomentPosition]:
        """Corrections and how they ended, and households that were found right, newest first."""
        query = (
            select(
                *HouseholdRequest.__table__.columns,
                Household.version,
                Household.facts.label("current"),
                Person.first_name,
                Person.last_name,
            )
            .join(Household, Household.id == HouseholdRequest.household_id)
            .join(Person, Person.id == HouseholdRequest.person_id)
            .where(
                HouseholdRequest.district_id == clerk.district_id,
                clerk.sees_person(),
                HouseholdRequest.state != SUPERSEDED,
                HouseholdRequest.state == state if state else true(),
            )
            .order_by(HouseholdRequest.asked_at.desc(), HouseholdRequest.id.desc())
            .limit(limit + 1)
        )
        if after:
            query = query.where(tuple_(HouseholdRequest.asked_at, HouseholdRequest.id) < after)
        async with self.database.reading() as connection:
            views = [_view(row) for row in await connection.execute(query)]
        return Page.of(views, limit, lambda view: (view.asked_at, view.id))

    async def decide(self, clerk: Clerk, request_id: UUID, decision: Decision) -> None:
        """Accepts the correction, which then stands there for everybody of the household, or declines it; the guardian is told by mail.

        Raises:
            NotFound: no such request in the clerk's part of the district.
            HouseholdRequestClosed: it does not wait: a colleague was faster, or the guardian has sent another.
            PreconditionFailed: the household has changed since the clerk looked.
        """
        now = self.clock.now()
        async with self.database.transaction() as session:
            household = await hold_household(session, clerk, await _household_of(session, clerk, request_id))
            request = await session.get_one(HouseholdRequest, request_id, with_for_update=True)
            if request.state != WAITING:
                raise HouseholdRequestClosed
            if decision.accepted:
                await self._accept(session, clerk, household, request, decision, now)
            else:
                request.reason = (decision.reason or DeclineReason.OTHER).value
            request.state = "accepted" if decision.accepted else "declined"
            request.decided_at, request.decided_by, request.facts = now, clerk.account_id, {}
            await _tell_guardian(session, request, now)
            clerk.record(
                session,
                "household_request:accepted" if decision.accepted else "household_request:declined",
                at=now,
                account_id=request.account_id,
                person_id=request.person_id,
                request=str(request_id),
                household=str(household.id),
                **({"reason": request.reason} if request.reason else {}),
            )

    async def _accept(
        self,
        session: AsyncSession,
        clerk: Clerk,
        household: Household,
        request: HouseholdRequest,
        decision: Decision,
        now: datetime,
    ) -> None:
        if household.version != decision.version:
            raise PreconditionFailed
        changed = write_facts(household, HouseholdFacts.model_validate(request.facts), now)
        household.version += 1
        household.verified_at = now
        await _tell_others(session, household, request, now)
        clerk.record(session, "household:changed", at=now, household=str(household.id), changed=changed)


async def _household_of(session: AsyncSession, clerk: Clerk, request_id: UUID) -> UUID:
    """Of a request that the clerk may see. Raises NotFound."""
    guardian = exists().where(Person.id == HouseholdRequest.person_id, clerk.sees_person())
    is_correction = HouseholdRequest.state != VERIFIED
    query = select(HouseholdRequest.household_id).where(HouseholdRequest.id == request_id, is_correction, guardian)
    household_id = await session.scalar(query)
    if household_id is None:
        raise NotFound
    return household_id


async def _tell_guardian(session: AsyncSession, request: HouseholdRequest, now: datetime) -> None:
    kind = MailKind.HOUSEHOLD_ACCEPTED if request.state == "accepted" else MailKind.HOUSEHOLD_DECLINED
    details = {"happened_at": now.isoformat(), **({"reason": request.reason} if request.reason else {})}
    for account in (await session.execute(_reachable().where(Account.id == request.account_id))).all():
        _promise(session, kind, account, now, details)


async def _tell_others(session: AsyncSession, household: Household, request: HouseholdRequest, now: datetime) -> None:
    """Nothing changes silently: whoever else sees this household in the portal learns that it did, and not what."""
    await session.flush()
    home = exists().where(Household.id == household.id, guardians_homes(Person.id))
    member = exists().where(HouseholdMember.household_id == household.id, HouseholdMember.person_id == Person.id)
    others = _reachable().where(member, home, Account.id != request.account_id)
    for account in (await session.execute(others)).all():
        _promise(session, MailKind.HOUSEHOLD_CHANGED, account, now, {"happened_at": now.isoformat()})


def _reachable() -> Any:
    """Guardians' accounts with an address: the confirmed one, else that of the roster."""
    return (
        select(Account.id, Account.district_id, Account.locale, Account.recovery_email, Person.email)
        .join(Person, Person.id == Account.person_id)
        .where(
            Account.portal == Portal.PARENT.value,
            Account.disabled_at.is_(None),
            may_enter(Portal.PARENT),
            or_(Account.recovery_email.is_not(None), Person.email.is_not(None)),
        )
    )


def _promise(session: AsyncSession, kind: MailKind, account: Row[Any], now: datetime, details: dict[str, Any]) -> None:
    promise(
        session,
        kind,
        district_id=account.district_id,
        now=now,
        account_id=account.id,
        to_address=account.recovery_email or account.email,
        locale=account.locale,
        details=details,
    )


def _view(row: Row[*tuple[Any, ...]]) -> HouseholdRequestView:
    current = HouseholdFacts.model_validate(row.current)
    wanted = HouseholdFacts.model_validate(row.facts) if row.state == WAITING else None
    return HouseholdRequestView(
        id=row.id,
        household_id=row.household_id,
        household_version=row.version,
        guardian_id=row.person_id,
        first_name=row.first_name,
        last_name=row.last_name,
        asked_at=row.asked_at,
        state=row.state,
        reason=row.reason,
        decided_at=row.decided_at,
        current=current,
        wanted=wanted,
        changes=wanted.differing(current) if wanted else [],
    )
