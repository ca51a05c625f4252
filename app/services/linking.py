"""Linking one's accounts of several districts: a code from one, typed into the other.

The code binds the account that shows it; the account that types it joins its group, and groups merge. Both sides were signed in to within
the last quarter of an hour, both are told by mail, and each can end it.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import (
    LinkCodeExpired,
    LinkCodeInvalid,
    LinkingNotAvailable,
    LinksSuspended,
    NotFound,
    PortalMismatch,
    RateLimited,
    SameDistrict,
    SignInAgain,
)
from app.models import Account, LinkCode, LinkedAccount, Person
from app.security.activation_codes import ALPHABET, normalise_activation_code
from app.security.digests import Digests
from app.services import idempotency
from app.services.account_view import AccountView
from app.services.districts import OpenDistrict, open_district
from app.services.idempotency import RepeatableRequest
from app.services.link_groups import change_alone, join, others_of_group, record_links, take_out
from app.services.links import is_suspended, linked_accounts, offer_of, waits_for_confirmation
from app.services.portal_access import may_enter_its_portal
from app.services.security_notices import tell_linked, tell_unlinked
from app.services.sessions import SignedIn
from app.services.window_counts import WindowCounts

CODE_LIFETIME = timedelta(minutes=10)
CODE_LENGTH = 8
"""Of 31 letters: 39 bits, safe with ten wrong tries an hour and ten minutes of life."""
LIVE_CODES = 5
WRONG_CODES_AN_HOUR = 10
FRESH = timedelta(minutes=15)
"""How long ago the sign-in may be."""
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Links:
    """What the screen of linked accounts shows."""

    reason: str | None
    """Why linking is not available, or None where it is."""
    needs_confirmation: bool
    accounts: Sequence[AccountView]


@dataclass(frozen=True)
class ShownCode:
    code: str
    expires_at: datetime


@dataclass(frozen=True)
class Linking:
    database: Database
    clock: Clock
    digests: Digests
    counts: WindowCounts
    linking_states: frozenset[str]

    async def links(self, caller: SignedIn) -> Links:
        async with self.database.reading() as connection:
            district = await open_district(connection, caller.account.district_id)
            return Links(
                reason=offer_of(district.state, district.settings, self.linking_states).reason,
                needs_confirmation=await is_suspended(connection, caller.account.id),
                accounts=await linked_accounts(connection, caller.account.id, self.linking_states),
            )

    async def show_code(self, caller: SignedIn) -> ShownCode:
        """A fresh code; of more than five live ones the oldest end.

        Raises:
            SignInAgain: the sign-in is older than a quarter of an hour, or this session was switched to.
            LinkingNotAvailable: the district or its state does not offer it.
        """
        now = self.clock.now()
        self._require_fresh(caller, now)
        letters = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        async with self.database.transaction() as session:
            self._require_offer(await open_district(session, caller.account.district_id))
            await session.execute(select(Account.id).where(Account.id == caller.account.id).with_for_update())
            await _require_confirmed(session, caller)
            await _end_oldest_codes(session, caller.account.id, now)
            session.add(
                LinkCode(
                    account_id=caller.account.id,
                    digest=self.digests.digest("link-code", letters),
                    created_at=now,
                    expires_at=now + CODE_LIFETIME,
                )
            )
            await record_links(session, "link_code_shown", [caller.account.id], by=caller.account.id, now=now)
        return ShownCode(f"{letters[:4]}-{letters[4:]}", now + CODE_LIFETIME)

    async def redeem(self, caller: SignedIn, typed: str, idempotency_key: str | None = None) -> Links:
        """Links the caller's account with the one that shows the code.

        Raises:
            SignInAgain, LinkingNotAvailable: as for a code of one's own.
            LinkCodeInvalid, LinkCodeExpired, RateLimited: no such code; wrong ones count, ten an hour.
            SameDistrict, PortalMismatch, AlreadyLinked: the two cannot be linked; the code stays good.
        """
        now = self.clock.now()
        self._require_fresh(caller, now)
        repeatable = self._repeatable(caller, typed, idempotency_key)
        if repeatable and await self._was_done(repeatable, now):
            return await self.links(caller)
        try:
            await self._count_try(caller, now)
            async with self.database.transaction() as session:
                await self._link(session, caller, normalise_activation_code(typed), now)
                await self.counts.take_back(session, "link-code", str(caller.account.id))
                if repeatable:
                    await idempotency.settle(session, repeatable, caller.account.id)
        except BaseException as refusal:
            async with self.database.transaction() as session:
                if isinstance(refusal, LinkCodeInvalid):
                    await record_links(session, "link_code_refused", [caller.account.id], by=caller.account.id, now=now)
                elif not isinstance(refusal, RateLimited):  # the code was not wrong
                    await self.counts.take_back(session, "link-code", str(caller.account.id))
                if repeatable:
                    await idempotency.give_back(session, repeatable)
            raise
        return await self.links(caller)

    async def unlink(self, caller: SignedIn, account_id: UUID) -> None:
        """Takes one account of the caller's group out of it, perhaps the caller's own.

        Raises:
            NotFound: there is no such account in the group.
        """
        now = self.clock.now()
        async with self.database.transaction() as session:
            await change_alone(session, caller.account.id)
            in_group = {caller.account.id, *await others_of_group(session, caller.account.id)}
            members = await take_out(session, account_id, now, by=caller.account.id) if account_id in in_group else ()
            if not members:
                raise NotFound
            for member in members:
                await tell_unlinked(session, member, now)

    async def confirm(self, caller: SignedIn) -> None:
        """After a reset the owner says that the links are still hers.

        Raises:
            SignInAgain: the sign-in is older than a quarter of an hour, or this session was switched to.
        """
        now = self.clock.now()
        self._require_fresh(caller, now)
        async with self.database.transaction() as session:
            confirmed = await session.execute(
                update(LinkedAccount)
                .where(LinkedAccount.account_id == caller.account.id, LinkedAccount.suspended_at.is_not(None))
                .values(suspended_at=None)
                .returning(LinkedAccount.account_id)
            )
            if confirmed.first():
                await record_links(session, "links_confirmed", [caller.account.id], by=caller.account.id, now=now)
                for member in await others_of_group(session, caller.account.id):
                    await tell_linked(session, member, now)

    async def _link(self, session: AsyncSession, caller: SignedIn, code: str, now: datetime) -> None:
        owner = await self._owner_of_code(session, code, now)
        await change_alone(session, owner.account_id, caller.account.id)
        other = await self._owner_of_code(session, code, now)  # as it is now that nobody else may change it
        await _require_confirmed(session, caller)
        mine = await open_district(session, caller.account.district_id)
        self._require_offer(mine)
        if other.district_id == mine.id:
            raise SameDistrict
        self._require_offer(await open_district(session, other.district_id))
        if other.portal != caller.account.portal:
            raise PortalMismatch
        await join(session, (other.account_id, other.district_id), (caller.account.id, mine.id), now=now)
        used = await session.execute(
            update(LinkCode)
            .where(LinkCode.id == other.code_id, LinkCode.used_at.is_(None))
            .values(used_at=now)
            .returning(LinkCode.id)
        )
        if used.first() is None:
            raise LinkCodeInvalid
        for account_id in (other.account_id, caller.account.id):
            await tell_linked(session, account_id, now)
            await record_links(session, "linked", [account_id], by=caller.account.id, now=now)

    async def _owner_of_code(self, session: AsyncSession, code: str, now: datetime) -> Any:
        query = (
            select(
                LinkCode.id.label("code_id"),
                LinkCode.expires_at,
                Account.id.label("account_id"),
                Account.district_id,
                Account.portal,
            )
            .join(Account, Account.id == LinkCode.account_id)
            .join(Person, Person.id == Account.person_id)
            .where(
                LinkCode.digest.in_(self.digests.candidates("link-code", code)),
                LinkCode.used_at.is_(None),
                Account.disabled_at.is_(None),
                may_enter_its_portal(Account.portal),
                ~waits_for_confirmation(),
            )
        )
        row = (await session.execute(query)).one_or_none()
        if row is None:
            raise LinkCodeInvalid
        if row.expires_at <= now:
            raise LinkCodeExpired
        return row

    async def _count_try(self, caller: SignedIn, now: datetime) -> None:
        """Before the code is looked for, so that parallel guesses are at most ten."""
        subject = str(caller.account.id)
        async with self.database.transaction() as session:
            if await self.counts.count(session, "link-code", subject, now, free=WRONG_CODES_AN_HOUR, window=_HOUR):
                return
        raise RateLimited(int(_HOUR.total_seconds()))

    def _repeatable(self, caller: SignedIn, typed: str, key: str | None) -> RepeatableRequest | None:
        if key is None:
            return None
        body = {"account": str(caller.account.id), "code": normalise_activation_code(typed)}
        return RepeatableRequest.of(self.digests, route="link", key=key, body=body)

    async def _was_done(self, repeatable: RepeatableRequest, now: datetime) -> bool:
        async with self.database.transaction() as session:
            return await idempotency.begin(session, repeatable, now) is not None

    def _require_offer(self, district: OpenDistrict) -> None:
        if not offer_of(district.state, district.settings, self.linking_states).available:
            raise LinkingNotAvailable

    @staticmethod
    def _require_fresh(caller: SignedIn, now: datetime) -> None:
        if caller.switched_from_id is not None or caller.signed_in_at <= now - FRESH:
            raise SignInAgain


async def _require_confirmed(session: AsyncSession, caller: SignedIn) -> None:
    """After a reset nobody is brought into the group before its owner confirmed that it is still hers."""
    if await is_suspended(session, caller.account.id):
        raise LinksSuspended


async def _end_oldest_codes(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    live = (LinkCode.account_id == account_id, LinkCode.used_at.is_(None), LinkCode.expires_at > now)
    kept = select(LinkCode.id).where(*live).order_by(LinkCode.created_at.desc()).limit(LIVE_CODES - 1).scalar_subquery()
    await session.execute(
        update(LinkCode)
        .where(*live, LinkCode.id.not_in(kept))
        .values(expires_at=now)
        .execution_options(synchronize_session=False)
    )
