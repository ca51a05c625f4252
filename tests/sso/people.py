"""A district with a provider, and people with a browser and an app."""

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
from sqlalchemy import update

from app.models import Person
from app.portals import Portal
from app.services.office.sso_desk import ProviderSettings
from app.services.sso.providers import Identifier, PortalMatch
from tests.sso.lying_provider import LyingProvider
from tests.support.addresses import FromEverywhere
from tests.support.office import Office
from tests.support.portal import Server

PUBLIC_URL = "https://campus.test"
APP = "https://portal.example.org/sso"
SECRET = "a-secret-that-the-provider-gave"
CLIENT = "campus"
WRONG, DOWN = "provider_error", "provider_unavailable"
FORGOTTEN = timedelta(hours=25)
"""What is remembered of a provider, and that it failed."""
BY_SOURCED_ID = [PortalMatch(portal, "sourced_id", Identifier.SOURCED_ID) for portal in Portal]


async def with_sso(office: Office, issuer: str, name: str = "google", *, app: str = APP, **settings: Any) -> Office:
    """The district has this provider, and an app of its own."""
    await office.set("features.sso=true", f"sso.redirect_uris={app}")
    values = {"label": "Google", "portals": BY_SOURCED_ID, "client_secret": SECRET, **settings}
    typed = ProviderSettings(issuer=issuer, client_id=CLIENT, **values)
    await office.campus.sso_desk.put(office.operator, name, typed)
    return office


async def name_in_roster(office: Office, person: UUID, **columns: object) -> None:
    """What the roster says of the person."""
    async with office.campus.database.transaction() as session:
        await session.execute(update(Person).where(Person.id == person).values(**columns))


@dataclass
class Browser:
    """Somebody's browser, and an app in it that keeps its verifier."""

    server: Server
    district: str
    portal: Portal = Portal.STUDENT
    person: UUID | None = None
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = "where-i-was"
    http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        hooks = self.server.http.event_hooks
        self.http = httpx.AsyncClient(transport=FromEverywhere(self.server.app), base_url=PUBLIC_URL, event_hooks=hooks)

    @property
    def challenge(self) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")

    async def begin(self, **changes: str) -> httpx.Response:
        """The button is pressed."""
        query = {
            "portal": self.portal.value,
            "redirect_uri": APP,
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            "state": self.state,
            **changes,
        }
        wanted = {name: value for name, value in query.items() if value}
        return await self.http.get(f"/login/sso/{self.district}", params=wanted)

    async def to_provider(self, **changes: str) -> str:
        answer = await self.begin(**changes)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    async def come_back(self, url: str) -> httpx.Response:
        assert url.startswith(f"{PUBLIC_URL}/login/sso/{self.district}/"), url
        return await self.http.get(url)

    async def finish(self, url: str) -> Mapping[str, str]:
        """What the app gets when the provider sends the browser to `url`."""
        answer = await self.come_back(url)
        assert answer.status_code == 302, answer.text
        return at_app(answer)

    async def exchange(self, code: str, **changes: object) -> httpx.Response:
        body = {"district": self.district, "code": code, "code_verifier": self.verifier, **changes}
        return await self.http.post("/login/sso/exchange", json=body)


async def outcome(browser: Browser, provider: LyingProvider, **claims: object) -> str:
    """The error that Ben's app gets when he signs in, or `code`."""
    back = provider.sign_in(await browser.to_provider(), "ben", **{"sourced_id": "sis-ben", **claims})
    answer = await browser.finish(back)
    return answer.get("error", "code")


def at_app(answer: httpx.Response) -> Mapping[str, str]:
    """The parameters with which the browser is sent to the app."""
    location = answer.headers["location"]
    assert location.startswith(f"{APP}?"), location
    return query_of(location)


def query_of(url: str) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}


async def kinds(server: Server, token: str) -> Sequence[str]:
    """What the owner reads of his account."""
    answer = await server.http.get("/me/activity", headers={"Authorization": f"Bearer {token}"})
    return [item["kind"] for item in answer.json()["items"]]
