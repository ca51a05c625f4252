"""More sign-ins than the processor can verify: who is refused, how soon, and what the other districts feel of it."""

import asyncio
import itertools
import statistics
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from app.clock import SystemClock
from app.settings import load_settings
from tests.bench.databases import UNHURRIED, production
from tests.bench.http_client import Connection, post
from tests.drills import invariants
from tests.drills.faults.crowd import BUSY, Numbers
from tests.drills.faults.scene import Seen, Stage
from tests.drills.people import Person, people_with
from tests.drills.victims import Victims
from tests.support.addresses import next_address
from tests.support.portal import PASSWORD
from tests.support.recovery import posting

CROWDED, OTHERS = "jackson", ("clarke", "oconee")
PEOPLE = {CROWDED: 1_000, **dict.fromkeys(OTHERS, 60)}
USUAL = 1 / 6
"""Of all sign-ins that the server can do: what a district asks for on a usual day."""
CROWD = 10
QUEUE = 72
REFUSED_WITHIN_S = 0.05
SLOWER_AT_MOST = 2.0


@dataclass
class Load:
    """Sign-ins that come at even distances, whatever becomes of those before; each client waits as long as it is told, and comes again.

    By the smallest client there is, for a thousand of them share two cores with the server. Nobody signs in twice at the same time.
    """

    port: int
    numbers: Numbers
    seconds: list[float] = field(default_factory=list)
    """Of each sign-in that worked, from its last try."""
    refusals_s: list[float] = field(default_factory=list)
    tries: list[int] = field(default_factory=list)

    async def come(self, people: Sequence[Person], a_second: float, duration_s: float) -> None:
        idle = deque(people)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(int(a_second * duration_s)):
                if idle:
                    tasks.create_task(self._visit(idle.popleft(), idle))
                await asyncio.sleep(1 / a_second)

    async def _visit(self, person: Person, idle: deque[Person]) -> None:
        await self._sign_in(person)
        idle.append(person)

    async def _sign_in(self, person: Person) -> None:
        user = person.user
        body = {"district": user.district, "portal": "parent", "username": user.username, "password": PASSWORD}
        for tries in itertools.count(1):
            begun = time.monotonic()
            answer = await self._ask(post("/login", body, address=next_address()))
            seconds = time.monotonic() - begun
            self.numbers.count("/login", answer, seconds, ())
            if answer.status_code != BUSY:
                self.seconds.append(seconds)
                self.tries.append(tries)
                return
            self.refusals_s.append(seconds)
            await asyncio.sleep(int(answer.headers["Retry-After"]))

    async def _ask(self, request: bytes) -> httpx.Response:
        connection = await Connection.to(self.port)
        try:
            head, body = await connection.answer(request)
        finally:
            connection.close()
        first, *fields = head.decode("latin-1").split("\r\n")
        headers = [(name, value) for name, _, value in (field.partition(": ") for field in fields)]
        return httpx.Response(int(first.split()[1]), headers=headers, content=body)

    async def capacity(self, people: Sequence[Person], duration_s: float) -> float:
        """Sign-ins a second, while there is always somebody who waits."""
        begun = time.monotonic()

        async def again_and_again(person: Person) -> None:
            while time.monotonic() < begun + duration_s:
                await self._sign_in(person)

        await asyncio.gather(*map(again_and_again, people[:6]))
        return len(self.seconds) / (time.monotonic() - begun)

    @property
    def p95_ms(self) -> float:
        return statistics.quantiles(self.seconds, n=20)[-1] * 1000


async def crowded(stage: Stage) -> Seen:
    """One district of three comes with ten times its load, which is more than one thread can hash."""
    environment = {
        **production(stage.database_url),
        **UNHURRIED,
        "CAMPUS_MAIL_URL": f"outbox://{stage.folder / 'mails'}",
        "CAMPUS_HASH_THREADS": "1",
        "CAMPUS_HASH_QUEUE": str(QUEUE),
    }
    async with posting(load_settings(environment), SystemClock()) as server:
        people = {name: await people_with(server, ["account"] * count, name) for name, count in PEOPLE.items()}
    running = Victims(stage.folder, environment)
    running.start("serve")
    try:
        await running.until_it_answers()
        seen = await _measure(running.port, people, 6 if stage.is_short else 12)
    finally:
        await asyncio.to_thread(running.stop)
    seen.violations += await invariants.broken(load_settings(environment))
    return seen


async def _measure(port: int, people: dict[str, list[Person]], seconds: float) -> Seen:
    seen = Seen(Numbers())
    capacity = await Load(port, Numbers()).capacity(people[CROWDED], 3)
    usual = capacity * USUAL
    seconds = max(seconds, 2 * QUEUE / capacity)  # so that the queue of a slow machine fills, too
    seen.remarks.append(f"{capacity:.0f} sign-ins a second at most, {usual:.1f} of each district on a usual day")
    quiet = Load(port, seen.numbers)
    await asyncio.gather(*(quiet.come(people[name], usual, seconds) for name in people))
    crowd, others = Load(port, seen.numbers), Load(port, seen.numbers)
    await asyncio.gather(
        crowd.come(people[CROWDED], CROWD * usual, seconds),
        *(others.come(people[name], usual, seconds) for name in OTHERS),
    )
    _judge(seen, quiet, crowd, others)
    return seen


def _judge(seen: Seen, quiet: Load, crowd: Load, others: Load) -> None:
    slower = others.p95_ms / quiet.p95_ms
    seen.remarks += [
        f"p95 of all before: {quiet.p95_ms:.0f} ms",
        f"p95 of the others: {others.p95_ms:.0f} ms ({slower:.1f} times)",
        f"p95 of the crowd: {crowd.p95_ms:.0f} ms",
    ]
    if not crowd.refusals_s:
        seen.violations.append("the crowd was no crowd: nobody was refused")
        return
    soon = statistics.median(crowd.refusals_s)
    seen.remarks += [
        f"{len(crowd.refusals_s)} of the crowd refused, half of them within {soon * 1000:.0f} ms",
        f"who waited as told got in at try {max(crowd.tries)} at the latest",
    ]
    wrong = {
        "one of the others was refused": bool(others.refusals_s),
        "the others wait more than twice as long": slower > SLOWER_AT_MOST,
        "refusals take longer than 50 ms": soon > REFUSED_WITHIN_S,
        **{f"not expected: {what}": True for what in seen.numbers.unexpected},
    }
    seen.violations += [what for what, holds in wrong.items() if holds]
