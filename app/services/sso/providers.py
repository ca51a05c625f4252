"""The providers of a district, as the office configured them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.models import SsoProvider
from app.portals import Portal
from app.security.digests import Digests
from app.sso.provider import Provider

MOST_PROVIDERS = 10
"""A district has so many at most."""


class Identifier(StrEnum):
    """What of a person in the roster a claim is compared with."""

    SOURCED_ID = "sourced_id"
    STUDENT_NUMBER = "student_number"
    STATE_ID = "state_id"
    EMAIL = "email"
    """Only an address that the provider has verified."""


@dataclass(frozen=True)
class PortalMatch:
    """How the provider's claims name people of one portal."""

    portal: Portal
    claim: str
    identifier: Identifier


@dataclass(frozen=True)
class RequiredClaim:
    """What a token must say besides, such as the tenant, where one issuer serves many."""

    claim: str
    value: str


@dataclass(frozen=True)
class DistrictProvider:
    """One provider of a district, complete."""

    id: UUID
    district_id: str
    name: str
    label: str
    portals: Sequence[PortalMatch]
    required_claims: Sequence[RequiredClaim]
    makes_accounts: bool
    trusts_mfa: bool
    enabled: bool
    provider: Provider

    def match_for(self, portal: Portal) -> PortalMatch | None:
        return next((match for match in self.portals if match.portal is portal), None)


@dataclass(frozen=True)
class SsoButton:
    """What an app shows on its sign-in page."""

    name: str
    label: str
    portals: Sequence[Portal]


@dataclass(frozen=True)
class DistrictProviders:
    digests: Digests
    public_url: str

    async def all_of(self, connection: AsyncConnection | AsyncSession, district_id: str) -> list[DistrictProvider]:
        """Those that are switched off, too, by name."""
        columns = SsoProvider.__table__.columns
        query = select(*columns).where(SsoProvider.district_id == district_id).order_by(SsoProvider.name)
        return [self.complete(row) for row in await connection.execute(query)]

    async def find(
        self, connection: AsyncConnection | AsyncSession, district_id: str, portal: Portal, name: str | None
    ) -> DistrictProvider | None:
        """The provider of that name, or the first, which opens the portal and is switched on."""
        return next(
            (
                one
                for one in await self.all_of(connection, district_id)
                if one.enabled and one.match_for(portal) and name in {None, one.name}
            ),
            None,
        )

    def complete(self, row: Any) -> DistrictProvider:
        """From a row of the table."""
        secret = self.digests.unseal(row.sealed_secret) if row.sealed_secret else None
        return DistrictProvider(
            id=row.id,
            district_id=row.district_id,
            name=row.name,
            label=row.label,
            portals=[_match(stored) for stored in row.portals],
            required_claims=[RequiredClaim(**stored) for stored in row.required_claims],
            makes_accounts=row.makes_accounts,
            trusts_mfa=row.trusts_mfa,
            enabled=row.enabled,
            provider=Provider(
                issuer=row.issuer,
                client_id=row.client_id,
                client_secret=secret,
                scopes=tuple(row.scopes.split()),
                callback_url=self.callback_url(row.district_id, row.name),
            ),
        )

    def callback_url(self, district_id: str, name: str) -> str:
        """An address for each provider, so that the answer of one cannot be taken to another (RFC 9700, section 4.4)."""
        return f"{self.public_url}/login/sso/{district_id}/{name}/callback"


async def buttons_of(
    connection: AsyncConnection | AsyncSession, district_id: str, offered: Sequence[Portal]
) -> list[SsoButton]:
    """What the login screen shows: the providers that are switched on, each with those of its portals that the district has."""
    query = (
        select(SsoProvider.name, SsoProvider.label, SsoProvider.portals)
        .where(SsoProvider.district_id == district_id, SsoProvider.enabled.is_(True))
        .order_by(SsoProvider.name)
    )
    buttons = [
        SsoButton(row.name, row.label, [match.portal for match in map(_match, row.portals) if match.portal in offered])
        for row in await connection.execute(query)
    ]
    return [button for button in buttons if button.portals]


def _match(stored: Mapping[str, str]) -> PortalMatch:
    return PortalMatch(Portal(stored["portal"]), stored["claim"], Identifier(stored["identifier"]))
