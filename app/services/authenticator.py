"""An owner's authenticator app: setting it up, and proving once more who he is (step-up)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import (
    FieldError,
    InProgress,
    InvalidToken,
    SignInAgain,
    StepUpRequired,
    TicketInvalid,
    TotpRequired,
    ValidationFailed,
)
from app.models import SignInSession, TotpFactor
from app.security.digests import Digests
from app.security.totp import new_secret, otpauth_uri
from app.services import audit
from app.services.passwords import Passwords
from app.services.second_factor import SecondFactor, has_second_factor, held_factor
from app.services.security_notices import tell_recovery_code_used, tell_totp_changed
from app.services.sessions import OpenedSession, Sessions, SignedIn
from app.translation import msg

ENROLMENT_LASTS = timedelta(minutes=15)


@dataclass(frozen=True)
class Enrolment:
    """What the authenticator needs to know; nothing can show it again."""

    secret: str
    otpauth_uri: str


@dataclass(frozen=True)
class Authenticator:
    database: Database
    clock: Clock
    digests: Digests
    sessions: Sessions
    passwords: Passwords
    second_factor: SecondFactor

    async def enrol(self, caller: SignedIn) -> Enrolment:
        """A new secret, which counts once a code of it was typed in.

        Raises:
            SignInAgain: somebody came here by switching, so the password of this account was not asked for.
            StepUpRequired: there is an authenticator already, and no code of it was typed in the last five minutes.
        """
        if caller.switched_from_id is not None:
            raise SignInAgain
        secret, now = new_secret(), self.clock.now()
        async with self.database.transaction() as session:
            factor = await held_factor(session, caller.account.id)
            if factor is None:
                factor = TotpFactor(account_id=caller.account.id)
                session.add(factor)
            elif factor.confirmed_at and not caller.has_stepped_up(now):
                raise StepUpRequired
            factor.sealed_new_secret = self.digests.seal(secret)
            factor.new_secret_expires_at = now + ENROLMENT_LASTS
            try:
                await session.flush()
            except IntegrityError as fault:
                raise InProgress from fault
        issuer = caller.account.district_name
        return Enrolment(secret, otpauth_uri(secret, username=caller.account.username, issuer=issuer))

    async def confirm(self, caller: SignedIn, totp: str) -> OpenedSession:
        """The first code: this session has passed the second factor, all others end; gives the recovery codes, once.

        Raises:
            TicketInvalid: there is no enrolment to confirm, or it began more than a quarter of an hour ago.
            TotpInvalid, TooManyAttempts: five tries, then waits.
        """
        codes: Sequence[str] = ()
        async with self.database.transaction() as session:
            now = self.clock.now()
            factor = await held_factor(session, caller.account.id)
            if factor is None or factor.new_secret_expires_at is None or factor.new_secret_expires_at <= now:
                raise TicketInvalid
            is_first = factor.confirmed_at is None
            refusal = self.second_factor.try_first_code(factor, totp)
            if refusal:
                self._record(session, caller, "account:totp_refused", reason=refusal.code)
            else:
                codes = await self.second_factor.new_recovery_codes(session, caller.account.id)
                await self._note(session, caller, totp_at=now)
                await self.sessions.end_others(session, caller, "totp_changed")
                await tell_totp_changed(session, caller.account.id, now)
                self._record(session, caller, "account:totp_set_up" if is_first else "account:totp_replaced")
        if refusal:
            raise refusal
        return replace(self._renewed(caller, has_totp=True), recovery_codes=codes)

    async def step_up(self, caller: SignedIn, *, totp: str | None, password: str | None) -> OpenedSession:
        """Proves once more who the caller is: by the authenticator, or by the password where there is none.

        Raises:
            TotpRequired: there is an authenticator, so a password will not do.
            TotpInvalid, TooManyAttempts, CurrentPasswordWrong: counted.
            ValidationFailed: neither was given.
        """
        async with self.database.transaction() as session:
            has_totp = await has_second_factor(session, caller.account.id)
        if has_totp:
            await self._prove_by_totp(caller, totp)
        else:
            await self._prove_by_password(caller, password)
        return self._renewed(caller, has_totp=has_totp)

    async def _prove_by_totp(self, caller: SignedIn, totp: str | None) -> None:
        if totp is None:
            raise TotpRequired
        async with self.database.transaction() as session:
            now = self.clock.now()
            tried = await self.second_factor.try_code(session, caller.account.id, totp)
            if tried.refusal is None:
                await self._note(session, caller, totp_at=now, stepped_up_at=now)
                by = "recovery_code" if tried.used_recovery_code else "totp"
                self._record(session, caller, "session:stepped_up", by=by)
            else:
                self._record(session, caller, "session:step_up_refused", reason=tried.refusal.code)
            if tried.used_recovery_code:
                await tell_recovery_code_used(session, caller.account.id, now)
        if tried.refusal:
            raise tried.refusal

    async def _prove_by_password(self, caller: SignedIn, password: str | None) -> None:
        if password is None:
            detail = msg("Send the password: this account has no authenticator app.")
            raise ValidationFailed([FieldError("/password", "missing", detail)])
        await self.passwords.prove_current(caller, password)
        async with self.database.transaction() as session:
            await self._note(session, caller, stepped_up_at=self.clock.now())
            self._record(session, caller, "session:stepped_up", by="password")

    @staticmethod
    async def _note(session: AsyncSession, caller: SignedIn, **moments: object) -> None:
        """Raises InvalidToken where the session has ended meanwhile."""
        noted = await session.execute(
            update(SignInSession)
            .where(SignInSession.id == caller.session_id, SignInSession.ended_at.is_(None))
            .values(**moments)
            .returning(SignInSession.id)
            .execution_options(synchronize_session=False)
        )
        if noted.first() is None:
            raise InvalidToken

    def _renewed(self, caller: SignedIn, *, has_totp: bool) -> OpenedSession:
        """The same session with a new access token, and no other token."""
        return self.sessions.opened(replace(caller.account, has_totp=has_totp), caller.session_id, None)

    def _record(self, session: AsyncSession, caller: SignedIn, what: str, **data: object) -> None:
        audit.record(
            session,
            f"api:{what}",
            at=self.clock.now(),
            actor=audit.by_account(caller.account.id),
            district_id=caller.account.district_id,
            account_id=caller.account.id,
            person_id=caller.account.person_id,
            data={"session": str(caller.session_id), **data},
        )
