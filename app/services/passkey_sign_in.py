"""Signing in with a passkey: no name and no password, as the passkey itself says whose it is.

It is possession of a device and, by user verification, knowledge or a trait: two factors. Where an authenticator app is asked for, it has
been satisfied. Guesses at the password do not stop it, as there is nothing to guess.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database, Statement
from app.errors import AccountLocked, PasskeyInvalid
from app.models import Account, Passkey
from app.portals import Portal
from app.security.passkey_challenges import Challenge
from app.security.passkeys import Credential, NotGenuine, UsedPasskey
from app.services import audit
from app.services.account_view import AccountView, select_account
from app.services.challenge_questions import wants_answers
from app.services.districts import OpenDistrict, open_district
from app.services.links import has_suspended_link
from app.services.passkey_ceremony import SIGN_IN, PasskeyCeremony, note_use, proved_use
from app.services.passkey_options import RequestOptions
from app.services.portal_access import confirm_access, may_enter_its_portal
from app.services.second_factor import has_totp
from app.services.security_notices import tell_new_device
from app.services.sessions import Device, OpenedSession, Sessions
from app.services.username_recovery import UsernameRecovery

# Made once, as every statement of a sign-in.
_CANDIDATE = Statement(
    select_account(
        Account.recovery_email_folded,
        Passkey.id.label("passkey_id"),
        Passkey.public_key,
        Passkey.backup_eligible,
        may_enter_its_portal(Account.portal).label("may_enter"),
        has_suspended_link(),
        has_totp(),
        wants_answers(),
    )
    .join(Passkey, Passkey.account_id == Account.id)
    .where(
        Passkey.credential_id == bindparam("credential_id"),
        Account.district_id == bindparam("district"),
        Account.portal == bindparam("portal"),
    )
)
_NOTE_SIGN_IN = (
    update(Account)
    .where(Account.id == bindparam("account"), Account.disabled_at.is_(None))
    .values(last_signed_in_at=bindparam("now"))
    .returning(Account.id)
    .execution_options(synchronize_session=False)
)


@dataclass(frozen=True)
class PasskeyRequest:
    district: str
    portal: Portal
    credential: Credential
    device: Device = field(default_factory=Device)


@dataclass(frozen=True)
class PasskeySignIn:
    database: Database
    clock: Clock
    sessions: Sessions
    username_recovery: UsernameRecovery
    ceremony: PasskeyCeremony

    async def options(self, district: str, portal: Portal) -> RequestOptions:
        """The same for everybody: nobody has said who he is.

        Raises:
            DistrictNotFound, FeatureDisabled, Maintenance: public facts.
        """
        await self._door(district, portal)
        return RequestOptions(self.ceremony.rp_id, self.ceremony.challenge(SIGN_IN, district, portal.value))

    async def sign_in(self, request: PasskeyRequest) -> OpenedSession:
        """A new session, which has passed two factors.

        Raises:
            DistrictNotFound, FeatureDisabled, Maintenance: public facts.
            TicketInvalid: the challenge has expired, or was answered before.
            PasskeyInvalid: not ours, removed, of another district or portal, or not genuine; nothing tells which.
            AccountLocked: it is genuine, but the account is switched off or opens no student.
        """
        district = await self._door(request.district, request.portal)
        challenge = self.ceremony.answered(request.credential, SIGN_IN, request.district, request.portal.value)
        async with self.database.reading() as connection:
            expected = await self.ceremony.expected(connection, district.id, challenge)
        candidate = await self._find(request)
        if candidate is None:
            await self._refuse(request, challenge, None, "unknown_passkey")
            raise PasskeyInvalid
        try:
            used = await proved_use(request.credential, expected, candidate)
        except NotGenuine as fault:
            await self._refuse(request, challenge, candidate, fault.reason)
            raise PasskeyInvalid from fault
        if reason := await self._lock(district, candidate):
            await self._refuse(request, challenge, candidate, reason)
            raise AccountLocked(reason)
        return await self._settle(request, challenge, candidate, used)

    async def _door(self, district_id: str, portal: Portal) -> OpenDistrict:
        async with self.database.reading() as connection:
            district = await open_district(connection, district_id)
        district.require_no_maintenance(self.clock.now())
        district.require_portal(portal)
        return district

    async def _find(self, request: PasskeyRequest) -> Any | None:
        named = {
            "credential_id": request.credential["id"],
            "district": request.district,
            "portal": request.portal.value,
        }
        return await self.database.first(_CANDIDATE, named)

    async def _settle(
        self, request: PasskeyRequest, challenge: Challenge, candidate: Row[Any], used: UsedPasskey
    ) -> OpenedSession:
        now, account = self.clock.now(), AccountView.of(candidate)
        async with self.database.transaction() as session:
            await self.ceremony.spend(session, challenge)
            # Whatever was switched off or taken away since it was looked up must win.
            if await session.scalar(_NOTE_SIGN_IN, {"account": account.id, "now": now}) is None:
                raise AccountLocked("disabled")
            if not await confirm_access(session, account.person_id, request.portal):
                raise AccountLocked("no_portal_access")
            went_back = await note_use(session, candidate.passkey_id, used, now)
            if went_back is None:
                raise PasskeyInvalid
            if went_back:
                self._record(session, "api:passkey:count_went_back", request, candidate)
            if not await self.sessions.knows(session, account, request.device):
                await tell_new_device(session, account, now)
            return await self.sessions.open(session, account, request.device, with_totp=True, by="passkey")

    async def _lock(self, district: OpenDistrict, candidate: Row[Any]) -> str | None:
        """Why a genuine passkey does not open the account, if anything keeps it shut."""
        if candidate.disabled_at is not None:
            return "disabled"
        if not candidate.may_enter:
            return "no_portal_access"
        async with self.database.reading() as connection:
            locked = await self.username_recovery.locks_sign_in(connection, district, candidate.recovery_email_folded)
        return "recovery_lockout" if locked else None

    async def _refuse(
        self, request: PasskeyRequest, challenge: Challenge, candidate: Row[Any] | None, reason: str
    ) -> None:
        """A trace, the same for known and unknown ones; the challenge is used up, whatever came of it."""
        async with self.database.transaction() as session:
            await self.ceremony.spend(session, challenge)
            self._record(session, "api:session:refused", request, candidate, reason=reason, by="passkey")

    def _record(
        self, session: AsyncSession, tag: str, request: PasskeyRequest, candidate: Row[Any] | None, **data: object
    ) -> None:
        passkey_id: UUID | None = candidate.passkey_id if candidate else None
        audit.record(
            session,
            tag,
            at=self.clock.now(),
            actor=audit.ANONYMOUS,
            district_id=request.district,
            account_id=candidate.account_id if candidate else None,
            person_id=candidate.person_id if candidate else None,
            data={"portal": request.portal.value, **({"passkey": str(passkey_id)} if passkey_id else {}), **data},
        )
