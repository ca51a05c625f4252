"""While the database is gone everybody is told to try again, nobody sees a fault of ours, and nobody has to restart anything."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from app.clock import ManualClock
from app.security.signing_keys import SigningKeyPair
from app.settings import Settings
from tests.support.engines import postgresql_only, sqlite_only
from tests.support.gate import GatedHashPool
from tests.support.office import Office
from tests.support.portal import User, refused, serving
from tests.support.severable import Line, line_to

BUSY = (503, "overloaded")
ONCE = {"Idempotency-Key": "6f1c2e3d-once"}
ORIGIN = {"Origin": "https://portal.example.org"}


@pytest.fixture
async def line(settings: Settings) -> AsyncIterator[Line]:
    async with line_to(settings.database_url) as line:
        yield line


@pytest.fixture
async def maria(settings: Settings, clock: ManualClock, line: Line) -> AsyncIterator[User]:
    """A signed-in parent; her server reaches its database over the line."""
    async with serving(settings.model_copy(update={"database_url": line.url}), clock) as server:
        office = await Office.open(server)
        await office.set("origins=https://portal.example.org")
        maria = await office.parent()
        await maria.activate()
        yield maria


async def everything(maria: User) -> list[httpx.Response]:
    """One request of every kind that needs the database."""
    return [
        await maria.http.get("/districts", headers=ORIGIN),
        await maria.http.get("/districts/jackson"),
        await maria.verify(),
        await maria.on_another_device().activate(username="another1"),
        await maria.on_another_device().sign_in(),
        await maria.on_another_device().refresh(maria.session["refresh_token"]),
        await maria.me(),
        await maria.ask("GET", "/me/students"),
        await maria.ask("PATCH", "/me", json={"locale": "es"}),
    ]


@postgresql_only
async def test_a_lost_server_is_told_as_try_again_and_heals_by_itself(maria: User, line: Line) -> None:
    assert (await maria.http.get("/districts", headers=ORIGIN)).headers["access-control-allow-origin"]
    await line.cut()
    answers = await everything(maria)
    assert [refused(answer) for answer in answers] == [BUSY] * len(answers)
    assert {answer.headers["retry-after"] for answer in answers} == {"2"}
    assert answers[0].headers["access-control-allow-origin"] == ORIGIN["Origin"], "a front end sees the 503 too"
    assert (await maria.http.get("/healthz")).status_code == 200
    ready = await maria.http.get("/readyz")
    assert refused(ready) == (503, "not_ready")
    assert ready.json()["checks"]["database"] == "unreachable"
    await line.mend()
    statuses = [answer.status_code for answer in await everything(maria)]
    assert statuses == [200, 200, 409, 409, 200, 200, 200, 200, 200]
    assert (await maria.http.get("/readyz")).status_code == 200


@postgresql_only
async def test_a_server_lost_among_many_requests_harms_none_of_them_for_long(maria: User, line: Line) -> None:
    """Each of them works or is told to try again (or to solve a CAPTCHA first, as so many try her password), and the session survives."""
    running = [asyncio.create_task(everything(maria)) for _ in range(10)]
    await asyncio.sleep(0.03)
    await line.cut()
    await line.mend()
    for answers in await asyncio.gather(*running):
        assert {answer.status_code for answer in answers} <= {200, 403, 409, 503}
    assert (await maria.refresh()).status_code == 200
    assert await maria.students() == ["Ana", "Ben"]


@postgresql_only
async def test_a_key_survives_a_server_lost_during_its_redemption(maria: User, line: Line, clock: ManualClock) -> None:
    """Nobody could give the key back, so it is held for thirty seconds; then it opens the account."""
    gate = GatedHashPool()
    maria.server.use_hash_pool(gate)
    (rosa,) = await Office(maria.server, "jackson").parents(1)
    redeeming = asyncio.create_task(rosa.activate(ONCE))
    go = await gate.arrival()
    await line.cut()
    go.set()
    assert refused(await redeeming) == BUSY
    await line.mend()
    assert refused(await rosa.activate(ONCE)) == (409, "idempotency_in_progress")
    assert refused(await rosa.activate()) == (409, "in_progress")
    clock.advance(timedelta(seconds=31))
    assert (await gate.let_through(rosa.activate(ONCE))).status_code == 201
    await gate.close()


@postgresql_only
async def test_a_process_starts_without_its_database_and_waits_for_it(
    settings: Settings, clock: ManualClock, line: Line
) -> None:
    """As its keys are configured. What was kept of older ones is read when the database is back; before that no key counts as unknown."""
    newer, signing = SecretStr("a-key-that-is-newer-than-the-others-0123456"), SigningKeyPair.generate().private_pem
    async with serving(settings, clock) as server:
        maria = await (await Office.open(server)).parent()
    async with serving(settings.model_copy(update={"secret_keys": (newer, *settings.secret_keys)}), clock) as server:
        await server.campus.resealing.reseal()
    await line.cut()
    changes = {"secret_keys": (newer,), "signing_keys": (SecretStr(signing),), "database_url": line.url}
    async with serving(settings.model_copy(update=changes), clock) as server:
        maria.server = server
        assert refused(await maria.verify()) == BUSY
        await line.mend()
        while (answer := await maria.verify()).status_code != 200:
            assert refused(answer) == BUSY
            await asyncio.sleep(0.05)


@sqlite_only
async def test_a_file_that_cannot_be_opened_is_told_as_try_again_and_heals_by_itself(
    settings: Settings, clock: ManualClock
) -> None:
    path = settings.sqlite_path
    async with serving(settings, clock) as server:
        for engine in (server.campus.database.reader, server.campus.database.writer):
            await engine.dispose()  # connections of the start
        aside = path.rename(path.with_suffix(".aside"))
        path.mkdir()
        for address in ("/districts", "/districts/jackson"):
            answer = await server.http.get(address)
            assert refused(answer) == BUSY
            assert answer.headers["retry-after"] == "2"
        assert refused(await server.http.get("/readyz")) == (503, "not_ready")
        path.rmdir()
        aside.rename(path)
        maria = await (await Office.open(server)).parent()
        assert (await maria.activate()).status_code == 201
