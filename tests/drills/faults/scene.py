"""The frame of every drill: a database with people, a server and a worker, a crowd at work; a fault; and a look at everything after it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.clock import SystemClock
from app.settings import load_settings
from tests.bench.databases import UNHURRIED, Environment, production
from tests.drills import invariants
from tests.drills.faults.crowd import Crowd, Numbers
from tests.drills.people import Person, people_with
from tests.drills.victims import Victims
from tests.support.recovery import posting

PEOPLE = 8
RECOVERY_TIMEOUT_S = 60
SOON_S = 0.05


class MeansMissing(Exception):
    """This machine does not give what a drill needs; says what."""


def _tell_nobody(_what: str) -> None: ...


@dataclass(frozen=True)
class Stage:
    """Where a drill takes place."""

    engine: str
    """`SQLite` or `PostgreSQL`."""
    database_url: str
    """Of a migrated and empty database."""
    empty_url: str
    """Of a database without tables."""
    folder: Path
    seed: int
    is_short: bool
    """The form that `make test` has time for."""
    say: Callable[[str], None] = _tell_nobody
    """How far it is, for whoever waits."""


@dataclass
class Seen:
    """What came of a drill."""

    numbers: Numbers
    recoveries_s: list[float] = field(default_factory=list)
    """From the end of each fault to the first success after it."""
    remarks: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    not_run: str = ""
    """Why, where it was not."""


@dataclass
class Scene:
    stage: Stage
    environment: Environment
    running: Victims
    crowd: Crowd
    seen: Seen

    async def recovers(self) -> None:
        """Called when all is healthy again: returns when somebody is served again.

        Raises:
            TimeoutError: nobody is.
        """
        healed = time.monotonic()
        async with asyncio.timeout(RECOVERY_TIMEOUT_S):
            while self.crowd.numbers.last_success <= healed:  # noqa: ASYNC110  # a number makes no events
                await asyncio.sleep(SOON_S)
        self.seen.recoveries_s.append(self.crowd.numbers.last_success - healed)

    def remark(self, what: str) -> None:
        self.seen.remarks.append(what)

    def must(self, holds: bool, what: str) -> None:  # as an assertion
        if not holds:
            self.seen.violations.append(what)


@asynccontextmanager
async def scene(
    stage: Stage,
    settings: Mapping[str, str] | None = None,
    *,
    newcomers: int = 40,
    may_lose_answers: bool = False,
) -> AsyncIterator[Scene]:
    """At the end of the block everybody has stopped, the worker has had its time, and `seen` says what was not as it must be."""
    environment = {
        **production(stage.database_url),
        "CAMPUS_CAPTCHA_WORK": "1",
        **UNHURRIED,
        "CAMPUS_MAIL_URL": f"outbox://{stage.folder / 'mails'}",
        **(settings or {}),
    }
    people, keys = await _people(environment, newcomers)
    running = Victims(stage.folder, environment)
    crowd = Crowd([running.url], people, keys, stage.seed, may_lose_answers)
    told = Scene(stage, environment, running, crowd, Seen(crowd.numbers))
    try:
        for name in ("serve", "worker"):
            running.start(name)
        await running.until_it_answers()
        async with crowd.working():
            yield told
        await running.until_it_answers()
        told.seen.violations += [f"not expected: {count} x {what}" for what, count in crowd.numbers.unexpected.items()]
        told.seen.violations += await crowd.finds_everything()
        told.seen.violations += running.unexpected()
    finally:
        await asyncio.to_thread(running.stop)
    told.seen.violations += await invariants.broken(load_settings(environment))


async def _people(environment: Environment, newcomers: int) -> tuple[list[Person], list[Person]]:
    async with posting(load_settings(environment), SystemClock()) as server:
        people = await people_with(server, ["account"] * PEOPLE + ["key"] * newcomers)
    return people[:PEOPLE], [_with_a_name_of_her_own(each, n) for n, each in enumerate(people[PEOPLE:])]


def _with_a_name_of_her_own(person: Person, number: int) -> Person:
    """Of the thousands that an hour wants some would have the same six letters."""
    return replace(person, user=replace(person.user, username=f"{person.user.username}{number}"))
