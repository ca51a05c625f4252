"""The one-time code in which a sign-in by a provider ends, and its exchange for a session.

A code lives a minute, works once, and only for whoever made the challenge at the beginning (PKCE): on a phone another app may see it.
No refusal uses it up.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import CampusError, FeatureDisabled, TicketInvalid, TotpRequired
from app.models import SsoCode, SsoProvider
from app.portals import Portal
from app.security.device_tokens import DeviceTokens
from app.security.mailed_tokens import MailedTokens
from app.services.account_view import AccountView
from app.services.districts import OpenDistrict, open_district
from app.services.second_factor import SecondFactor
from app.services.security_notices import tell_new_device, tell_recovery_code_used
from app.services.sessions import Device, OpenedSession, Sessions
from app.services.sso.accounts import SsoAccounts
from app.services.sso.flow import Flow
from app.services.sso.people import Named
from app.services.sso.providers import DistrictProvider
from app.text import fold

LIVES = timedelta(seconds=60)
TIME_FOR_TOTP = timedelta(minutes=5)
"""Once the app has proved the challenge and a code of the authenticator is missing: people have to look for their phone."""
_PURPOSE = "sso-code"


@dataclass(frozen=True)
class ExchangeRequest:
    code: str = field(repr=False)
    code_verifier: str = field(repr=False)
    redirect_uri: str | None = None
    """Where it is sent, it must be the one that the code went to."""
    totp: str | None = field(default=None, repr=False)
    device: Device = field(default_factory=Device)


@dataclass(frozen=True)
class SsoCodes:
    database: Database
    clock: Clock
    tokens: MailedTokens
    device_tokens: DeviceTokens
    accounts: SsoAccounts
    second_factor: SecondFactor
    sessions: Sessions

    async def issue(self, provider: DistrictProvider, flow: Flow, named: Named) -> str:
        """Raises IntegrityError: this attempt has ended in a code before."""
        now, code_id = self.clock.now(), uuid4()
        async with self.database.transaction() as session:
            session.add(
                SsoCode(
                    id=code_id,
                    flow=flow.digest,
                    district_id=provider.district_id,
                    provider=provider.name,
                    person_id=named.person_id,
                    portal=flow.portal.value,
                    redirect_uri=flow.redirect_uri,
                    code_challenge=flow.code_challenge,
                    with_mfa=named.with_mfa,
                    proved_at=now,
                    expires_at=now + LIVES,
                )
            )
        return self.tokens.issue(_PURPOSE, code_id)

    async def exchange(self, request: ExchangeRequest) -> OpenedSession:
        """The session of whoever the code was given for.

        Raises:
            TicketInvalid: the code is unknown, used or too old, or the verifier is another one.
            FeatureDisabled, Maintenance: public facts of the district.
            AccountLocked: it was locked meanwhile.
            TotpRequired, TotpInvalid, TooManyAttempts: the account has an authenticator; the same code may be sent again.
            InProgress: another sign-in makes the account at this moment.
        """
        async with self.database.reading() as connection:
            code = await self._find(connection, request)
            district = await open_district(connection, code.district_id)
            self._require(district, code, request)
            portal = Portal(code.portal)
            account = await self.accounts.look(connection, district, code.person_id, portal)
        has_totp = account is not None and account.has_totp
        if account is not None and has_totp and not code.with_mfa:
            await self._prove_second_factor(code.id, account, request.totp)
        return await self._settle(code, district, request, with_totp=has_totp or code.with_mfa)

    async def _find(self, connection: AsyncConnection, request: ExchangeRequest) -> Row[Any]:
        code_id = self.tokens.prove(_PURPOSE, request.code)
        its_provider = and_(SsoProvider.district_id == SsoCode.district_id, SsoProvider.name == SsoCode.provider)
        query = (
            select(*SsoCode.__table__.columns)
            .join_from(SsoCode, SsoProvider, its_provider)
            .where(SsoCode.id == code_id, SsoProvider.enabled.is_(True))
        )
        code = (await connection.execute(query)).one_or_none() if code_id else None
        if code is None or not hmac.compare_digest(_challenge(request.code_verifier), code.code_challenge):
            raise TicketInvalid
        if code.used_at is not None or code.expires_at <= self.clock.now():
            raise TicketInvalid
        return code

    def _require(self, district: OpenDistrict, code: Row[Any], request: ExchangeRequest) -> None:
        district.require("sso")
        district.require_portal(Portal(code.portal))
        district.require_no_maintenance(self.clock.now())
        if code.redirect_uri not in district.settings.sso.redirect_uris:
            raise FeatureDisabled
        if request.redirect_uri not in {None, code.redirect_uri}:
            raise TicketInvalid

    async def _prove_second_factor(self, code_id: UUID, account: Row[Any], totp: str | None) -> None:
        now = self.clock.now()
        async with self.database.transaction() as session:
            if totp is None:
                await _give_time(session, code_id, self.clock)
                refusal: CampusError | None = TotpRequired()
            else:
                tried = await self.second_factor.try_code(session, account.account_id, totp)
                refusal = tried.refusal
                if tried.used_recovery_code:
                    await tell_recovery_code_used(session, account.account_id, now)
        if refusal:
            raise refusal

    async def _settle(
        self, code: Row[Any], district: OpenDistrict, request: ExchangeRequest, *, with_totp: bool
    ) -> OpenedSession:
        now, portal = self.clock.now(), Portal(code.portal)
        async with self.database.transaction() as session:
            row, is_new = await self.accounts.hold(session, district, code.person_id, portal, now)
            used = await session.execute(
                update(SsoCode)
                .where(SsoCode.id == code.id, SsoCode.used_at.is_(None), SsoCode.expires_at > now)
                .values(used_at=now)
                .returning(SsoCode.id)
                .execution_options(synchronize_session=False)
            )
            if used.first() is None:
                raise TicketInvalid
            account = AccountView.of(row)
            if not is_new and not self._is_known(request.device, account):
                await tell_new_device(session, account, now)
            return await self.sessions.open(session, account, request.device, with_totp=with_totp, by="sso")

    def _is_known(self, device: Device, account: AccountView) -> bool:
        named = {"portal": account.portal.value, "username_folded": fold(account.username)}
        token = device.device_token
        return bool(token and self.device_tokens.prove(token, district=account.district_id, **named))


async def _give_time(session: AsyncSession, code_id: UUID, clock: Clock) -> None:
    """Once, so that a code does not live on by being asked for."""
    await session.execute(
        update(SsoCode)
        .where(SsoCode.id == code_id, SsoCode.asked_totp.is_(False), SsoCode.used_at.is_(None))
        .values(asked_totp=True, expires_at=clock.now() + TIME_FOR_TOTP)
        .execution_options(synchronize_session=False)
    )


def _challenge(verifier: str) -> str:
    """RFC 7636, S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
