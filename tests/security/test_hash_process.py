"""The process that hashes for a server: it may be killed or hang, and knows nothing that it need not know."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import bcrypt
import pytest
import uvloop

from app.errors import Overloaded
from app.security.hash_process import HashProcess
from app.security.hashing import NICENESS

PASSWORD = "Sunny meadow 42"
LOSSES = 5


@pytest.fixture
async def hashes() -> AsyncIterator[HashProcess]:
    hashes = HashProcess(2)
    await hashes.open()
    yield hashes
    await hashes.close()


async def test_a_hash_of_another_service_is_verified_and_replaced(hashes: HashProcess) -> None:
    verdict = await hashes.verify(PASSWORD, bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode())
    assert verdict.right
    assert verdict.upgraded
    assert (await hashes.verify(PASSWORD, verdict.upgraded)).upgraded is None


async def test_any_text_is_a_password(hashes: HashProcess) -> None:
    strange = '\u00fc\n\0 \U0001f9ed "quoted"'
    assert (await hashes.verify(strange, await hashes.hash(strange))).right


async def test_a_question_that_has_no_answer_says_so_and_ends_nothing(hashes: HashProcess) -> None:
    with pytest.raises(RuntimeError, match="UnicodeEncodeError"):
        await hashes.hash("half of a pair: \ud83d")
    assert (await hashes.hash(PASSWORD)).startswith("$argon2id$")


async def test_who_waits_when_it_is_killed_may_come_again_and_another_one_serves_him(hashes: HashProcess) -> None:
    waiting = [asyncio.create_task(hashes.hash(PASSWORD)) for _ in range(4)]
    await asyncio.sleep(0)
    os.kill(process_of(hashes), signal.SIGKILL)
    told = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(each) for each in told} <= {Overloaded, str}
    assert Overloaded in {type(each) for each in told}
    assert (await hashes.hash(PASSWORD)).startswith("$argon2id$")


def test_whoever_asks_while_it_is_being_lost_may_come_again() -> None:
    """On the loop of production, which closes the pipe a turn before it tells of the loss: somebody asks in every turn."""

    async def lose_and_ask() -> list[str | BaseException]:
        hashes, asked = HashProcess(1), []
        for _ in range(LOSSES):
            await hashes.hash(PASSWORD)
            os.kill(process_of(hashes), signal.SIGKILL)
            told: list[asyncio.Task[str]] = []
            while not any(one.done() for one in told):
                told.append(asyncio.create_task(hashes.hash(PASSWORD)))
                await asyncio.sleep(0)
            asked += told
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        await hashes.close()
        return outcomes

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert {type(each) for each in runner.run(lose_and_ask())} <= {Overloaded, str}


async def test_one_that_hangs_is_replaced() -> None:
    hashes = HashProcess(1, patience_s=1.5)
    await hashes.hash(PASSWORD)
    os.kill(process_of(hashes), signal.SIGSTOP)
    with pytest.raises(Overloaded):
        await hashes.hash(PASSWORD)
    assert (await hashes.hash(PASSWORD)).startswith("$argon2id$")
    await hashes.close()


async def test_it_goes_last_and_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPUS_SECRET_KEYS", "a key that only the server needs")
    hashes = HashProcess(1)
    await hashes.hash(PASSWORD)
    assert "CAMPUS_" not in told_of(process_of(hashes), "environ")
    assert os.getpriority(os.PRIO_PROCESS, process_of(hashes)) == NICENESS
    await hashes.close()


async def test_told_to_stop_it_serves_on_until_its_server_ends(hashes: HashProcess) -> None:
    await hashes.hash(PASSWORD)
    os.kill(process_of(hashes), signal.SIGTERM)
    os.kill(process_of(hashes), signal.SIGINT)
    assert (await hashes.hash(PASSWORD)).startswith("$argon2id$")


def test_it_ends_with_a_server_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, text=True) as server:  # noqa: S603  # our own program
        assert server.stdout
        number = int(server.stdout.readline())
        server.kill()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{number}/stat").exists():
        assert time.monotonic() < deadline, "it runs on without a server"
        time.sleep(0.02)


_SERVER = """
import asyncio
from app.security.hash_process import HashProcess

async def serve():
    hashes = HashProcess(1)
    await hashes.hash("Sunny meadow 42")
    print(hashes.process_id, flush=True)
    await asyncio.sleep(60)

asyncio.run(serve())
"""


def told_of(process: int, file: str) -> str:
    return Path(f"/proc/{process}/{file}").read_text(encoding="utf-8")


def process_of(hashes: HashProcess) -> int:
    assert hashes.process_id
    return hashes.process_id
