"""Signing in: one verification for everybody, known or not, then a session.

The guard has let the try in and counted it. Find the account, or nobody. Hash: exactly one verification in the pool, at equal cost, with
no transaction open. Settle: leave a trace of the refusal, or end the count, upgrade the hash, note the sign-in and open the session.
"""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database, Statement, Unit
from app.errors import AccountLocked, InvalidCredentials, TotpRequired
from app.models import Account
from app.portals import Portal
from app.security.hash_pool import HashPool
from app.security.hashing import Verdict
from app.services import audit
from app.services.account_view import AccountView, select_account
from app.services.challenge_questions import wants_answers
from app.services.districts import OpenDistrict
from app.services.guard import Admission, Guard
from app.services.links import has_suspended_link
from app.services.portal_access import held_after, may_enter_its_portal, still_has_access
from app.services.recovery_email import RecoveryEmail
from app.services.second_factor import SecondFactor, has_totp
from app.services.security_notices import tell_new_device, tell_recovery_code_used, tell_sign_ins_refused
from app.services.sessions import Device, OpenedSession, Sessions
from app.services.sign_in_ladder import WAIT_AFTER
from app.services.username_recovery import UsernameRecovery
from app.text import fold

# Statements are made once: making them anew at each sign-in takes a third of what its hash takes.
_CANDIDATE = Statement(
    select_account(
        Account.password_hash,
        Account.recovery_email_folded,
        Account.last_signed_in_at,
        may_enter_its_portal(Account.portal).label("may_enter"),
        has_suspended_link(),
        has_totp(),
        wants_answers(),
    ).where(
        Account.district_id == bindparam("district"),
        Account.portal == bindparam("portal"),
        Account.username_folded == bindparam("username"),
    )
)
# Only if nothing changed while the hash was computed: a reset or a lock in between must win.
_NOTED = (
    update(Account)
    .where(
        Account.id == bindparam("account_id"),
        Account.password_hash == bindparam("verified_hash"),
        Account.disabled_at.is_(None),
    )
    .values(last_signed_in_at=bindparam("now"), password_hash=bindparam("new_hash"))
    .returning(Account.id, Account.person_id)
    .execution_options(synchronize_session=False)
)
_NOTE_SIGN_IN = Statement(held_after(_NOTED.cte("noted")), for_sqlite=_NOTED)


@dataclass(frozen=True)
class LoginRequest:
    district: str
    portal: Portal
    username: str
    password: str
    totp: str | None = None
    """A code of the authenticator app, or a recovery code, where the account has a second factor."""
    device: Device = field(default_factory=Device)


@dataclass(frozen=True)
class Login:
    database: Database
    clock: Clock
    hash_pool: HashPool
    sessions: Sessions
    username_recovery: UsernameRecovery
    second_factor: SecondFactor
    guard: Guard
    recovery_email: RecoveryEmail

    async def sign_in(self, request: LoginRequest, admission: Admission) -> OpenedSession:
        """A new session, for a try that the guard has let in.

        Raises:
            FeatureDisabled, Maintenance: public facts of the district.
            InvalidCredentials: the name, the password, or both are wrong; nothing tells which.
            AccountLocked: the password is right, but the account is switched off or opens no student.
            TotpRequired: the password is right; nothing is used up, not even a solved CAPTCHA.
            TotpInvalid, TooManyAttempts: the password is right, the code is not; both counts stand.
        """
        candidate = await self._find(request, admission.district)
        verdict = await self.hash_pool.verify(request.password, candidate.password_hash if candidate else None)
        if candidate is None or not verdict.right:
            admission.close()
            await self._record_refusal(request, candidate, "invalid_credentials", admission)
            raise InvalidCredentials
        if reason := await self._lock(admission.district, candidate):
            await self._record_refusal(request, candidate, reason, admission)
            raise AccountLocked(reason)
        if candidate.has_totp:
            await self._prove_second_factor(request, candidate, admission)
        opened = await self._settle(request, candidate, verdict, admission)
        admission.close()
        return opened

    async def _find(self, request: LoginRequest, district: OpenDistrict) -> Any | None:
        district.require_no_maintenance(self.clock.now())
        district.require_portal(request.portal)
        named = {"district": request.district, "portal": request.portal.value, "username": fold(request.username)}
        return await self.database.first(_CANDIDATE, named)

    async def _prove_second_factor(self, request: LoginRequest, candidate: Any, admission: Admission) -> None:
        if request.totp is None:
            async with self.database.brief() as session:
                self._record(session, "api:session:totp_asked", request, candidate)
            raise TotpRequired
        async with self.database.transaction() as session:
            tried = await self.second_factor.try_code(session, candidate.account_id, request.totp)
            if tried.used_recovery_code:
                await tell_recovery_code_used(session, candidate.account_id, self.clock.now())
                self._record(session, "api:session:recovery_code_used", request, candidate)
        if tried.refusal:
            admission.close()
            await self._record_refusal(request, candidate, tried.refusal.code, admission)
            raise tried.refusal

    async def _settle(
        self, request: LoginRequest, candidate: Any, verdict: Verdict, admission: Admission
    ) -> OpenedSession:
        named = {
            "account_id": candidate.account_id,
            "verified_hash": candidate.password_hash,
            "new_hash": verdict.upgraded or candidate.password_hash,
            "now": self.clock.now(),
        }
        # A first sign-in to an imported account has more to do, by the ORM.
        begins = candidate.last_signed_in_at is None and candidate.unconfirmed_recovery_email
        async with self.database.transaction() if begins else self.database.brief() as session:
            if await _NOTE_SIGN_IN.first(session, named) is None:
                raise InvalidCredentials
            if not await still_has_access(session, candidate.person_id, request.portal):
                raise AccountLocked("no_portal_access")
            if isinstance(session, AsyncSession):
                await self._confirm_imported_address(session, candidate)
            account = AccountView.of(candidate)
            if admission.subject is None or admission.subject.device is None:
                await tell_new_device(session, account, named["now"])
            opened = await self.sessions.open(session, account, request.device, with_totp=candidate.has_totp)
            # Last, as everybody behind one address waits for its row.
            await self.guard.succeed(session, admission)
            return opened

    async def _confirm_imported_address(self, session: AsyncSession, candidate: Any) -> None:
        """An address that came with an account of another system: nobody has been asked yet whether it is the owner's."""
        account = await session.get_one(Account, candidate.account_id)
        await self.recovery_email.ask_to_confirm(
            session, account, candidate.unconfirmed_recovery_email, self.clock.now()
        )

    async def _record_refusal(
        self, request: LoginRequest, candidate: Any | None, reason: str, admission: Admission
    ) -> None:
        """The same rows for a known and an unknown name: a trace, and with the tenth in a row a mail to whoever it belongs to."""
        now = self.clock.now()
        async with self.database.brief() as session:
            if admission.is_closed and admission.subject and admission.tries == WAIT_AFTER:
                tell_sign_ins_refused(session, admission.subject, now)
            self._record(session, "api:session:refused", request, candidate, reason=reason, tries=admission.tries)

    def _record(self, session: Unit, tag: str, request: LoginRequest, candidate: Any | None, **data: object) -> None:
        audit.record(
            session,
            tag,
            at=self.clock.now(),
            actor="anonymous",
            district_id=request.district,
            account_id=candidate.account_id if candidate else None,
            person_id=candidate.person_id if candidate else None,
            data={"portal": request.portal.value, **data},
        )

    async def _lock(self, district: OpenDistrict, candidate: Any) -> str | None:
        """Why a right password does not open the account, if anything keeps it shut."""
        if candidate.disabled_at is not None:
            return "disabled"
        if not candidate.may_enter:
            return "no_portal_access"
        if not self.username_recovery.may_lock(district):
            return None
        async with self.database.asking() as connection:
            locked = await self.username_recovery.locks_sign_in(connection, district, candidate.recovery_email_folded)
        return "recovery_lockout" if locked else None
