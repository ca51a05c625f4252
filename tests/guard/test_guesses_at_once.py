"""Many guesses at the same moment: a count that reads before it writes would let them all through (D1)."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import httpx

from app.clock import ManualClock, SystemClock
from app.settings import Settings
from tests.guard.stranger import ASKED, INVALID, NOT_SOLVED, OFF, WRONG, exhaust, from_address, guess, new_captcha
from tests.guard.stranger import solved as solve
from tests.support.office import Office
from tests.support.portal import Server, User, hashes_in, refused, serving
from tests.support.processes import server_processes
from tests.support.recovery import Owner
from tests.support.served import NO_TLS, Answering


async def test_d1_of_a_hundred_guesses_at_two_processes_three_are_verified(settings: Settings, tmp_path: Path) -> None:
    """And of a hundred that share one solved CAPTCHA, one more."""
    async with serving(settings, SystemClock()) as server:
        maria = await (await Office.open(server)).parent()
        assert (await maria.activate()).status_code == 201
    with server_processes(settings, tmp_path, 2) as processes:
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(client(process)) for process in processes]
            before = await hashes(clients)
            answers = await guess_at_once(clients, maria)
            assert Counter(map(refused, answers)) == {INVALID: 3, ASKED: 97}
            assert await hashes(clients) == before + 3
            asked = next(answer.json() for answer in answers if refused(answer) == ASKED)
            answers = await guess_at_once(clients, maria, captcha=solve(asked["captcha"]))
            assert Counter(map(refused, answers)) == {INVALID: 1, NOT_SOLVED: 99}
            assert await hashes(clients) == before + 4


def client(process: Answering) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=process.url, timeout=60, verify=NO_TLS)


async def guess_at_once(clients: list[httpx.AsyncClient], maria: User, **more: object) -> list[httpx.Response]:
    """A hundred wrong passwords, all sent before the first answer comes."""
    who = {"district": maria.district, "portal": maria.portal, "username": maria.username, "password": WRONG}
    return list(await asyncio.gather(*(each.post("/login", json={**who, **more}) for each in clients * 50)))


async def hashes(clients: list[httpx.AsyncClient]) -> int:
    """Those that all processes computed."""
    return sum([hashes_in((await each.get("/metrics")).text) for each in clients])


async def test_d1_of_fifty_guesses_at_threshold_five_five_are_verified(
    server: Server, office: Office, maria: Owner
) -> None:
    """Of the right password too, for as long as it is not known to be right; a name that nobody has is counted alike."""
    await office.set("captcha.threshold=5")
    before = await server.hashes_computed()
    for changes in ({}, {"username": "nobody1"}):
        tried = await asyncio.gather(*(maria.sign_in(password=WRONG, **changes) for _ in range(50)))
        assert Counter(map(refused, tried)) == {INVALID: 5, ASKED: 45}
    assert await server.hashes_computed() == before + 10


async def test_d1_one_solved_captcha_lets_one_of_fifty_in(server: Server, maria: Owner) -> None:
    await guess(maria, 3)
    captcha = await new_captcha(maria)
    before = await server.hashes_computed()
    tried = await asyncio.gather(*(maria.sign_in(password=WRONG, captcha=captcha) for _ in range(50)))
    assert Counter(map(refused, tried)) == {INVALID: 1, NOT_SOLVED: 49}
    assert await server.hashes_computed() == before + 1


async def test_d1_the_last_step_before_the_password_is_off_is_taken_once(maria: Owner, clock: ManualClock) -> None:
    await exhaust(clock, 99, maria)
    captchas = [await new_captcha(maria) for _ in range(20)]
    tried = await asyncio.gather(*(maria.sign_in(password=WRONG, captcha=captcha) for captcha in captchas))
    assert Counter(map(refused, tried)) == {INVALID: 1, OFF: 19}


async def test_d1_parallel_guesses_from_one_address_pass_its_threshold_no_sooner(maria: Owner) -> None:
    """Forty names at once: thirty are free."""
    mallory = from_address(maria, "192.0.2.66")
    tried = await asyncio.gather(*(guess(mallory, username=f"nobody{number}") for number in range(40)))
    assert Counter(outcome for (outcome,) in tried) == {INVALID: 30, ASKED: 10}
