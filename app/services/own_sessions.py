"""Where somebody is signed in, and signing out: here or elsewhere."""

from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.clock import Clock
from app.database import Database
from app.errors import InvalidToken, NotAuthenticated, NotFound
from app.models import Account, SignInSession
from app.security.refresh_tokens import RefreshTokens
from app.services.devices import forget_push_devices
from app.services.links import end_link_codes
from app.services.sessions import ALIVE, Sessions, SignedIn, end_sessions


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
class OwnSessions:
    database: Database
    clock: Clock
    refresh_tokens: RefreshTokens
    sessions: Sessions

    async def live(self, signed_in: SignedIn) -> list[SessionView]:
        """The account's sessions, newest sign-in first."""
        query = (
            select(SignInSession)
            .join(Account, Account.id == SignInSession.account_id)
            .where(SignInSession.account_id == signed_in.account.id, *ALIVE)
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
        now, is_elsewhere = self.clock.now(), session_id != signed_in.session_id
        async with self.database.transaction() as session:
            if (
                is_elsewhere
            ):  # whoever holds a lost phone may have a link code of it, and may have switched to linked accounts
                await end_link_codes(session, signed_in.account.id, now)
            await forget_push_devices(session, session_id, with_switched=is_elsewhere)
            mine = SignInSession.account_id == signed_in.account.id
            if not await end_sessions(session, now, "signed_out", mine, SignInSession.id == session_id):
                raise NotFound
            if is_elsewhere:
                await end_sessions(session, now, "signed_out", SignInSession.root_session_id == session_id)
            self.sessions.record_end(session, signed_in.account.id, signed_in.account.district_id, session_id)

    async def sign_out(self, *, access_token: str | None, refresh_token: str | None) -> None:
        """Ends the session that the tokens name, or both where they name two.

        Raises:
            NotAuthenticated: neither was given.
            InvalidToken: only an access token was given, and it names no live session.
        """
        if access_token is None and refresh_token is None:
            raise NotAuthenticated
        if refresh_token is not None:
            await self._end_by_refresh_token(refresh_token)
        if access_token is not None:
            with suppress(InvalidToken, NotFound) if refresh_token else nullcontext():
                caller = await self.sessions.authenticate(access_token)
                await self.end_one(caller, caller.session_id)

    async def _end_by_refresh_token(self, text: str) -> None:
        """Signs out with a refresh token alone; a token that is over or unknown is no fault, for the caller is signed out."""
        token = self.refresh_tokens.recognise(text)
        if token is None:
            return
        async with self.database.transaction() as session:
            await forget_push_devices(session, token.session_id)
            for account_id in await end_sessions(
                session, self.clock.now(), "signed_out", SignInSession.id == token.session_id
            ):
                district_id = await session.scalar(select(Account.district_id).where(Account.id == account_id))
                self.sessions.record_end(session, account_id, district_id, token.session_id)


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
