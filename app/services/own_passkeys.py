"""An owner's passkeys: registered, listed, renamed, removed. Adding and removing want a fresh proof of who it is (step-up)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import (
    InvalidToken,
    NotFound,
    PasskeyInvalid,
    SignInAgain,
    StepUpRequired,
    TooManyPasskeys,
    TotpRequired,
)
from app.models import Account, Passkey, SignInSession
from app.portals import Portal
from app.security.passkeys import Credential, MadePasskey, NotGenuine, verify_new
from app.services.own_events import record_own
from app.services.passkey_ceremony import REGISTER, PasskeyCeremony
from app.services.passkey_options import CreationOptions, KnownCredential
from app.services.second_factor import has_second_factor
from app.services.security_notices import tell_passkey_added, tell_passkey_removed
from app.services.sessions import SignedIn

MOST_PASSKEYS = 10
"""Of one account: a phone, a tablet, a computer and a security key, and as many again."""


@dataclass(frozen=True)
class PasskeyView:
    id: UUID
    name: str | None
    created_at: datetime
    last_used_at: datetime | None
    backed_up: bool


@dataclass(frozen=True)
class OwnPasskeys:
    database: Database
    clock: Clock
    ceremony: PasskeyCeremony

    async def options(self, caller: SignedIn) -> CreationOptions:
        """What the device needs to make a passkey for this account.

        Raises:
            SignInAgain, StepUpRequired, TotpRequired: see `_require_proof`.
            TooManyPasskeys: one has to go first.
        """
        async with self.database.transaction() as session:
            await self._require_proof(session, caller)
            held = await self._passkeys(session, caller)
        if len(held) >= MOST_PASSKEYS:
            raise TooManyPasskeys
        account = caller.account
        return CreationOptions(
            rp_id=self.ceremony.rp_id,
            rp_name=account.district_name,
            account_id=account.id,
            user_name=f"{account.username} ({account.district_name})",
            challenge=self.ceremony.challenge(*_purpose(caller)),
            known=[KnownCredential(each.credential_id, each.transports) for each in held],
        )

    async def add(self, caller: SignedIn, credential: Credential, name: str | None) -> PasskeyView:
        """Keeps a passkey that the device has made; the owner is told by mail.

        Raises:
            SignInAgain, StepUpRequired, TotpRequired, TooManyPasskeys: like `options`.
            PasskeyInvalid: it is not what was asked for, was made on a site that is not ours, or exists.
            TicketInvalid: it took more than five minutes, or this was sent before.
        """
        challenge = self.ceremony.answered(credential, *_purpose(caller))
        async with self.database.reading() as connection:
            expected = await self.ceremony.expected(connection, caller.account.district_id, challenge)
        try:
            made = await asyncio.to_thread(verify_new, credential, expected)
        except NotGenuine as fault:
            async with self.database.transaction() as session:
                await self.ceremony.spend(session, challenge)
                record_own(session, caller, "account:passkey_refused", at=self.clock.now(), reason=fault.reason)
            raise PasskeyInvalid from fault
        async with self.database.transaction() as session:
            await self._hold(session, caller)
            await self._require_proof(session, caller)
            if len(await self._passkeys(session, caller)) >= MOST_PASSKEYS:
                raise TooManyPasskeys
            await self.ceremony.spend(session, challenge)
            passkey = _row(caller, credential, made, name, self.clock.now())
            session.add(passkey)
            try:
                await session.flush()
            except IntegrityError as fault:
                raise PasskeyInvalid from fault
            await tell_passkey_added(session, caller.account.id, passkey.created_at)
            record_own(session, caller, "account:passkey_added", at=self.clock.now(), passkey=str(passkey.id))
            return _view(passkey)

    async def list(self, caller: SignedIn) -> Sequence[PasskeyView]:
        """Newest first."""
        async with self.database.transaction() as session:
            return [_view(passkey) for passkey in await self._passkeys(session, caller)]

    async def rename(self, caller: SignedIn, passkey_id: UUID, name: str) -> PasskeyView:
        """Raises NotFound where it is gone, or somebody else's."""
        async with self.database.transaction() as session:
            mine = select(Passkey).where(Passkey.id == passkey_id, Passkey.account_id == caller.account.id)
            passkey = await session.scalar(mine.with_for_update())
            if passkey is None:
                raise NotFound
            passkey.name = name
            record_own(session, caller, "account:passkey_renamed", at=self.clock.now(), passkey=str(passkey_id))
            return _view(passkey)

    async def remove(self, caller: SignedIn, passkey_id: UUID) -> None:
        """It opens the account no more; sessions that it opened go on. The owner is told by mail.

        Raises:
            SignInAgain, StepUpRequired, TotpRequired: like `options`.
            NotFound: it is gone, or somebody else's.
        """
        async with self.database.transaction() as session:
            await self._hold(session, caller)
            await self._require_proof(session, caller)
            mine = delete(Passkey).where(Passkey.id == passkey_id, Passkey.account_id == caller.account.id)
            if (await session.execute(mine.returning(Passkey.id))).first() is None:
                raise NotFound
            await tell_passkey_removed(session, caller.account.id, self.clock.now())
            record_own(session, caller, "account:passkey_removed", at=self.clock.now(), passkey=str(passkey_id))

    async def _require_proof(self, session: AsyncSession, caller: SignedIn) -> None:
        """Who adds a key to a house has to show that it is his.

        Raises:
            SignInAgain: he came by switching, so nothing of this account was ever asked for.
            TotpRequired: staff without an authenticator. A passkey opens the desk, so it may not be had for a password alone.
            StepUpRequired: no proof in the last five minutes.
        """
        if caller.switched_from_id is not None:
            raise SignInAgain
        if caller.account.portal is Portal.STAFF and not await has_second_factor(session, caller.account.id):
            raise TotpRequired
        if not caller.has_stepped_up(self.clock.now()):
            raise StepUpRequired

    @staticmethod
    async def _hold(session: AsyncSession, caller: SignedIn) -> None:
        """The account: whoever starts it over or adds another passkey waits. Raises InvalidToken where the session has ended."""
        await session.execute(select(Account.id).where(Account.id == caller.account.id).with_for_update())
        alive = select(SignInSession.id).where(SignInSession.id == caller.session_id, SignInSession.ended_at.is_(None))
        if await session.scalar(alive) is None:
            raise InvalidToken

    @staticmethod
    async def _passkeys(session: AsyncSession, caller: SignedIn) -> Sequence[Passkey]:
        mine = select(Passkey).where(Passkey.account_id == caller.account.id)
        return (await session.scalars(mine.order_by(Passkey.created_at.desc(), Passkey.id))).all()


async def drop_passkeys(session: AsyncSession, account_id: UUID) -> int:
    """All of an account; gives how many there were."""
    dropped = await session.execute(delete(Passkey).where(Passkey.account_id == account_id).returning(Passkey.id))
    return len(dropped.all())


def _purpose(caller: SignedIn) -> tuple[str, ...]:
    return REGISTER, str(caller.account.id), str(caller.session_id)


def _row(caller: SignedIn, credential: Credential, made: MadePasskey, name: str | None, now: datetime) -> Passkey:
    return Passkey(
        id=uuid4(),
        account_id=caller.account.id,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        transports=list(credential["response"].get("transports", ())),
        name=name,
        backup_eligible=made.backup_eligible,
        backed_up=made.backed_up,
        created_at=now,
        last_used_at=None,
    )


def _view(passkey: Passkey) -> PasskeyView:
    return PasskeyView(passkey.id, passkey.name, passkey.created_at, passkey.last_used_at, passkey.backed_up)
