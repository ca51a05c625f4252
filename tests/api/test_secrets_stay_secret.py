"""Whatever somebody sends as a secret, and whatever secret he is given, stands in no refusal, no log line and no metric (D38)."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from app.clock import SystemClock
from app.database import Database
from app.settings import Settings
from tests.support.office import Office
from tests.support.portal import User, serving
from tests.support.processes import server_processes

MARK = "Plant3dM4rk"


@dataclass
class Witness:
    """Sends requests full of marks and keeps what came back."""

    http: httpx.AsyncClient
    refusals: list[httpx.Response] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    """What was given to the client: it may stand in that one answer only."""

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = await self.http.request(method, path, **options)
        if answer.is_success and answer.content:
            session = answer.json()
            self.secrets |= {
                session[name] for name in ("access_token", "refresh_token", "device_token") if name in session
            }
        elif answer.is_error:
            self.refusals.append(answer)
        return answer


async def test_d38_no_secret_leaves_by_another_door(settings: Settings, tmp_path: Path) -> None:
    async with serving(settings, SystemClock()) as server:
        office = await Office.open(server)
        maria, rosa = await office.parent(f"Maria{MARK} Lopez"), await office.parent(f"Rosa{MARK} Diaz")
    with server_processes(settings, tmp_path) as (process,):
        async with httpx.AsyncClient(base_url=process.url) as http:
            witness = Witness(http)
            await good_and_refused_requests(witness, maria)
            await lose_accounts(settings)
            await requests_that_fail(witness, rosa)
            metrics = (await http.get("/metrics")).text
    log = process.log.read_text()
    statuses = {answer.status_code for answer in witness.refusals}
    assert statuses == {400, 401, 403, 404, 405, 409, 413, 415, 422, 500}
    assert log.count("status=500") == 4, "the log tells what happened"
    assert all(f"request_id={answer.headers['x-request-id']}" in log for answer in witness.refusals)
    secrets = {MARK, MARK.lower(), maria.key, rosa.key, rosa.password, *witness.secrets}
    for secret in secrets:
        assert secret not in log
        assert secret not in metrics
        assert not [answer.request.url for answer in witness.refusals if secret in answer.text + str(answer.headers)]


async def good_and_refused_requests(witness: Witness, maria: User) -> None:
    device = {"name": MARK, "installation_id": MARK, "device_token": MARK}
    secret_words = {
        "password": f"{MARK} password",
        "password_confirm": f"{MARK} password",
        "recovery_email": f"{MARK}@mail.example.org",
        "device": device,
    }
    body = {**maria.activation(), **secret_words, "username": f"{MARK}1"}
    headers = {"Idempotency-Key": MARK, "X-Client": MARK, "Accept-Language": MARK, "User-Agent": MARK}
    for wrong in (
        {"activation_key": MARK},
        {"password": MARK[:5]},
        {"password_confirm": f"{MARK} other"},
        {"username": f"{MARK} {MARK}"},
        {"recovery_email": MARK},
        {"locale": f"{MARK}!"},
        {"secret": MARK},
        {"device": MARK},
        {"district": MARK},
        {"password": {"value": MARK}},
    ):
        await witness.send("POST", "/activate", json={**body, **wrong}, headers=headers)
    await witness.send("POST", "/activate/verify", json={"district": "jackson", "activation_key": MARK})
    session = (await witness.send("POST", "/activate", json=body, headers=headers)).json()
    await witness.send("POST", "/activate", json=body)
    await witness.send("POST", "/activate", json={**body, "password": f"{MARK}!!", "username": "x1"}, headers=headers)
    who = {"district": "jackson", "portal": "parent", "username": f"{MARK}1", "password": f"{MARK} password"}
    for changes in ({}, {"password": f"{MARK} wrong"}, {"username": f"{MARK}2"}, {"portal": MARK}, {"otp": MARK}):
        await witness.send("POST", "/login", json={**who, **changes})
    bearer = {"Authorization": f"Bearer {session['access_token']}"}
    await witness.send("POST", "/login/refresh", json={"refresh_token": f"crt_{MARK}"})
    await witness.send("POST", "/login/refresh", json={"refresh_token": session["refresh_token"]})
    await witness.send("PATCH", "/me", json={"locale": "es", "password": MARK}, headers=bearer)
    await witness.send("GET", "/me/students", headers=bearer)
    await witness.send("POST", "/login/logout", headers=bearer)
    await witness.send("GET", "/me", headers=bearer)
    await witness.send("GET", "/me", headers={"Authorization": f"Bearer {MARK}"})
    await witness.send("GET", "/me", headers={"Authorization": f"Basic {MARK}", "Cookie": f"session={MARK}"})
    await broken_requests(witness)


async def broken_requests(witness: Witness) -> None:
    """Mistakes that put secrets where nobody expects them."""
    json = {"Content-Type": "application/json"}
    await witness.send("POST", "/login", content=f'{{"password": "{MARK}"', headers=json)
    await witness.send("POST", "/login", content=f'"{MARK}"', headers=json)
    await witness.send("POST", "/login", content=f'["{MARK}"]', headers=json)
    await witness.send("POST", "/login", content=f"password={MARK}")
    await witness.send("POST", "/login", json={"password": MARK * 10_000})
    await witness.send("GET", "/login", params={"username": MARK, "password": MARK})
    await witness.send("GET", f"/activate/{MARK}", params={"key": MARK})
    await witness.send("GET", f"/districts/{MARK}")
    await witness.send("GET", "/districts", params={"cursor": MARK, "state": MARK})
    await witness.send("OPTIONS", "/login", headers={"Origin": MARK, "Access-Control-Request-Method": "POST"})


async def requests_that_fail(witness: Witness, rosa: User) -> None:
    """The accounts cannot be read: a database driver likes to quote the values that it asked for."""
    who = {"district": "jackson", "portal": "parent", "username": f"{MARK}1", "password": f"{MARK} password"}
    body = {**rosa.activation(), "username": f"{MARK}3", "recovery_email": f"{MARK}@mail.example.org"}
    for path, sent in (
        ("/login", who),
        ("/login", {**who, "password": MARK}),
        ("/login", {**who, "username": MARK}),
        ("/activate", body),
    ):
        await witness.send("POST", path, json=sent)


async def lose_accounts(settings: Settings) -> None:
    database = Database(settings)
    async with database.transaction() as session:
        await session.execute(text("ALTER TABLE accounts RENAME TO accounts_of_yesterday"))
    await database.close()
