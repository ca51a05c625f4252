"""The process that hashes for a server: it may be killed or hang, and knows nothing that it need not know."""

import asyncio
import os
import signal
import subprocess
import sys
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


@pytest.mark.parametrize("is_forked", [False, True], ids=["itself", "one that it forked"])
async def test_who_waits_when_it_is_killed_may_come_again_and_another_one_serves_him(
    hashes: HashProcess, is_forked: bool
) -> None:
    await hashes.hash(PASSWORD)
    first, forked = process_of(hashes), forked_by(process_of(hashes))
    waiting = [asyncio.create_task(hashes.hash(PASSWORD)) for _ in range(4)]
    await asyncio.sleep(0)
    os.kill(forked[0] if is_forked else first, signal.SIGKILL)
    told = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(each) for each in told} <= {Overloaded, str}
    assert Overloaded in {type(each) for each in told}
    assert (await hashes.hash(PASSWORD)).startswith("$argon2id$")
    assert process_of(hashes) != first
    await are_gone(first, *forked)


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
    hashes = HashProcess(2)
    await hashes.hash(PASSWORD)
    for process in (process_of(hashes), *forked_by(process_of(hashes))):
        assert "CAMPUS_" not in told_of(process, "environ")
        assert os.getpriority(os.PRIO_PROCESS, process) == NICENESS
    await hashes.close()


async def test_told_to_stop_it_serves_on_until_its_server_ends(hashes: HashProcess) -> None:
    await hashes.hash(PASSWORD)
    for process in (process_of(hashes), *forked_by(process_of(hashes))):
        os.kill(process, signal.SIGTERM)
        os.kill(process, signal.SIGINT)
    assert (await hashes.hash(PASSWORD)).startswith("$argon2id$")


async def test_it_ends_with_a_server_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, text=True) as server:  # noqa: S603, ASYNC220  # our own program, which answers at once
        assert server.stdout
        process = int(server.stdout.readline())
        forked = forked_by(process)
        server.kill()
    assert len(forked) == 2
    await are_gone(process, *forked)


async def test_hashes_are_computed_at_once_by_as_many_as_were_asked_for(hashes: HashProcess) -> None:
    """Each in a process of its own: threads of one wait for one another while the system gives them their memory."""
    computed = await asyncio.gather(*(hashes.hash(PASSWORD) for _ in range(20)))
    assert len({each.split("$")[-2] for each in computed}) == 20, "each with a salt of its own, whoever made it"
    forked = forked_by(process_of(hashes))
    assert len(forked) == hashes.at_once
    assert all(told_of(process, "status").count("Threads:\t1\n") for process in forked)
    assert all(processor_seconds(process) > 0 for process in forked)


_SERVER = """
import asyncio
from app.security.hash_process import HashProcess

async def serve():
    hashes = HashProcess(2)
    await hashes.hash("Sunny meadow 42")
    print(hashes.process_id, flush=True)
    await asyncio.sleep(60)

asyncio.run(serve())
"""


async def are_gone(*processes: int) -> None:
    async with asyncio.timeout(10):
        while any(map(runs, processes)):  # noqa: ASYNC110  # what is not our child makes no events
            await asyncio.sleep(0.02)


def runs(process: int) -> bool:
    """It may wait for somebody to take note of its end."""
    try:
        return "State:\tZ" not in told_of(process, "status")
    except (FileNotFoundError, ProcessLookupError):
        return False


def forked_by(process: int) -> list[int]:
    return [int(child) for child in told_of(process, f"task/{process}/children").split()]


def processor_seconds(process: int) -> float:
    return int(told_of(process, "schedstat").split()[0]) / 1e9


def told_of(process: int, file: str) -> str:
    return Path(f"/proc/{process}/{file}").read_text(encoding="utf-8")


def process_of(hashes: HashProcess) -> int:
    assert hashes.process_id
    return hashes.process_id
