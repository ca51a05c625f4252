"""Refreshing a session: each token works once, and each is derived from the one before."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, update

from app.clock import Clock
from app.database import Database, Statement, Unit
from app.errors import InvalidToken
from app.models import Account, SignInSession
from app.security.refresh_tokens import GenuineToken, RefreshTokens
from app.services.account_view import AccountView, select_account
from app.services.challenge_questions import wants_answers
from app.services.links import end_link_codes, has_suspended_link, require_live_link
from app.services.second_factor import has_totp
from app.services.session_descent import Lifetimes
from app.services.sessions import OpenedSession, Sessions

REPEAT_WINDOW = timedelta(seconds=30)
"""How long the answer to a refresh may be asked for again, while its token is unused (a mobile network loses answers)."""

_THIS = SignInSession.id == bindparam("session_id")
_FAMILY = Statement(
    select_account(
        has_suspended_link(),
        has_totp(),
        wants_answers(),
        SignInSession.id,
        SignInSession.ended_at,
        SignInSession.expires_at,
        SignInSession.idle_expires_at,
        SignInSession.switched_from_id,
        SignInSession.refresh_digest,
        SignInSession.previous_refresh_digest,
        SignInSession.rotated_at,
        SignInSession.shared,
    )
    .join(SignInSession, SignInSession.account_id == Account.id)
    .where(_THIS)
    .with_for_update(of=SignInSession)
)
"""The session, held, and its account. Whoever switches an account off ends its sessions, too: their rows are what is waited for."""
_ROTATE = Statement(
    update(SignInSession)
    .where(_THIS)
    .values(
        previous_refresh_digest=bindparam("presented"),
        refresh_digest=bindparam("successor"),
        rotated_at=bindparam("now"),
        last_used_at=bindparam("now"),
        idle_expires_at=bindparam("idle_until"),
    )
)
_END = Statement(update(SignInSession).where(_THIS).values(ended_at=bindparam("now"), ended_reason="token_reused"))


@dataclass(frozen=True)
class SessionRefresh:
    database: Database
    clock: Clock
    refresh_tokens: RefreshTokens
    sessions: Sessions

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
        async with self.database.brief() as session:
            opened = await self._rotate(session, token)
        if opened is None:
            raise InvalidToken  # after the commit: what the refusal found out is kept
        return opened

    async def _rotate(self, session: Unit, token: GenuineToken) -> OpenedSession | None:
        now = self.clock.now()
        family = await _FAMILY.first(session, {"session_id": token.session_id})
        if family is None or family.ended_at is not None or min(family.expires_at, family.idle_expires_at) <= now:
            return None
        if family.disabled_at is not None:
            return None
        if family.switched_from_id is not None and family.switched_from_id != family.account_id:
            states = self.sessions.linking_states
            await require_live_link(session, family.account_id, family.switched_from_id, states, now)
        account = AccountView.of(family)
        presented = self.refresh_tokens.digests(token.text)
        if family.refresh_digest in presented:
            successor = self.refresh_tokens.successors(token)[0]
            rotated = {
                "session_id": family.id,
                "presented": family.refresh_digest,
                "successor": self.refresh_tokens.digest(successor),
                "now": now,
                "idle_until": now + Lifetimes.of(account.portal, shared=family.shared).idle,
            }
            await _ROTATE.do(session, rotated)
            return self.sessions.opened(account, family.id, successor)
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
            return self.sessions.opened(account, family.id, again) if again else None
        await end_link_codes(session, account.id, now)
        await _END.do(session, {"session_id": family.id, "now": now})
        self.sessions.record_end(session, account.id, account.district_id, family.id, reason="token_reused")
        return None
