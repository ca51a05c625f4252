"""An owner's authenticator app: set up, replaced, turned off."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.clock import Clock
from app.database import Database
from app.errors import Forbidden, InProgress, NotFound, SignInAgain, StepUpRequired, TicketInvalid
from app.models import RecoveryCode, TotpFactor
from app.portals import Portal
from app.security.digests import Digests
from app.security.totp import new_secret, otpauth_uri
from app.services.own_events import record_own
from app.services.second_factor import SecondFactor, drop_second_factor, held_factor
from app.services.security_notices import tell_totp_changed, tell_totp_removed
from app.services.sessions import OpenedSession, Sessions, SignedIn
from app.services.step_up import note_proof, renewed
from app.translation import msg

ENROLMENT_LASTS = timedelta(minutes=15)


@dataclass(frozen=True)
class Enrolment:
    """What the authenticator needs to know; nothing can show it again."""

    secret: str
    otpauth_uri: str


@dataclass(frozen=True)
class Standing:
    """What an owner has set up."""

    confirmed_at: datetime | None
    """None: no sign-in asks for a code."""
    recovery_codes_left: int


@dataclass(frozen=True)
class Authenticator:
    database: Database
    clock: Clock
    digests: Digests
    sessions: Sessions
    second_factor: SecondFactor

    async def standing(self, caller: SignedIn) -> Standing:
        """What the owner has set up."""
        async with self.database.transaction() as session:
            factor = await session.get(TotpFactor, caller.account.id)
            unused = (RecoveryCode.account_id == caller.account.id, RecoveryCode.used_at.is_(None))
            left = await session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused))
        return Standing(factor.confirmed_at if factor else None, left or 0)

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
                record_own(session, caller, "account:totp_refused", at=now, reason=refusal.code)
            else:
                codes = await self.second_factor.new_recovery_codes(session, caller.account.id)
                await note_proof(session, caller, totp_at=now)
                await self.sessions.end_others(session, caller, "totp_changed")
                await tell_totp_changed(session, caller.account.id, now)
                record_own(session, caller, "account:totp_set_up" if is_first else "account:totp_replaced", at=now)
        if refusal:
            raise refusal
        return replace(renewed(self.sessions, caller, has_totp=True), recovery_codes=codes)

    async def turn_off(self, caller: SignedIn) -> None:
        """No sign-in asks for a code any more, and the recovery codes are worth nothing; the owner is told by mail.

        Raises:
            Forbidden: staff, whose desk wants it.
            SignInAgain, StepUpRequired: as for another authenticator.
            NotFound: there is none.
        """
        if caller.account.portal is Portal.STAFF:
            raise Forbidden(msg("The office's desk wants an authenticator app. You can set up another one instead."))
        if caller.switched_from_id is not None:
            raise SignInAgain
        async with self.database.transaction() as session:
            now = self.clock.now()
            factor = await held_factor(session, caller.account.id)
            if factor is None or factor.confirmed_at is None:
                raise NotFound
            if not caller.has_stepped_up(now):
                raise StepUpRequired
            await note_proof(session, caller, stepped_up_at=caller.stepped_up_at)
            await drop_second_factor(session, caller.account.id)
            await tell_totp_removed(session, caller.account.id, now)
            record_own(session, caller, "account:totp_removed", at=now)
