"""The bounded pool: hashes neither stop the event loop nor pile up without end."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from app.errors import Overloaded
from app.security.hash_pool import HashPool
from app.security.hash_process import HashProcess
from app.security.hash_threads import HashThreads
from app.security.passwords import PasswordHasher

PASSWORD = "Sunny meadow 42"


@pytest.fixture(params=["threads", "process"])
async def pool(request: pytest.FixtureRequest) -> AsyncIterator[HashPool]:
    """As commands have it, and as a server in production has it."""
    computer = HashProcess(1) if request.param == "process" else HashThreads(PasswordHasher(), 1)
    pool = HashPool(computer, queue=3)
    await pool.open()
    yield pool
    await pool.close()


async def test_it_hashes_and_verifies(pool: HashPool) -> None:
    stored = await pool.hash(PASSWORD)
    assert (await pool.verify(PASSWORD, stored)).right
    assert not (await pool.verify("wrong", stored)).right
    assert not (await pool.verify(PASSWORD, None)).right


async def test_beyond_its_queue_it_refuses_at_once(pool: HashPool) -> None:
    """One runs and three wait: the fifth is told within milliseconds, before anything is computed."""
    waiting = [asyncio.create_task(pool.hash(PASSWORD)) for _ in range(4)]
    await asyncio.sleep(0)
    started = time.perf_counter()
    for refused in (pool.hash(PASSWORD), pool.verify(PASSWORD, None)):
        with pytest.raises(Overloaded):
            await refused
    assert time.perf_counter() - started < 0.05
    assert len(await asyncio.gather(*waiting)) == 4
    assert (await pool.hash(PASSWORD)).startswith("$argon2id$"), "a place became free"


async def test_the_event_loop_runs_on_while_hashes_are_computed(pool: HashPool) -> None:
    turns = 0
    hashing = asyncio.gather(*(pool.hash(PASSWORD) for _ in range(4)))
    while not hashing.done():
        turns += 1
        await asyncio.sleep(0)
    await hashing
    assert turns > 100


async def test_whoever_gives_up_leaves_his_place(pool: HashPool) -> None:
    for _ in range(10):
        impatient = asyncio.create_task(pool.hash(PASSWORD))
        await asyncio.sleep(0)
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
    assert (await pool.hash(PASSWORD)).startswith("$argon2id$")
