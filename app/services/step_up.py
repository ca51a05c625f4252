"""Proving once more, in a session, who one is: by a passkey, by the authenticator app, or by the password where there is none."""

from dataclasses import dataclass, replace

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import FieldError, InvalidToken, NotFound, PasskeyInvalid, TotpRequired, ValidationFailed
from app.models import Passkey, SignInSession
from app.security.passkeys import Credential, Expected, NotGenuine, UsedPasskey
from app.services.own_events import record_own
from app.services.passkey_ceremony import STEP_UP, PasskeyCeremony, note_use, proved_use
from app.services.passkey_options import KnownCredential, RequestOptions
from app.services.passwords import Passwords
from app.services.second_factor import SecondFactor, has_second_factor
from app.services.security_notices import tell_recovery_code_used
from app.services.sessions import OpenedSession, Sessions, SignedIn
from app.translation import msg


@dataclass(frozen=True)
class StepUp:
    database: Database
    clock: Clock
    sessions: Sessions
    passwords: Passwords
    second_factor: SecondFactor
    ceremony: PasskeyCeremony

    async def options(self, caller: SignedIn) -> RequestOptions:
        """For a step-up by one of the caller's own passkeys. Raises NotFound where there is none."""
        mine = select(Passkey.credential_id, Passkey.transports).where(Passkey.account_id == caller.account.id)
        async with self.database.reading() as connection:
            known = [KnownCredential(*row) for row in await connection.execute(mine.order_by(Passkey.id))]
        if not known:
            raise NotFound
        return RequestOptions(self.ceremony.rp_id, self.ceremony.challenge(*_purpose(caller)), known)

    async def prove(
        self, caller: SignedIn, *, totp: str | None, password: str | None, passkey: Credential | None = None
    ) -> OpenedSession:
        """Proves once more who the caller is: by a passkey, by the authenticator, or by the password where there is none.

        Raises:
            TotpRequired: there is an authenticator, so a password will not do.
            TotpInvalid, TooManyAttempts, CurrentPasswordWrong: counted.
            PasskeyInvalid, TicketInvalid: not a passkey of this account, or not an answer to what was asked here.
            ValidationFailed: none of them was given.
        """
        async with self.database.transaction() as session:
            has_totp = await has_second_factor(session, caller.account.id)
        if passkey is not None:
            await self._prove_by_passkey(caller, passkey)
        elif has_totp:
            await self._prove_by_totp(caller, totp)
        else:
            await self._prove_by_password(caller, password)
        return renewed(self.sessions, caller, has_totp=has_totp)

    async def _prove_by_totp(self, caller: SignedIn, totp: str | None) -> None:
        if totp is None:
            raise TotpRequired
        async with self.database.transaction() as session:
            now = self.clock.now()
            tried = await self.second_factor.try_code(session, caller.account.id, totp)
            if tried.refusal is None:
                await note_proof(session, caller, totp_at=now, stepped_up_at=now)
                by = "recovery_code" if tried.used_recovery_code else "totp"
                record_own(session, caller, "session:stepped_up", at=now, by=by)
            else:
                record_own(session, caller, "session:step_up_refused", at=now, reason=tried.refusal.code)
            if tried.used_recovery_code:
                await tell_recovery_code_used(session, caller.account.id, now)
        if tried.refusal:
            raise tried.refusal

    async def _prove_by_passkey(self, caller: SignedIn, credential: Credential) -> None:
        """Two factors at once, so the session has passed the second one, too."""
        challenge = self.ceremony.answered(credential, *_purpose(caller))
        mine = select(Passkey).where(Passkey.account_id == caller.account.id, Passkey.credential_id == credential["id"])
        async with self.database.transaction() as session:
            await self.ceremony.spend(session, challenge)
            passkey = await session.scalar(mine.with_for_update())
            expected = await self.ceremony.expected(session, caller.account.district_id, challenge)
            used = await _used(credential, expected, passkey)
            if passkey is None or used is None:
                record_own(session, caller, "session:step_up_refused", at=self.clock.now(), reason=PasskeyInvalid.code)
            else:
                now = self.clock.now()
                if await note_use(session, passkey.id, used, now):
                    record_own(session, caller, "passkey:count_went_back", at=now, passkey=str(passkey.id))
                await note_proof(session, caller, totp_at=now, stepped_up_at=now)
                record_own(session, caller, "session:stepped_up", at=now, by="passkey", passkey=str(passkey.id))
        if used is None:
            raise PasskeyInvalid

    async def _prove_by_password(self, caller: SignedIn, password: str | None) -> None:
        if password is None:
            detail = msg("Send the password: this account has no authenticator app.")
            raise ValidationFailed([FieldError("/password", "missing", detail)])
        await self.passwords.prove_current(caller, password)
        async with self.database.transaction() as session:
            await note_proof(session, caller, stepped_up_at=self.clock.now())
            record_own(session, caller, "session:stepped_up", at=self.clock.now(), by="password")


async def note_proof(session: AsyncSession, caller: SignedIn, **moments: object) -> None:
    """Keeps when something was proved in the caller's session. Raises InvalidToken where it has ended meanwhile."""
    noted = await session.execute(
        update(SignInSession)
        .where(SignInSession.id == caller.session_id, SignInSession.ended_at.is_(None))
        .values(**moments)
        .returning(SignInSession.id)
        .execution_options(synchronize_session=False)
    )
    if noted.first() is None:
        raise InvalidToken


def renewed(sessions: Sessions, caller: SignedIn, *, has_totp: bool) -> OpenedSession:
    """The same session with a new access token, and no other token."""
    return sessions.opened(replace(caller.account, has_totp=has_totp), caller.session_id, None)


async def _used(credential: Credential, expected: Expected, passkey: Passkey | None) -> UsedPasskey | None:
    try:
        return await proved_use(credential, expected, passkey) if passkey else None
    except NotGenuine:
        return None


def _purpose(caller: SignedIn) -> tuple[str, ...]:
    return STEP_UP, str(caller.account.id), str(caller.session_id)
