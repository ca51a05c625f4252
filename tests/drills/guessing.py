"""Drills of the guard: guessers are stopped, a thousand parents of one school are not, and nobody is locked out of her own phone."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.bench import district
from tests.drills.hydra import Hydra, lane_to
from tests.drills.school import SCHOOL_NETWORK, WEAK, School, Verified, school
from tests.guard.stranger import solved
from tests.support import debian

PARENTS = 1_000
EACH_WHO_MISTYPES = 10
"""One in so many types a wrong password first."""
SPRAYED, SPRAYED_FROM = 5_000, 3_000
"""So many names from that number on: two of them have the password, none has been typed yet."""
LISTED, RIGHT_ONE = 3_000, 200
"""The length of hydra's list, and the line with the right password."""
STRANGERS_TRIES = 200
FREE_OF_NAME, FREE_OF_ADDRESS = 3, 30
"""Tries that are verified without a CAPTCHA (the contract, section 8)."""
VICTIM, CONTROL, OWNER = map(district.guardian_id, (7_001, 7_002, 7_003))
SIGNED_IN, WRONG, LIMITED = "200 signed_in", "401 invalid_credentials", "429 rate_limited"

AT_ONCE = 64

T = TypeVar("T")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    verified: Verified
    answers: Mapping[str, int]
    """How often each status and code."""
    holds: bool


Drill = Callable[[School], Awaitable[Outcome]]


def drill_guard(database_url: str, folder: Path, say: Say) -> dict[str, Outcome]:
    """All of them, each by its name, over a migrated and empty database. Runs event loops of its own."""
    say("a district of 8,000 parents")
    hydra = debian.bring("hydra")
    with school(database_url, folder, VICTIM, CONTROL) as running:
        return asyncio.run(_all(running, _drills(Hydra(hydra, folder) if hydra else None), say))


def _drills(hydra: Hydra | None) -> dict[str, Drill]:
    drills: dict[str, Drill] = {
        f"{PARENTS:,} parents in their school's network": first_day,
        f"{PARENTS:,} at one address that nobody registered": same_noise,
        f"one password over {SPRAYED:,} usernames": spray,
        f"{STRANGERS_TRIES} wrong passwords of a stranger, then the owner's phone": own_phone,
    }
    if hydra:
        drills["hydra with two passwords, one right: it knows how"] = partial(hydra_knows_how, hydra)
        drills[f"hydra with {LISTED:,} passwords, line {RIGHT_ONE} right"] = partial(hydra_with_a_list, hydra)
    return drills


async def _all(running: School, drills: Mapping[str, Drill], say: Say) -> dict[str, Outcome]:
    outcomes = {}
    for name, drill in drills.items():
        say(name)
        outcomes[name] = await drill(running)
    return outcomes


async def first_day(running: School) -> Outcome:
    """They come at once; each gets in, though some mistype."""
    verified, answers = await _noise(running, SCHOOL_NETWORK, first=0)
    return Outcome(verified, answers, answers == {SIGNED_IN: PARENTS, WRONG: PARENTS // EACH_WHO_MISTYPES})


async def same_noise(running: School) -> Outcome:
    verified, answers = await _noise(running, "127.0.0.3", first=PARENTS)
    return Outcome(verified, answers, answers[LIMITED] > PARENTS // 2)


async def _noise(running: School, address: str, *, first: int) -> tuple[Verified, Counter[str]]:
    """So many parents, from the one with the number `first` on."""

    async def come(http: httpx.AsyncClient, number: int) -> list[str]:
        name = district.guardian_id(number)
        typed = [f"{district.PASSWORD}0"] if number % EACH_WHO_MISTYPES == 0 else []
        return [await _try(http, name, password) for password in (*typed, district.PASSWORD)]

    before = await running.verified()
    async with running.at(address) as http:
        told = await _crowd(partial(come, http), range(first, first + PARENTS))
    return await running.verified() - before, Counter(answer for answers in told for answer in answers)


async def _crowd(come: Callable[[int], Awaitable[T]], numbers: Iterable[int]) -> list[T]:
    """As fast as the server answers, so many at once as browsers that wait."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> T:
        async with places:
            return await come(number)

    return await asyncio.gather(*map(one, numbers))


async def spray(running: School) -> Outcome:
    before = await running.verified()
    async with running.at("127.0.0.4") as http:
        told = await _crowd(
            lambda number: _try(http, district.guardian_id(number), WEAK), range(SPRAYED_FROM, SPRAYED_FROM + SPRAYED)
        )
    verified, answers = await running.verified() - before, Counter(told)
    return Outcome(verified, answers, verified.wrong <= FREE_OF_ADDRESS)


async def own_phone(running: School) -> Outcome:
    """The stranger solves every CAPTCHA that he is asked for."""
    async with running.at("127.0.0.5") as http:
        phone = (await http.post("/login", json=_body(OWNER, district.PASSWORD))).json()["device_token"]
    before = await running.verified()
    answers: Counter[str] = Counter()
    async with running.at("127.0.0.6") as http:
        captcha = None
        for number in range(STRANGERS_TRIES):
            answer = await http.post("/login", json=_body(OWNER, f"Guess {number}", captcha))
            answers[_told(answer)] += 1
            captcha = await _solved(answer)
    verified = await running.verified() - before
    async with running.at("127.0.0.5") as http:
        locked_out = await _try(http, OWNER, district.PASSWORD)
        let_in = await _try(http, OWNER, district.PASSWORD, device={"device_token": phone})
    answers.update([f"another device of hers: {locked_out}", f"her phone: {let_in}"])
    return Outcome(verified, answers, let_in == SIGNED_IN != locked_out)


async def hydra_knows_how(hydra: Hydra, running: School) -> Outcome:
    """Else it would prove nothing that it finds nothing."""
    return await _with_hydra(hydra, running, CONTROL, ["Winter2026leaves", WEAK], found=[WEAK])


async def hydra_with_a_list(hydra: Hydra, running: School) -> Outcome:
    passwords = [f"Spring{number:04}" for number in range(LISTED)]
    passwords[RIGHT_ONE - 1] = WEAK
    return await _with_hydra(hydra, running, VICTIM, passwords, found=[])


async def _with_hydra(
    hydra: Hydra, running: School, username: str, passwords: list[str], *, found: list[str]
) -> Outcome:
    before = await running.verified()
    source = "127.0.0.7" if found else "127.0.0.8"
    async with lane_to(running.served.port, source=source) as lane:
        hits = await hydra.guess(lane.port, district.DISTRICT, username, passwords)
    verified = await running.verified() - before
    is_stopped = bool(found) or (verified.wrong <= FREE_OF_NAME and lane.requests >= LISTED)
    return Outcome(verified, {**lane.answers, "passwords found": len(hits)}, hits == found and is_stopped)


async def _try(http: httpx.AsyncClient, username: str, password: str, **more: object) -> str:
    return _told(await http.post("/login", json={**_body(username, password), **more}))


def _body(username: str, password: str, captcha: str | None = None) -> dict[str, Any]:
    body = {"district": district.DISTRICT, "portal": "parent", "username": username, "password": password}
    return {**body, "captcha": captcha} if captcha else body


def _told(answer: httpx.Response) -> str:
    said = answer.json()
    return f"{answer.status_code} {said.get('code') or said['status']}"


async def _solved(answer: httpx.Response) -> str | None:
    asked = answer.json().get("captcha")
    return await asyncio.to_thread(solved, asked) if asked else None
