"""Sessions: one sign-in on one device, from its first tokens to its end.

A session is a refresh-token family. Access tokens name it and are checked against it at every request, so they stop when it ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import and_, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database, Statement, Unit, put
from app.errors import InvalidToken
from app.models import Account, KnownDevice, PushDevice, SignInSession
from app.security.access_tokens import LIFETIME, AccessTokens
from app.security.device_tokens import DeviceTokens
from app.security.refresh_tokens import RefreshTokens
from app.services import audit
from app.services.account_view import AccountView, select_account
from app.services.links import end_link_codes, require_live_link
from app.services.session_descent import Lifetimes, Parent, inherited
from app.text import fold

ALIVE = (
    SignInSession.ended_at.is_(None),
    SignInSession.expires_at > bindparam("now"),
    SignInSession.idle_expires_at > bindparam("now"),
    Account.disabled_at.is_(None),
)
"""SQL: session and account are alive at `now`; expiry counts by the clock, whether or not anything cleans up."""

# Every signed-in request runs this one. Made anew each time, it would cost more than all that PostgreSQL and its driver do.
_SIGNED_IN = Statement(
    select_account(
        SignInSession.signed_in_at,
        SignInSession.switched_from_id,
        SignInSession.totp_at,
        SignInSession.stepped_up_at,
    )
    .join(SignInSession, SignInSession.account_id == Account.id)
    .where(SignInSession.id == bindparam("session_id"), Account.id == bindparam("account_id"), *ALIVE)
)
_SEE_DEVICE = Statement(
    update(KnownDevice)
    .where(
        KnownDevice.id == bindparam("device"),
        KnownDevice.account_id == bindparam("account"),
        KnownDevice.revoked_at.is_(None),
    )
    .values(last_seen_at=bindparam("now"))
    .returning(KnownDevice.id)
)

STEP_UP_HOLDS = timedelta(minutes=5)


@dataclass(frozen=True)
class Device:
    """What a client says of the device it runs on."""

    installation_id: str | None = None
    device_token: str | None = None
    name: str | None = None
    shared: bool = False


@dataclass(frozen=True)
class OpenedSession:
    """What a client gets: tokens, whose account it is, and what to ask next."""

    account: AccountView
    access_token: str
    expires_in: int
    refresh_token: str | None
    """None where the session keeps the one that it has: after a step-up."""
    device_token: str | None = None
    next_steps: Sequence[str] = ()
    push_activated: bool | None = None
    """Whether a switch turned push messages on; None for every other session."""
    recovery_codes: Sequence[str] = ()
    """For paper, when the second factor was set up."""


@dataclass(frozen=True)
class SignedIn:
    """Who makes this request: a live session and its account."""

    session_id: UUID
    account: AccountView
    signed_in_at: datetime
    switched_from_id: UUID | None = None
    """The account that was signed in to, where the session was switched to from there."""
    totp_at: datetime | None = None
    """When the second factor was proved in this session."""
    stepped_up_at: datetime | None = None
    """When somebody proved once more, in this session, who he is."""

    def has_stepped_up(self, now: datetime) -> bool:
        """In the last five minutes (contract, section 5)."""
        return self.stepped_up_at is not None and self.stepped_up_at > now - STEP_UP_HOLDS


@dataclass(frozen=True)
class Sessions:
    database: Database
    clock: Clock
    access_tokens: AccessTokens
    refresh_tokens: RefreshTokens
    device_tokens: DeviceTokens
    linking_states: frozenset[str]

    async def open(
        self,
        session: Unit,
        account: AccountView,
        device: Device,
        *,
        parent: Parent | None = None,
        with_totp: bool = False,
        by: str | None = None,
    ) -> OpenedSession:
        """Opens a session within the caller's transaction, for somebody who has just proved who he is, perhaps by two factors.

        `by` is told to the audit trail where it was no password.

        Or, from a `parent` session, for a linked account: with the sign-in time and the end of the parent, and never more rights.
        """
        now = self.clock.now()
        known = None if device.shared else await self._remember(session, account, device, now)
        lifetimes = Lifetimes.of(account.portal, shared=device.shared)
        session_id = uuid4()
        refresh_token = self.refresh_tokens.first(session_id)
        expires_at = now + lifetimes.absolute
        own = {"signed_in_at": now, "expires_at": expires_at, "totp_at": now if with_totp else None}
        put(
            session,
            SignInSession,
            id=session_id,
            account_id=account.id,
            last_used_at=now,
            idle_expires_at=now + lifetimes.idle,
            refresh_digest=self.refresh_tokens.digest(refresh_token),
            device_id=known,
            device_name=device.name,
            installation_id=device.installation_id,
            shared=device.shared,
            **(inherited(parent, expires_at) if parent else own),
        )
        audit.record(
            session,
            "api:session:switched" if parent else "api:session:started",
            at=now,
            actor=audit.by_account(account.id),
            district_id=account.district_id,
            account_id=account.id,
            person_id=account.person_id,
            data={"session": str(session_id), **({"by": by} if by else {})},
        )
        return self.opened(
            account, session_id, refresh_token, device_token=self._device_token(known, account) if known else None
        )

    async def knows(self, session: AsyncSession, account: AccountView, device: Device) -> bool:
        """Whether the device proves that it signed in to this account before."""
        proven = device.device_token and self.device_tokens.prove(device.device_token, **_device_name(account))
        if not proven:
            return False
        alive = (KnownDevice.id == proven, KnownDevice.account_id == account.id, KnownDevice.revoked_at.is_(None))
        return await session.scalar(select(KnownDevice.id).where(*alive)) is not None

    async def authenticate(self, access_token: str) -> SignedIn:
        """Who makes a request: the token must be genuine, and its session and account alive this very moment.

        Raises:
            InvalidToken: otherwise, whatever the cause.
        """
        claims = self.access_tokens.verify(access_token)
        named = {"session_id": claims.session_id, "account_id": claims.account_id, "now": self.clock.now()}
        row = await self.database.first(_SIGNED_IN, named)
        if row is None or row.district_id != claims.district_id:
            raise InvalidToken
        if row.switched_from_id not in {None, row.account_id}:
            await self._require_live_link(row.account_id, row.switched_from_id)
        return SignedIn(
            claims.session_id,
            AccountView.of(row),
            row.signed_in_at,
            row.switched_from_id,
            row.totp_at,
            row.stepped_up_at,
        )

    async def _require_live_link(self, account_id: UUID, root_id: UUID) -> None:
        async with self.database.asking() as connection:
            await require_live_link(connection, account_id, root_id, self.linking_states, self.clock.now())

    async def end_this(self, session: AsyncSession, caller: SignedIn, reason: str) -> None:
        """Ends the caller's own session within the caller's transaction."""
        now = self.clock.now()
        await end_link_codes(session, caller.account.id, now)
        await end_sessions(session, now, reason, SignInSession.id == caller.session_id)
        self.record_end(session, caller.account.id, caller.account.district_id, caller.session_id, reason=reason)

    async def end_others(self, session: AsyncSession, caller: SignedIn, reason: str) -> int:
        """Ends the account's other sessions within the caller's transaction; gives how many ended."""
        mine = and_(SignInSession.account_id == caller.account.id, SignInSession.id != caller.session_id)
        # Whoever else was signed in here may have switched to linked accounts from here.
        switched = and_(
            SignInSession.switched_from_id == caller.account.id, SignInSession.root_session_id != caller.session_id
        )
        here = select(SignInSession.installation_id).where(
            SignInSession.id == caller.session_id, SignInSession.installation_id.is_not(None)
        )
        await session.execute(
            delete(PushDevice)
            .where(PushDevice.account_id == caller.account.id, PushDevice.installation_id.not_in(here))
            .execution_options(synchronize_session=False)
        )
        now = self.clock.now()
        await end_link_codes(session, caller.account.id, now)
        return len(await end_sessions(session, now, reason, or_(mine, switched)))

    async def end_all(self, session: AsyncSession, account_id: UUID, reason: str) -> int:
        """Ends every session of an account, and those switched to from it, within the caller's transaction; forgets its devices."""
        now = self.clock.now()
        await session.execute(
            update(KnownDevice)
            .where(KnownDevice.account_id == account_id, KnownDevice.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        await session.execute(
            delete(PushDevice).where(PushDevice.account_id == account_id).execution_options(synchronize_session=False)
        )
        await end_link_codes(session, account_id, now)
        of_account = or_(SignInSession.account_id == account_id, SignInSession.switched_from_id == account_id)
        return len(await end_sessions(session, now, reason, of_account))

    async def _remember(self, session: Unit, account: AccountView, device: Device, now: datetime) -> UUID:
        """The id of the device, known from before by its token, or new."""
        proven = device.device_token and self.device_tokens.prove(device.device_token, **_device_name(account))
        if proven and await _SEE_DEVICE.first(session, {"device": proven, "account": account.id, "now": now}):
            return proven
        fresh = uuid4()
        put(
            session,
            KnownDevice,
            id=fresh,
            account_id=account.id,
            name=device.name,
            installation_id=device.installation_id,
            created_at=now,
            last_seen_at=now,
        )
        if isinstance(session, AsyncSession):
            await session.flush()  # the ORM would not know that it comes before the session
        return fresh

    def _device_token(self, device_id: UUID, account: AccountView) -> str:
        return self.device_tokens.issue(device_id, **_device_name(account))

    def opened(
        self, account: AccountView, session_id: UUID, refresh_token: str | None, *, device_token: str | None = None
    ) -> OpenedSession:
        """What a client gets of a session: an access token of this moment, and whose it is."""
        return OpenedSession(
            account=account,
            access_token=self.access_tokens.issue(
                account_id=account.id, session_id=session_id, district_id=account.district_id
            ),
            expires_in=int(LIFETIME.total_seconds()),
            refresh_token=refresh_token,
            device_token=device_token,
            next_steps=account.next_steps,
        )

    def record_end(
        self,
        session: Unit,
        account_id: UUID,
        district_id: str | None,
        session_id: UUID,
        *,
        reason: str = "signed_out",
    ) -> None:
        audit.record(
            session,
            "api:session:ended",
            at=self.clock.now(),
            actor=audit.by_account(account_id),
            district_id=district_id,
            account_id=account_id,
            data={"session": str(session_id), "reason": reason},
        )


async def end_sessions(session: AsyncSession, now: datetime, reason: str, *which: Any) -> list[UUID]:
    """Ends the live sessions that `which` names; gives the account of each."""
    ended = await session.execute(
        update(SignInSession)
        .where(SignInSession.ended_at.is_(None), SignInSession.expires_at > now, *which)
        .values(ended_at=now, ended_reason=reason)
        .returning(SignInSession.account_id)
        .execution_options(synchronize_session=False)
    )
    return list(ended.scalars())


def _device_name(account: AccountView) -> dict[str, str]:
    return {"district": account.district_id, "portal": account.portal.value, "username_folded": fold(account.username)}
