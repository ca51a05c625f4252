"""Sessions: one sign-in on one device, from its first tokens to its end.

A session is a refresh-token family. Access tokens name it and are checked against it at every request, so they stop when it ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import InvalidToken, NotAuthenticated, NotFound
from app.models import Account, KnownDevice, SignInSession
from app.portals import Portal
from app.security.access_tokens import LIFETIME, AccessTokens
from app.security.device_tokens import DeviceTokens
from app.security.refresh_tokens import GenuineToken, RefreshTokens
from app.services import audit
from app.services.account_view import AccountView, select_account
from app.text import fold

REPEAT_WINDOW = timedelta(seconds=30)
"""How long the answer to a refresh may be asked for again, while its token is unused (a mobile network loses answers)."""

_ALIVE = (
    SignInSession.ended_at.is_(None),
    SignInSession.expires_at > bindparam("now"),
    SignInSession.idle_expires_at > bindparam("now"),
    Account.disabled_at.is_(None),
)
"""SQL: session and account are alive at `now`; expiry counts by the clock, whether or not anything cleans up."""

# Every signed-in request runs this one. Made anew each time, it would cost more than all that PostgreSQL and its driver do.
_SIGNED_IN = (
    select_account()
    .join(SignInSession, SignInSession.account_id == Account.id)
    .where(SignInSession.id == bindparam("session_id"), Account.id == bindparam("account_id"), *_ALIVE)
)


@dataclass(frozen=True)
class Lifetimes:
    idle: timedelta
    absolute: timedelta

    @classmethod
    def of(cls, portal: Portal, *, shared: bool) -> "Lifetimes":
        """Contract, section 8: 14 and 30 days; a shared device 1 hour; staff 1 hour idle and 12 hours in all."""
        if shared:
            return cls(timedelta(hours=1), timedelta(hours=1))
        if portal is Portal.STAFF:
            return cls(timedelta(hours=1), timedelta(hours=12))
        return cls(timedelta(days=14), timedelta(days=30))


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
    refresh_token: str
    device_token: str | None = None
    next_steps: Sequence[str] = ()


@dataclass(frozen=True)
class SignedIn:
    """Who makes this request: a live session and its account."""

    session_id: UUID
    account: AccountView


@dataclass(frozen=True)
class SessionView:
    id: UUID
    device_name: str | None
    shared: bool
    signed_in_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool


@dataclass(frozen=True)
class Sessions:
    database: Database
    clock: Clock
    access_tokens: AccessTokens
    refresh_tokens: RefreshTokens
    device_tokens: DeviceTokens

    async def open(self, session: AsyncSession, account: AccountView, device: Device) -> OpenedSession:
        """Opens a session within the caller's transaction, for somebody who has just proved who he is."""
        now = self.clock.now()
        known = None if device.shared else await self._remember(session, account, device, now)
        lifetimes = Lifetimes.of(account.portal, shared=device.shared)
        session_id = uuid4()
        refresh_token = self.refresh_tokens.first(session_id)
        session.add(
            SignInSession(
                id=session_id,
                account_id=account.id,
                signed_in_at=now,
                last_used_at=now,
                idle_expires_at=now + lifetimes.idle,
                expires_at=now + lifetimes.absolute,
                refresh_digest=self.refresh_tokens.digest(refresh_token),
                device_id=known,
                device_name=device.name,
                installation_id=device.installation_id,
                shared=device.shared,
            )
        )
        audit.record(
            session,
            "api:session:started",
            at=now,
            actor=audit.by_account(account.id),
            district_id=account.district_id,
            account_id=account.id,
            person_id=account.person_id,
            data={"session": str(session_id)},
        )
        return self._opened(
            account, session_id, refresh_token, device_token=self._device_token(known, account) if known else None
        )

    async def refresh(self, text: str) -> OpenedSession:
        """The next tokens of a session.

        The token used last may be used once more within 30 seconds while its successor is unused, and gets the same successor again: a
        lost answer costs nobody his session. Any other reuse means that two parties hold the family, so it ends.

        Raises:
            InvalidToken: the token is not genuine, was used before, or its session is over.
        """
        token = self.refresh_tokens.recognise(text)
        if token is None:
            raise InvalidToken
        async with self.database.transaction() as session:
            opened = await self._rotate(session, token)
        if opened is None:
            raise InvalidToken  # after the commit: what the refusal found out is kept
        return opened

    async def authenticate(self, access_token: str) -> SignedIn:
        """Who makes a request: the token must be genuine, and its session and account alive this very moment.

        Raises:
            InvalidToken: otherwise, whatever the cause.
        """
        claims = self.access_tokens.verify(access_token)
        named = {"session_id": claims.session_id, "account_id": claims.account_id, "now": self.clock.now()}
        row = await self.database.read_row(_SIGNED_IN, named)
        if row is None or row.district_id != claims.district_id:
            raise InvalidToken
        return SignedIn(claims.session_id, AccountView.of(row))

    async def live_sessions(self, signed_in: SignedIn) -> list[SessionView]:
        """The account's sessions, newest sign-in first."""
        query = (
            select(SignInSession)
            .join(Account, Account.id == SignInSession.account_id)
            .where(SignInSession.account_id == signed_in.account.id, *_ALIVE)
            .order_by(SignInSession.signed_in_at.desc(), SignInSession.id)
        )
        async with self.database.reading() as connection:
            rows = await connection.execute(query, {"now": self.clock.now()})
            return [_view(row, current=row.id == signed_in.session_id) for row in rows]

    async def end_one(self, signed_in: SignedIn, session_id: UUID) -> None:
        """Ends one session of the same account.

        Raises:
            NotFound: there is no such live session, or it is somebody else's.
        """
        async with self.database.transaction() as session:
            mine = SignInSession.account_id == signed_in.account.id
            if not await _end(session, self.clock.now(), "signed_out", mine, SignInSession.id == session_id):
                raise NotFound
            self._record_end(session, signed_in.account.id, signed_in.account.district_id, session_id)

    async def sign_out(self, *, access_token: str | None, refresh_token: str | None) -> None:
        """Ends the session that either token names.

        Raises:
            NotAuthenticated: neither was given.
            InvalidToken: only an access token was given, and it names no live session.
        """
        if refresh_token is not None:
            await self._end_by_refresh_token(refresh_token)
        elif access_token is not None:
            caller = await self.authenticate(access_token)
            await self.end_one(caller, caller.session_id)
        else:
            raise NotAuthenticated

    async def _end_by_refresh_token(self, text: str) -> None:
        """Signs out with a refresh token alone; a token that is over or unknown is no fault, for the caller is signed out."""
        token = self.refresh_tokens.recognise(text)
        if token is None:
            return
        async with self.database.transaction() as session:
            for account_id in await _end(session, self.clock.now(), "signed_out", SignInSession.id == token.session_id):
                district_id = await session.scalar(select(Account.district_id).where(Account.id == account_id))
                self._record_end(session, account_id, district_id, token.session_id)

    async def end_all(self, session: AsyncSession, account_id: UUID, reason: str) -> int:
        """Ends every session of an account within the caller's transaction and forgets its devices; gives how many ended."""
        now = self.clock.now()
        await session.execute(
            update(KnownDevice)
            .where(KnownDevice.account_id == account_id, KnownDevice.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        return len(await _end(session, now, reason, SignInSession.account_id == account_id))

    async def _rotate(self, session: AsyncSession, token: GenuineToken) -> OpenedSession | None:
        now = self.clock.now()
        family = await session.get(SignInSession, token.session_id, with_for_update=True)
        if family is None or family.ended_at is not None or min(family.expires_at, family.idle_expires_at) <= now:
            return None
        row = (await session.execute(select_account().where(Account.id == family.account_id))).one()
        if row.disabled_at is not None:
            return None
        account = AccountView.of(row)
        presented = self.refresh_tokens.digests(token.text)
        if family.refresh_digest in presented:
            successor = self.refresh_tokens.successors(token)[0]
            family.previous_refresh_digest, family.refresh_digest = (
                family.refresh_digest,
                self.refresh_tokens.digest(successor),
            )
            family.rotated_at = family.last_used_at = now
            family.idle_expires_at = now + Lifetimes.of(account.portal, shared=family.shared).idle
            return self._opened(account, family.id, successor)
        if (
            family.previous_refresh_digest in presented
            and family.rotated_at
            and now - family.rotated_at <= REPEAT_WINDOW
        ):
            given = (
                s
                for s in self.refresh_tokens.successors(token)
                if family.refresh_digest in self.refresh_tokens.digests(s)
            )
            again = next(given, None)  # None where the secret key that derived it has been taken out meanwhile
            return self._opened(account, family.id, again) if again else None
        family.ended_at, family.ended_reason = now, "token_reused"
        self._record_end(session, account.id, account.district_id, family.id, reason="token_reused")
        return None

    async def _remember(self, session: AsyncSession, account: AccountView, device: Device, now: datetime) -> UUID:
        """The id of the device, known from before by its token, or new."""
        proven = device.device_token and self.device_tokens.prove(device.device_token, **_device_name(account))
        if proven:
            seen = await session.execute(
                update(KnownDevice)
                .where(KnownDevice.id == proven, KnownDevice.account_id == account.id, KnownDevice.revoked_at.is_(None))
                .values(last_seen_at=now)
                .returning(KnownDevice.id)
            )
            if seen.first():
                return proven
        fresh = KnownDevice(
            id=uuid4(),
            account_id=account.id,
            name=device.name,
            installation_id=device.installation_id,
            created_at=now,
            last_seen_at=now,
        )
        session.add(fresh)
        await session.flush()
        return fresh.id

    def _device_token(self, device_id: UUID, account: AccountView) -> str:
        return self.device_tokens.issue(device_id, **_device_name(account))

    def _opened(
        self, account: AccountView, session_id: UUID, refresh_token: str, *, device_token: str | None = None
    ) -> OpenedSession:
        return OpenedSession(
            account=account,
            access_token=self.access_tokens.issue(
                account_id=account.id, session_id=session_id, district_id=account.district_id
            ),
            expires_in=int(LIFETIME.total_seconds()),
            refresh_token=refresh_token,
            device_token=device_token,
        )

    def _record_end(
        self,
        session: AsyncSession,
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


async def _end(session: AsyncSession, now: datetime, reason: str, *which: Any) -> list[UUID]:
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


def _view(row: Any, *, current: bool) -> SessionView:
    return SessionView(
        id=row.id,
        device_name=row.device_name,
        shared=row.shared,
        signed_in_at=row.signed_in_at,
        last_used_at=row.last_used_at,
        expires_at=min(row.expires_at, row.idle_expires_at),
        current=current,
    )
