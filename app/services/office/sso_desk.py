"""The providers of a district, as its office puts them in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import FieldError, NotFound, ValidationFailed
from app.models import SsoProvider
from app.security.digests import Digests
from app.services.clerk import Clerk
from app.services.districts import open_district
from app.services.sso.providers import (
    MOST_PROVIDERS,
    DistrictProvider,
    DistrictProviders,
    PortalMatch,
    RequiredClaim,
)
from app.sso.addresses import AddressRules
from app.sso.provider import Health, ProviderFault, ProviderRefused, Providers
from app.translation import msg


@dataclass(frozen=True)
class ProviderSettings:
    """What the office types. All of it takes the place of what was there; only a secret that is left out stays, with the issuer that it is for."""

    label: str
    issuer: str
    client_id: str
    portals: Sequence[PortalMatch]
    client_secret: str | None = field(default=None, repr=False)
    """"" takes it away, for a public client."""
    scopes: Sequence[str] = ("openid",)
    required_claims: Sequence[RequiredClaim] = ()
    makes_accounts: bool = True
    trusts_mfa: bool = False
    enabled: bool = True


@dataclass(frozen=True)
class Examined:
    """What came of asking a provider; `fault` says what is wrong, in a stable word."""

    health: Health | None = None
    fault: str | None = None


@dataclass(frozen=True)
class SsoDesk:
    database: Database
    clock: Clock
    digests: Digests
    configured: DistrictProviders
    providers: Providers
    rules: AddressRules

    async def list(self, clerk: Clerk) -> Sequence[DistrictProvider]:
        """Those of the clerk's district, by name. Raises DistrictNotFound."""
        async with self.database.reading() as connection:
            await open_district(connection, clerk.district_id)
            return await self.configured.all_of(connection, clerk.district_id)

    async def put(self, clerk: Clerk, name: str, settings: ProviderSettings) -> DistrictProvider:
        """The provider of that name, new or with other settings; holds at the next sign-in.

        Raises:
            DistrictNotFound: no such open district.
            ValidationFailed: an issuer that no provider can have, a portal named twice, or too many providers.
        """
        self._check(settings)
        now = self.clock.now()
        async with self.database.transaction() as session:
            await open_district(session, clerk.district_id)
            stored = await _stored(session, clerk, name)
            is_new = stored is None
            if stored is None:
                await _require_room(session, clerk)
                stored = SsoProvider(district_id=clerk.district_id, name=name)
                session.add(stored)
            changed = self._write(stored, settings)
            if changed:
                stored.changed_at = now
                await session.flush()
                what = "sso_provider:added" if is_new else "sso_provider:changed"
                clerk.record(session, what, at=now, provider=name, changed=changed)
            return self.configured.complete(stored)

    async def remove(self, clerk: Clerk, name: str) -> None:
        """Nobody signs in by it any more; sessions that it opened go on. Raises NotFound."""
        async with self.database.transaction() as session:
            stored = await _stored(session, clerk, name)
            if stored is None:
                raise NotFound
            await session.delete(stored)
            clerk.record(session, "sso_provider:removed", at=self.clock.now(), provider=name)

    async def examine(self, clerk: Clerk, name: str) -> Examined:
        """Asks the provider who it is and for its keys. Raises NotFound."""
        found = next((one for one in await self.list(clerk) if one.name == name), None)
        if found is None:
            raise NotFound
        try:
            return Examined(health=await self.providers.examine(found.provider))
        except ProviderFault as fault:
            return Examined(fault=fault.reason)

    def _check(self, settings: ProviderSettings) -> None:
        try:
            self.rules.check(settings.issuer)
        except ProviderRefused:
            detail = msg("Send the issuer's address here, which begins with https://.")
            raise ValidationFailed([FieldError("/issuer", "issuer_expected", detail)]) from None
        portals = [match.portal for match in settings.portals]
        if len(set(portals)) != len(portals):
            raise ValidationFailed([FieldError("/portals", "portal_twice", msg("Name each portal once."))])

    def _write(self, stored: SsoProvider, settings: ProviderSettings) -> Sequence[str]:
        """Gives the names of what is another now."""
        values = {
            "label": settings.label,
            "issuer": settings.issuer,
            "client_id": settings.client_id,
            "scopes": " ".join(dict.fromkeys(("openid", *settings.scopes))),
            "portals": [
                {"portal": m.portal.value, "claim": m.claim, "identifier": m.identifier.value} for m in settings.portals
            ],
            "required_claims": [vars(required) for required in settings.required_claims],
            "makes_accounts": settings.makes_accounts,
            "trusts_mfa": settings.trusts_mfa,
            "enabled": settings.enabled,
            **self._secret(stored, settings),
        }
        changed = [name for name, value in values.items() if getattr(stored, name) != value]
        for name in changed:
            setattr(stored, name, values[name])
        return changed

    def _secret(self, stored: SsoProvider, settings: ProviderSettings) -> Mapping[str, Any]:
        """A secret goes to no other issuer than the one that it was typed for."""
        before = self.digests.unseal(stored.sealed_secret) if stored.sealed_secret else None
        secret = settings.client_secret
        if secret is None and stored.issuer != settings.issuer:
            return {"sealed_secret": None}
        if secret is None or secret == before:
            return {}
        return {"sealed_secret": self.digests.seal(secret) if secret else None}


async def _stored(session: AsyncSession, clerk: Clerk, name: str) -> SsoProvider | None:
    whose = (SsoProvider.district_id == clerk.district_id, SsoProvider.name == name)
    found: SsoProvider | None = await session.scalar(select(SsoProvider).where(*whose).with_for_update())
    return found


async def _require_room(session: AsyncSession, clerk: Clerk) -> None:
    mine = select(func.count()).select_from(SsoProvider).where(SsoProvider.district_id == clerk.district_id)
    if (await session.scalar(mine) or 0) >= MOST_PROVIDERS:
        detail = msg("A district has {max} providers at most.")
        raise ValidationFailed([FieldError("", "too_many", detail, {"max": MOST_PROVIDERS})])
