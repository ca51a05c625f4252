"""One activation key and a thousand who want it at once, over two server processes with one database (D4)."""

import asyncio
import itertools
import ssl
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from app.clock import SystemClock
from app.database import Database
from app.models import Account
from app.settings import Settings
from tests.support.office import Office
from tests.support.portal import User, hashes_in, refused, serving
from tests.support.processes import server_processes
from tests.support.served import Answering

PEOPLE = 200
ATTEMPTS_EACH = 5
MOST_HASHES = 5
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Shared, as making one takes longer than a request."""


async def test_d4_of_a_thousand_redemptions_of_one_key_exactly_one_makes_an_account(
    settings: Settings, tmp_path: Path
) -> None:
    """The winner is signed in at both processes, which share the key that signs and everything in the database."""
    maria = await a_parent(settings)
    with server_processes(settings, tmp_path, 2) as processes:
        answers = await redeem(maria, processes)
        hashes = sum([await hashes_computed(process) for process in processes])
        (session,) = [answer.json() for answer in answers if answer.is_success]
        await use_at_both(session, *map(client, processes))
    assert len(answers) == PEOPLE * ATTEMPTS_EACH
    losers = {refused(answer) for answer in answers if not answer.is_success}
    assert losers <= {(409, "in_progress"), (409, "activation_key_used")}
    assert 1 <= hashes <= MOST_HASHES
    assert await count_accounts(settings) == 1


async def a_parent(settings: Settings) -> User:
    """A parent with a key, made before any server runs."""
    async with serving(settings, SystemClock()) as server:
        return await (await Office.open(server)).parent()


async def redeem(maria: User, processes: list[Answering]) -> list[httpx.Response]:
    """Two hundred people at once, each of whom tries one name after another with the same key."""
    async with AsyncExitStack() as stack:
        people = [
            await stack.enter_async_context(client(process)) for process in processes * (PEOPLE // len(processes))
        ]

        async def try_names(number: int, person: httpx.AsyncClient) -> list[httpx.Response]:
            names = [f"wish{number}x{attempt}" for attempt in range(ATTEMPTS_EACH)]
            return [await person.post("/activate", json={**maria.activation(), "username": name}) for name in names]

        tried = await asyncio.gather(*(try_names(number, person) for number, person in enumerate(people)))
    return list(itertools.chain.from_iterable(tried))


async def use_at_both(session: dict[str, Any], first: httpx.AsyncClient, second: httpx.AsyncClient) -> None:
    bearer = {"Authorization": f"Bearer {session['access_token']}"}
    tokens = {"refresh_token": session["refresh_token"]}
    async with first, second:
        assert (await first.get("/me", headers=bearer)).status_code == 200
        refreshed = await asyncio.gather(*(each.post("/login/refresh", json=tokens) for each in [first, second] * 25))
        assert len({answer.json()["refresh_token"] for answer in refreshed}) == 1
        assert (await second.post("/login/logout", headers=bearer)).status_code == 204
        assert refused(await first.get("/me", headers=bearer)) == (401, "invalid_token")


async def hashes_computed(process: Answering) -> int:
    async with client(process) as operator:
        return hashes_in((await operator.get("/metrics")).text)


def client(process: Answering) -> httpx.AsyncClient:
    """One person's: with hundreds of connections in one pool, httpx would spend its time on looking through them."""
    return httpx.AsyncClient(base_url=process.url, timeout=60, verify=NO_TLS)


async def count_accounts(settings: Settings) -> int:
    database = Database(settings)
    async with database.reading() as connection:
        count = (await connection.execute(select(func.count()).select_from(Account))).scalar_one()
    await database.close()
    return count
