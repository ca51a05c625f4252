"""Every operation has a limit, and each of them was met: an operation that is added without one fails here (D17)."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from app.main import create_app
from app.route_guards import Budget
from app.settings import Settings
from tests.guard.crowd import LIMITED, Standing, at, everybody, is_limited, limiting
from tests.support.engines import sqlite_only
from tests.support.forgery import encoded, json_part, parts_of
from tests.support.office import Office
from tests.support.portal import Server, User, refused

RATES = {Budget.LOGIN: 2, Budget.ACTIVATE: 3, Budget.RECOVERY: 4, Budget.PUBLIC: 5, Budget.SESSION: 6}
"""All different, so that an answer shows which of them counted."""
UNLIMITED = {"GET /healthz", "GET /readyz"}
NOT_IN_THE_SPECIFICATION = {"/metrics"}
RECOVERY = ("/password-reset", "/username-recovery", "/recovery-email/confirm", "/security/dispute")


@dataclass(frozen=True)
class Operation:
    """One of the specification."""

    id: str
    method: str
    path: str
    stated: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def budget(self) -> Budget | None:
        """What the contract, section 8, says."""
        if str(self) in UNLIMITED:
            return None
        if self.stated["security"] == [{"accessToken": []}]:
            return Budget.SESSION
        if str(self) in {"POST /login", "POST /login/passkey"} or self.path.startswith("/login/sso"):
            return Budget.LOGIN
        if self.path.startswith("/activate"):
            return Budget.ACTIVATE
        return Budget.RECOVERY if self.path.startswith(RECOVERY) else Budget.PUBLIC

    async def call(self, app: httpx.AsyncClient) -> httpx.Response:
        """Asks for it with nothing in hand."""
        return await app.request(self.method, filled(self.path), json={} if "requestBody" in self.stated else None)


def operations(app: FastAPI) -> list[Operation]:
    return [
        Operation(stated["operationId"], method.upper(), path, stated)
        for path, methods in app.openapi()["paths"].items()
        for method, stated in methods.items()
    ]


def filled(path: str) -> str:
    return re.sub(r"{[^}]*}", "anything", path)


def settings_with(rates: dict[Budget, int]) -> dict[str, int]:
    return {f"rate_{budget}": rate for budget, rate in rates.items()}


def test_an_operator_who_says_nothing_has_the_numbers_of_the_contract() -> None:
    settings = Settings()
    assert {budget: getattr(settings, f"rate_{budget}") for budget in RATES} == {
        Budget.LOGIN: 120,
        Budget.ACTIVATE: 60,
        Budget.RECOVERY: 30,
        Budget.PUBLIC: 300,
        Budget.SESSION: 300,
    }
    assert 300 < settings.rate_district < settings.rate_everyone


def test_d17_every_operation_declares_its_budget() -> None:
    """Nothing falls back to the default by having been forgotten; that is there for what is no operation."""
    app = create_app(Settings())
    endpoints = {route.endpoint for route in iter_route_contexts(app.routes) if route.include_in_schema}
    declared = {endpoint.__name__: endpoint.__dict__.get("limits") for endpoint in endpoints if endpoint}
    assert len(declared) == len(operations(app))
    assert [name for name, limits in declared.items() if limits is None] == []
    assert sorted(name for name, limits in declared.items() if limits == ()) == ["get_health", "get_readiness"]


@sqlite_only
async def test_d17_every_operation_ends_in_a_real_429(settings: Settings) -> None:
    """Each is asked from an address of its own until it refuses, in the words of the contract."""
    async with limiting(settings, **settings_with(RATES)) as server:
        found = operations(server.app)
        for operation, app in zip(found, everybody(server), strict=False):
            if operation.budget:
                await drive_to_its_limit(operation, app, operation.budget)
        assert {str(operation) for operation in found if operation.budget is None} == UNLIMITED
    assert len(found) > 20


async def drive_to_its_limit(operation: Operation, app: httpx.AsyncClient, budget: Budget) -> None:
    rate = RATES[budget]
    answers = [await operation.call(app) for _ in range(rate + 2)]
    assert [is_limited(answer) for answer in answers] == [False] * rate + [True] * 2, operation
    standings = [Standing.of(answer) for answer in answers]
    assert {(standing.limit, standing.quota, standing.window_s) for standing in standings} == {(budget, rate, 60)}
    assert [standing.remaining for standing in standings] == [*range(rate - 1, -1, -1), 0, 0], operation


@sqlite_only
async def test_what_an_operators_machines_ask_has_no_limit(settings: Settings) -> None:
    """And is asked in vain by no other method."""
    async with limiting(settings, rate_public=1) as server:
        app = at(server)
        for path in ("/healthz", "/readyz", "/metrics"):
            answers = [await app.get(path) for _ in range(20)]
            assert Counter(answer.status_code for answer in answers) == {200: 20}
            assert not {"ratelimit", "ratelimit-policy"} & answers[0].headers.keys()
        assert refused(await app.post("/healthz")) == (405, "method_not_allowed")
        assert refused(await app.post("/healthz")) == LIMITED


@sqlite_only
async def test_what_is_no_operation_is_limited_too(settings: Settings) -> None:
    """The pages, the specification, its documentation, and whatever is not there."""
    async with limiting(settings, rate_public=2) as server:
        routes = list(iter_route_contexts(server.app.routes))
        hidden = {route.path_format or "" for route in routes if not route.include_in_schema}
        assert {"/reset-password", "/activate", "/openapi.json", "/docs", "/pages/assets/{name}"} <= hidden
        paths = [*sorted(hidden - NOT_IN_THE_SPECIFICATION), "/", "/nowhere", "/login/nowhere", "/.env", "/metrics/"]
        for path, app in zip(paths, everybody(server), strict=False):
            answers = [await app.get(filled(path)) for _ in range(3)]
            assert [is_limited(answer) for answer in answers] == [False, False, True], path
        assert len(routes) == len(hidden) + len(operations(server.app))


@sqlite_only
async def test_operations_share_the_budget_that_they_name(settings: Settings) -> None:
    """Whoever spends his minute at one of them has spent it for the others, and for nothing else."""
    async with limiting(settings, **settings_with(RATES)) as server:
        app = at(server)
        for budget, rate in RATES.items():
            shared = [operation for operation in operations(server.app) if operation.budget is budget]
            answers = [await shared[number % len(shared)].call(app) for number in range(rate + 1)]
            assert [is_limited(answer) for answer in answers] == [False] * rate + [True], budget


async def test_a_session_has_a_budget_of_its_own(settings: Settings) -> None:
    """Another session of the same person at the same address is not touched, nor is the address."""
    async with limiting(settings, rate_session=5) as server:
        phone, laptop = await signed_in_twice(server)
        mine = [phone.me, phone.students, phone.sessions, phone.me, phone.me]
        for ask in mine:
            await ask()
        assert is_limited(await phone.me())
        assert is_limited(await phone.ask("PATCH", "/me", json={}))
        assert not is_limited(await laptop.me())
        assert not is_limited(await at(server).get("/me"))
        elsewhere = {"Authorization": f"Bearer {phone.session['access_token']}"}
        assert is_limited(await at(server, "203.0.113.9").get("/me", headers=elsewhere)), "it goes where its owner goes"
        assert (await phone.refresh()).status_code == 200
        assert is_limited(await phone.me()), "a new access token is the same session"


@sqlite_only
async def test_a_token_that_is_not_genuine_counts_for_its_address(settings: Settings) -> None:
    """A new forgery with each request is one visitor, whose victim may go on."""
    async with limiting(settings, rate_session=5) as server:
        phone, _ = await signed_in_twice(server)
        forger = at(server, "203.0.113.66")
        forged = [await forger.get("/me", headers=header) for header in forgeries(phone.session["access_token"])]
        assert [is_limited(answer) for answer in forged] == [False] * 5 + [True] * (len(forged) - 5)
        assert {answer.status_code for answer in forged} == {401, 429}
        assert not is_limited(await phone.me())
        assert is_limited(await forger.get("/me")), "no token at all counts together with them"


def forgeries(token: str) -> list[dict[str, str]]:
    header, claims = parts_of(token)
    signature = token.rpartition(".")[2]
    texts = ["", "x", "a.b.c", token[:-8] + "AAAAAAAA", f"{json_part({**header, 'alg': 'none'})}.{json_part(claims)}."]
    texts += [f"{json_part(header)}.{json_part({**claims, 'sid': encoded(bytes([n]))})}.{signature}" for n in range(3)]
    return [{"Authorization": f"Bearer {text}"} for text in texts] + [{"Authorization": f"Basic {token}"}]


@sqlite_only
async def test_a_session_that_has_ended_keeps_its_budget(settings: Settings) -> None:
    async with limiting(settings, rate_session=3) as server:
        phone, laptop = await signed_in_twice(server)
        assert (await phone.sign_out()).status_code == 204
        assert [(await phone.me()).status_code for _ in range(4)] == [401, 401, 401, 429]
        assert (await laptop.me()).status_code == 200


async def signed_in_twice(server: Server) -> tuple[User, User]:
    """One parent with two apps, both at one address."""
    home = Server(server.app, at(server))
    maria = await Office(home, "jackson").parent()
    assert (await maria.activate()).status_code == 201
    laptop = maria.on_another_device()
    assert (await laptop.sign_in()).status_code == 200
    return maria, laptop
