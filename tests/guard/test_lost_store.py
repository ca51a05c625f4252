"""Valkey dies or hangs under load: nobody is turned away for it, each process counts alone, and accounts stay guarded."""

import asyncio
import itertools
import math
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from limits import RateLimitItemPerMinute

from app.clock import SystemClock
from app.security.shared_rate_windows import PAUSE_S, TIMEOUT_S, SharedWindows
from app.settings import Settings
from tests.guard.crowd import raw, released_together
from tests.support.addresses import come_through_a_proxy
from tests.support.engines import postgresql_only, sqlite_only
from tests.support.office import Office
from tests.support.portal import User, refused, serving
from tests.support.processes import server_processes
from tests.support.served import NO_TLS, Answering
from tests.support.valkey import Valkey

LIMIT, EXTRA = 30, 20
PEOPLE = 4
LOST_FOR_S = 0.5
PATIENCE_S = 5.0
STORE_UP, FALLBACKS = "campus_rate_limit_store_up", "campus_rate_limit_fallbacks_total"
INVALID, CAPTCHA = (401, "invalid_credentials"), (403, "captcha_required")
CHALLENGE = "/captcha?district=jackson&action=login"


@postgresql_only
async def test_a_lost_store_costs_nobody_his_sign_in(
    settings: Settings, valkey: Valkey, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """Four people sign in again and again at two processes, while the store is killed, comes back empty, hangs, and wakes up."""
    *people, first, second = await parents(settings, PEOPLE + 2)
    shared = {"redis_url": valkey.url, "rate_public": LIMIT, "trusted_proxies": ("127.0.0.1",)}
    with server_processes(settings.model_copy(update=shared), tmp_path, 2) as processes:
        async with load_of(people, processes) as load:
            story = Story(processes, load)
            await story.is_shown(1)
            await asyncio.sleep(LOST_FOR_S)
            await story.lose("killed", valkey.kill, first)
            await story.find(valkey.start)
            await story.lose("frozen", valkey.freeze, second)
            await story.find(valkey.thaw)
    assert load.statuses() == {200}
    usual = max(load.seconds("healthy"))  # far below a third of a second, unless others keep the machine busy
    for loss in ("killed", "frozen"):
        assert load.p99(loss) < max(1, 3 * usual)
        pytestconfig.get_terminal_writer().line(f"\nValkey {loss}: {load.figures(loss)}")


@dataclass
class Story:
    """What holds at each turn, and whose address it was shown with."""

    processes: list[Answering]
    load: "Load"
    addresses: Iterator[str] = field(default_factory=lambda: (f"203.0.113.{number}" for number in itertools.count(1)))

    async def lose(self, name: str, lose: Callable[[], None], guessed: User) -> None:
        """The operator sees it; a stranger has so many requests at each process, but no guess more than ever."""
        before = await self.shown(FALLBACKS)
        self.load.phase = name
        lose()
        await self.is_shown(0)
        assert await guesses(guessed, self.processes) == [INVALID, INVALID, INVALID, CAPTCHA]
        assert await passes(self.processes, next(self.addresses)) == 2 * LIMIT
        kept_here = [now - then for now, then in zip(await self.shown(FALLBACKS), before, strict=True)]
        assert min(kept_here) > LIMIT
        await asyncio.sleep(LOST_FOR_S)

    async def find(self, bring_back: Callable[[], None]) -> None:
        """The operator sees it, and both count together again."""
        self.load.phase = "back"
        bring_back()
        await self.is_shown(1)
        assert await passes(self.processes, next(self.addresses)) == LIMIT

    async def is_shown(self, up: int) -> None:
        """Returns when both processes say it."""
        deadline = time.monotonic() + PATIENCE_S
        while (shown := await self.shown(STORE_UP)) != [up, up]:
            assert time.monotonic() < deadline, shown
            await asyncio.sleep(0.05)

    async def shown(self, metric: str) -> list[float]:
        """What each process tells its operator, while the people go on."""
        return [await asyncio.to_thread(read_metric, process, metric) for process in self.processes]


async def test_while_the_store_hangs_one_request_in_a_second_waits_for_it(valkey: Valkey) -> None:
    """And the limit holds in the process."""
    windows, limit = SharedWindows(valkey.url), RateLimitItemPerMinute(LIMIT)
    assert (await windows.hit(limit, "name")).allowed
    valkey.freeze()
    waits = [await seconds_of(windows, limit) for _ in range(LIMIT)]
    assert TIMEOUT_S * 0.9 < waits[0] < TIMEOUT_S * 3
    assert max(waits[1:]) < TIMEOUT_S / 2
    assert not (await windows.hit(limit, "name")).allowed
    await asyncio.sleep(PAUSE_S)
    together = await asyncio.gather(*(seconds_of(windows, limit) for _ in range(10)))
    assert sum(seconds > TIMEOUT_S * 0.9 for seconds in together) == 1
    valkey.thaw()
    await windows.close()


@sqlite_only
async def test_a_process_finds_a_store_that_comes_later_or_was_restarted(settings: Settings, valkey: Valkey) -> None:
    """Within a second, each time, and begins anew where the store does; the first minute was its own."""
    valkey.kill()
    shared = settings.model_copy(update={"redis_url": valkey.url, "rate_public": LIMIT})
    async with serving(shared, SystemClock()) as server:
        await Office.open(server)
        app = server.at("203.0.113.1")
        for come_back in (valkey.start, valkey.restart):
            assert [(await app.get(CHALLENGE)).status_code for _ in range(LIMIT + 1)] == [200] * LIMIT + [429]
            come_back()
            await server.at("203.0.113.2").get(CHALLENGE)
            await asyncio.sleep(PAUSE_S)
        assert [(await app.get(CHALLENGE)).status_code for _ in range(LIMIT + 1)] == [200] * LIMIT + [429]


async def parents(settings: Settings, count: int) -> list[User]:
    """So many who have accounts, made before any server runs."""
    async with serving(settings, SystemClock()) as server:
        people = await (await Office.open(server)).parents(count)
        for person in people:
            assert (await person.activate()).status_code == 201
    return people


@dataclass
class Load:
    """How long each sign-in took and what came of it, by phase."""

    phase: str = "healthy"
    outcomes: list[tuple[str, int, float]] = field(default_factory=list)

    def statuses(self) -> set[int]:
        return {status for _, status, _ in self.outcomes}

    def seconds(self, phase: str) -> list[float]:
        return [seconds for known, _, seconds in self.outcomes if known == phase]

    def p99(self, phase: str) -> float:
        seconds = sorted(self.seconds(phase))
        return seconds[math.ceil(0.99 * len(seconds)) - 1]

    def figures(self, phase: str) -> str:
        seconds = self.seconds(phase)
        named = {"median": statistics.median(seconds), "p99": self.p99(phase), "longest": max(seconds)}
        shown = ", ".join(f"{name} {value * 1000:.0f} ms" for name, value in named.items())
        return f"{len(seconds)} sign-ins meanwhile, {shown}"


@asynccontextmanager
async def load_of(people: list[User], processes: list[Answering]) -> AsyncIterator[Load]:
    """They sign in until the end of the block, half of them at each process."""
    load = Load()
    tasks = [
        asyncio.create_task(sign_in_for_ever(person, processes[number % len(processes)], load))
        for number, person in enumerate(people)
    ]
    try:
        yield load
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def sign_in_for_ever(person: User, process: Answering, load: Load) -> None:
    """Each time from another address, as a district does on the first day of school."""
    async with client(process) as http:
        while True:
            phase, begun = load.phase, time.perf_counter()
            answer = await http.post("/login", json=credentials(person))
            load.outcomes.append((phase, answer.status_code, time.perf_counter() - begun))


async def guesses(person: User, processes: list[Answering]) -> list[tuple[int, str]]:
    """Four wrong passwords, by turns at one process and the other."""
    outcomes = []
    for process in (*processes, *processes):
        async with client(process) as http:
            outcomes.append(refused(await http.post("/login", json={**credentials(person), "password": "wrong"})))
    return outcomes


async def passes(processes: list[Answering], address: str) -> int:
    """How many of one address pass, of more than both processes would let pass together."""
    requests = [raw("GET", CHALLENGE, forwarded_for=address)] * (2 * (LIMIT + EXTRA))
    statuses = Counter(await released_together(processes, requests))
    assert statuses.keys() == {200, 429}
    return statuses[200]


async def seconds_of(windows: SharedWindows, limit: RateLimitItemPerMinute) -> float:
    begun = time.perf_counter()
    await windows.hit(limit, "name")
    return time.perf_counter() - begun


def read_metric(process: Answering, name: str) -> float:
    (line,) = (line for line in process.get("/metrics").text.splitlines() if line.startswith(f"{name} "))
    return float(line.rpartition(" ")[2])


def client(process: Answering) -> httpx.AsyncClient:
    hooks = {"request": [come_through_a_proxy]}
    return httpx.AsyncClient(base_url=process.url, timeout=30, verify=NO_TLS, event_hooks=hooks)


def credentials(person: User) -> dict[str, str]:
    return {
        "district": person.district,
        "portal": person.portal.value,
        "username": person.username,
        "password": person.password,
    }
