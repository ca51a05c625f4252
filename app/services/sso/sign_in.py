"""To the provider and back: `begin` leads the browser there, `finish` takes it back to the app with a one-time code, or with an error.

Until the provider has said who somebody is, nobody is looked for, so everybody is told the same. Errors go to the app's own address
only after that was found on the district's list, letter by letter; they are codes, and say nothing of people.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import IntegrityError

from app.clock import Clock
from app.database import Database
from app.errors import AccountLocked, FeatureDisabled, FieldError, Maintenance, TicketInvalid, ValidationFailed
from app.portals import Portal
from app.security.digests import Digests
from app.services import audit
from app.services.districts import OpenDistrict, open_district
from app.services.sso.accounts import SsoAccounts
from app.services.sso.codes import SsoCodes
from app.services.sso.flow import LASTS, Flow, new_attempt
from app.services.sso.people import Named, NobodyNamed, person_named, wanted_claims
from app.services.sso.providers import DistrictProvider, DistrictProviders
from app.sso.provider import ProviderDown, ProviderFault, Providers, Return
from app.translation import msg

log = structlog.get_logger("campus.sso")

SIGN_INS = Counter("campus_sso_total", "Returns from providers of single sign-on", ["outcome"])


class SsoError(StrEnum):
    """What an app is told in `error`. More may come."""

    ACCESS_DENIED = "access_denied"
    """The person, or the provider, did not want to."""
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PROVIDER_ERROR = "provider_error"
    """What it said does not hold; the log says what."""
    PERSON_NOT_FOUND = "person_not_found"
    """The provider knows somebody whom the roster does not know in this portal."""
    ACCOUNT_NOT_FOUND = "account_not_found"
    """He has no account yet, and this provider makes none."""
    ACCOUNT_LOCKED = "account_locked"
    NO_PORTAL_ACCESS = "no_portal_access"
    FEATURE_DISABLED = "feature_disabled"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True)
class SsoRequest:
    district: str
    portal: Portal
    redirect_uri: str
    code_challenge: str
    app_state: str | None = None
    provider: str | None = None
    prompt: str | None = None


@dataclass(frozen=True)
class SsoReturn:
    """What the browser brings back from the provider."""

    district: str
    provider: str
    state: str
    code: str | None = None
    error: str | None = None
    issuer: str | None = None


@dataclass(frozen=True)
class Begun:
    location: str
    sealed: str | None
    """What the browser carries until it comes back; None where it goes back to the app at once."""


@dataclass(frozen=True)
class Finished:
    location: str
    sealed: str
    """What the browser carried for it, and needs no more."""


@dataclass(frozen=True)
class SsoSignIn:
    database: Database
    clock: Clock
    digests: Digests
    providers: Providers
    configured: DistrictProviders
    accounts: SsoAccounts
    codes: SsoCodes

    async def begin(self, request: SsoRequest) -> Begun:
        """Where the browser goes.

        Raises:
            DistrictNotFound, FeatureDisabled: public facts of the district.
            ValidationFailed: the app's address is not on the district's list, or it has no such provider for this portal.
        """
        async with self.database.reading() as connection:
            district = await open_district(connection, request.district)
            _require(district, request.portal)
            found = await self.configured.find(connection, district.id, request.portal, request.provider)
        if request.redirect_uri not in district.settings.sso.redirect_uris:
            detail = msg("This address is not on the district's list of addresses where apps take their answers.")
            raise ValidationFailed([FieldError("/query/redirect_uri", "redirect_uri_unknown", detail)])
        if found is None:
            detail = msg("The district has no such provider for this portal.")
            raise ValidationFailed([FieldError("/query/provider", "provider_unknown", detail)])
        attempt = new_attempt()
        flow = Flow(
            district=district.id,
            provider=found.name,
            portal=request.portal,
            redirect_uri=request.redirect_uri,
            code_challenge=request.code_challenge,
            app_state=request.app_state,
            state=attempt.state,
            nonce=attempt.nonce,
            verifier=attempt.verifier,
            expires_at=self.clock.now() + LASTS,
        )
        try:
            district.require_no_maintenance(self.clock.now())
            location = await self.providers.sign_in_url(found.provider, attempt, request.prompt)
        except Maintenance:
            return Begun(_back(flow, error=SsoError.MAINTENANCE), None)
        except ProviderFault as fault:
            return Begun(self._provider_failed(found, flow, fault), None)
        return Begun(location, flow.seal(self.digests))

    async def finish(self, returned: SsoReturn, carried: Sequence[str]) -> Finished:
        """The address of the app, with a code or an error. `carried` is what this browser was given on its ways.

        Raises:
            TicketInvalid: this browser did not begin this sign-in, or too long ago. Nobody knows where to send it.
            DistrictNotFound, FeatureDisabled: public facts of the district, which have changed meanwhile.
        """
        for sealed in carried:
            flow = Flow.unseal(self.digests, sealed, self.clock.now())
            if flow and _belongs(flow, returned):
                return Finished(await self._finish(flow, returned), sealed)
        raise TicketInvalid

    async def _finish(self, flow: Flow, returned: SsoReturn) -> str:
        async with self.database.reading() as connection:
            district = await open_district(connection, flow.district)
            found = await self.configured.find(connection, district.id, flow.portal, flow.provider)
        if flow.redirect_uri not in district.settings.sso.redirect_uris:
            raise TicketInvalid
        try:
            _require(district, flow.portal)
            district.require_no_maintenance(self.clock.now())
        except (FeatureDisabled, Maintenance) as refusal:
            return _back(flow, error=SsoError(refusal.code))
        if found is None:
            return _back(flow, error=SsoError.FEATURE_DISABLED)
        if returned.code is None:
            return _back(flow, error=_declined(returned.error))
        came_back = Return(returned.code, returned.issuer)
        try:
            wanted = wanted_claims(found, flow.portal)
            claims = await self.providers.claims(found.provider, flow.attempt, came_back, wanted)
        except ProviderFault as fault:
            return self._provider_failed(found, flow, fault)
        try:
            async with self.database.reading() as connection:
                named = await person_named(connection, found, flow.portal, claims)
        except NobodyNamed as nobody:
            await self._record(flow, nobody.reason)
            return _back(flow, error=SsoError.PERSON_NOT_FOUND)
        return await self._welcome(district, found, flow, named)

    async def _welcome(self, district: OpenDistrict, found: DistrictProvider, flow: Flow, named: Named) -> str:
        """Somebody has proved who he is: a code for his app, or why he has none."""
        try:
            async with self.database.reading() as connection:
                account = await self.accounts.look(connection, district, named.person_id, flow.portal)
        except AccountLocked as locked:
            await self._record(flow, locked.reason, named)
            is_access = locked.reason == "no_portal_access"
            return _back(flow, error=SsoError.NO_PORTAL_ACCESS if is_access else SsoError.ACCOUNT_LOCKED)
        if account is None and not found.makes_accounts:
            await self._record(flow, "account_not_found", named)
            return _back(flow, error=SsoError.ACCOUNT_NOT_FOUND)
        try:
            code = await self.codes.issue(found, flow, named)
        except IntegrityError:
            raise TicketInvalid from None  # this very attempt has ended in a code before
        SIGN_INS.labels("code").inc()
        return _back(flow, code=code)

    def _provider_failed(self, found: DistrictProvider, flow: Flow, fault: ProviderFault) -> str:
        log.warning("provider_failed", district=found.district_id, provider=found.name, error=fault.reason)
        is_down = isinstance(fault, ProviderDown)
        return _back(flow, error=SsoError.PROVIDER_UNAVAILABLE if is_down else SsoError.PROVIDER_ERROR)

    async def _record(self, flow: Flow, reason: str, named: Named | None = None) -> None:
        async with self.database.transaction() as session:
            audit.record(
                session,
                "api:sso:refused",
                at=self.clock.now(),
                actor=audit.ANONYMOUS,
                district_id=flow.district,
                person_id=named.person_id if named else None,
                data={"portal": flow.portal.value, "provider": flow.provider, "reason": reason},
            )


def _require(district: OpenDistrict, portal: Portal) -> None:
    district.require("sso")
    district.require_portal(portal)


def _belongs(flow: Flow, returned: SsoReturn) -> bool:
    is_same = hmac.compare_digest(flow.state.encode(), returned.state.encode())
    return is_same and (flow.district, flow.provider) == (returned.district, returned.provider)


def _declined(error: str | None) -> SsoError:
    """The provider's own error codes (RFC 6749, section 4.1.2.1), as far as an app can do something about them."""
    if error in {"temporarily_unavailable", "server_error"}:
        return SsoError.PROVIDER_UNAVAILABLE
    is_wish = error in {"access_denied", "login_required", "interaction_required", "consent_required"}
    return SsoError.ACCESS_DENIED if is_wish else SsoError.PROVIDER_ERROR


def _back(flow: Flow, **answer: str) -> str:
    """To the app, with its own state."""
    if error := answer.get("error"):
        SIGN_INS.labels(str(error)).inc()
    query = urlencode({**answer, **({"state": flow.app_state} if flow.app_state else {})})
    return f"{flow.redirect_uri}{'&' if '?' in flow.redirect_uri else '?'}{query}"
