"""A guardian and her household: what the office has of it, whether that is still right, and what would be.

A correction is a request to the office, and changes nothing before somebody there accepts it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

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
from app.models import Household, HouseholdRequest
from app.portals import Portal
from app.security.digests import Digests
from app.services import audit
from app.services.account_view import AccountView
from app.services.app_areas import Area
from app.services.household_facts import HouseholdFacts
from app.services.household_views import SUPERSEDED, VERIFIED, WAITING, HouseholdView, Said, households_of, is_of
from app.services.idempotency import RepeatableRequest
from app.services.menu import Menu
from app.translation import msg


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
            return await households_of(connection, account)

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
        mine = select(Household).where(Household.id == verification.household_id, is_of(account))
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
            repeat_digest=repeatable.digests[0] if repeatable else None,
            fingerprint=repeatable.fingerprints[0] if repeatable else None,
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


async def _made_before(session: AsyncSession, repeatable: RepeatableRequest) -> HouseholdRequest | None:
    """Under whichever secret key; whoever holds the household is alone, so that none is there twice."""
    query = select(HouseholdRequest).where(HouseholdRequest.repeat_digest.in_(repeatable.digests))
    made = (await session.scalars(query.order_by(HouseholdRequest.asked_at.desc()).limit(1))).first()
    if made and made.fingerprint not in repeatable.fingerprints:
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
