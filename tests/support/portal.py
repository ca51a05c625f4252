"""The service as its users meet it: the real app with all its middleware, and people with an app in their hands."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Self
from uuid import UUID

import httpx
from fastapi import FastAPI

from app.clock import Clock
from app.composition import Campus
from app.main import create_app
from app.portals import Portal
from app.security.hash_pool import HashPool
from app.settings import Settings
from tests.support.addresses import FromEverywhere, from_one
from tests.support.documented import Documented
from tests.support.warm_statements import share_statements

PASSWORD = "Sunny meadow 42"
BASE_URL = "http://campus.test"


@dataclass(frozen=True)
class Server:
    app: FastAPI
    http: httpx.AsyncClient

    @property
    def campus(self) -> Campus:
        """The wired product behind the HTTP interface."""
        campus: Campus = self.app.state.campus
        return campus

    def use_hash_pool(self, pool: HashPool) -> None:
        """From now on every flow that hashes does it in `pool`."""
        campus = self.campus
        repeat = replace(campus.activation.repeat, hash_pool=pool)
        self.app.state.campus = replace(
            campus,
            hash_pool=pool,
            guard=replace(campus.guard, hash_pool=pool),
            activation=replace(campus.activation, hash_pool=pool, repeat=repeat),
            login=replace(campus.login, hash_pool=pool),
        )

    def at(self, address: str) -> httpx.AsyncClient:
        """A client that asks from this address only."""
        hooks = {"response": [_documented().check]}
        return httpx.AsyncClient(transport=from_one(self.app, address), base_url=BASE_URL, event_hooks=hooks)

    async def hashes_computed(self) -> int:
        """Password hashes and verifications of this process until now, as its operator sees them."""
        return hashes_in((await self.http.get("/metrics")).text)


@asynccontextmanager
async def serving(settings: Settings, clock: Clock) -> AsyncIterator[Server]:
    """The app as its server runs it; each request comes from another address, every answer is held against its specification."""
    app = create_app(settings, clock=clock)
    http = httpx.AsyncClient(
        transport=FromEverywhere(app), base_url=BASE_URL, event_hooks={"response": [_documented().check]}
    )
    async with app.router.lifespan_context(app), http:
        share_statements(app.state.campus.database)
        yield Server(app, http)


@cache
def _documented() -> Documented:
    """Made once for all tests, as the specification depends on no setting."""
    return Documented(create_app(Settings()).openapi())


@dataclass
class User:
    """A person with an app: what she types is kept here, and so are the tokens that her app got last."""

    server: Server
    district: str
    portal: Portal
    person_id: UUID
    username: str
    key: str = ""
    password: str = PASSWORD
    session: dict[str, Any] = field(default_factory=dict)

    @property
    def http(self) -> httpx.AsyncClient:
        return self.server.http

    async def verify(self, **changes: object) -> httpx.Response:
        body = {"district": self.district, "activation_key": self.key, **changes}
        return await self.http.post("/activate/verify", json=body)

    async def activate(
        self, headers: Mapping[str, str] | Mapping[bytes, bytes] | None = None, /, **changes: object
    ) -> httpx.Response:
        body = {**self.activation(), **changes}
        return self._keep(await self.http.post("/activate", json=body, headers=headers))

    def activation(self) -> dict[str, object]:
        """What she types to turn her key into an account."""
        return {
            "district": self.district,
            "activation_key": self.key,
            "username": self.username,
            "password": self.password,
            "password_confirm": self.password,
        }

    async def sign_in(self, **changes: object) -> httpx.Response:
        who = {"district": self.district, "portal": self.portal, "username": self.username, "password": self.password}
        return self._keep(await self.http.post("/login", json={**who, **changes}))

    async def refresh(self, token: str | None = None) -> httpx.Response:
        body = {"refresh_token": token or self.session["refresh_token"]}
        return self._keep(await self.http.post("/login/refresh", json=body))

    async def sign_out(self) -> httpx.Response:
        return await self.ask("POST", "/login/logout")

    async def me(self) -> httpx.Response:
        return await self.ask("GET", "/me")

    async def students(self) -> list[str]:
        """The first names that her app shows."""
        answer = await self.ask("GET", "/me/students")
        return [student["first_name"] for student in answer.json()["items"]]

    async def sessions(self) -> list[dict[str, Any]]:
        answer = await self.ask("GET", "/me/sessions")
        return list(answer.json()["items"])

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request with the access token."""
        headers = {"Authorization": f"Bearer {self.session['access_token']}", **options.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **options)

    def on_another_device(self) -> Self:
        """The same person with the same words, and an app that knows no tokens."""
        return replace(self, session={})

    def _keep(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_success:
            self.session = {**self.session, **answer.json()}
        return answer


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which is a problem as the contract (section 2) describes it."""
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-language"]
    assert problem["status"] == answer.status_code
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["type"] == "/problems/" + problem["code"].replace("_", "-")
    assert problem["title"]
    assert problem["detail"]
    return answer.status_code, problem["code"]


def faults(answer: httpx.Response) -> dict[tuple[str, str], dict[str, Any]]:
    """What a validation refusal says of each field: its numbers, by pointer and code."""
    assert refused(answer) == (422, "validation_failed")
    errors = answer.json()["errors"]
    assert all(error["detail"] for error in errors)
    return {(error["pointer"], error["code"]): error.get("params", {}) for error in errors}


def hashes_in(metrics: str) -> int:
    """Password hashes and verifications that a process counted."""
    lines = (line for line in metrics.splitlines() if line.startswith("campus_password_hashes_total"))
    return int(sum(float(line.rpartition(" ")[2]) for line in lines))
