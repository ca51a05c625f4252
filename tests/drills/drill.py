"""A drill: people run their errands, processes die meanwhile and are started again, and at the end everything is looked at."""

import asyncio
import itertools
import random
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx

from app.clock import ManualClock, SystemClock
from app.mail.senders import FolderSender
from app.settings import load_settings
from tests.bench.databases import Environment, production
from tests.drills.errands import ERRANDS, Aftermath, Errand
from tests.drills.people import DISTRICT, people_with
from tests.drills.victims import Victims, victims
from tests.support.addresses import come_through_a_proxy
from tests.support.recovery import Mail, Post, mails_in, posting

ERRANDS_A_KILL = 10
ERRANDS_BEGIN_WITHIN_S = 0.15
DURING_REQUESTS_S = 0.4
"""The errands of one kill are nearly over by then."""
DURING_DELIVERY_S = 0.08
AFTER_EVERY_LEASE = timedelta(minutes=2)
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Shared, as making one takes longer than a request."""


@dataclass
class Kill:
    """Who died, when, and what people were about."""

    number: int
    victim: str
    """`serve`, `worker` or `both`."""
    after_s: float
    """A server's death: from the first request. A worker's: from the first mail that left."""
    errands: list[Errand]
    begin_s: list[float]
    """When each errand begins."""

    @property
    def answered(self) -> int:
        return sum(errand.status is not None for errand in self.errands)

    @property
    def lost_but_done(self) -> int:
        return sum(errand.status is None and errand.was_done for errand in self.errands)

    @property
    def violations(self) -> list[str]:
        return [violation for errand in self.errands for violation in errand.violations]


@dataclass
class Found:
    kills: list[Kill]
    mails: list[Mail] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    """Of no single kill, and those of all kills."""

    @property
    def copies(self) -> int:
        """Mails that came a second time, under the same Message-ID."""
        return len(self.mails) - len({mail.id for mail in self.mails})


def drill(database_url: str, folder: Path, *, kills: int, seed: int, say: Callable[[str], None] = print) -> Found:
    """So many kills over a migrated and empty database. Runs event loops of its own."""
    chance = random.Random(seed)  # noqa: S311  # chance that can be repeated
    environment = {
        **production(database_url),
        "CAMPUS_MAIL_URL": f"outbox://{folder / 'mails'}",
        "CAMPUS_TRUSTED_PROXIES": "127.0.0.1",
    }
    say("making people")
    found = Found(asyncio.run(_plan(environment, chance, kills)))
    with victims(folder, environment) as running:
        for kill in found.kills:
            say(f"kill {kill.number} of {kills}: {kill.victim}")
            asyncio.run(_carry_out(kill, running, folder / "mails"))
        asyncio.run(running.until_it_answers())
    say("looking at what is left")
    asyncio.run(_look(environment, folder / "mails", found))
    return found


async def _plan(environment: Environment, chance: random.Random, kills: int) -> list[Kill]:
    kinds = [chance.choice(ERRANDS) for _ in range(kills * ERRANDS_A_KILL)]
    async with posting(load_settings(environment), SystemClock()) as server:
        people = await people_with(server, [kind.needs for kind in kinds])
    errands = iter([kind(person) for kind, person in zip(kinds, people, strict=True)])
    return [_kill(number, chance, errands) for number in range(1, kills + 1)]


def _kill(number: int, chance: random.Random, errands: Iterator[Errand]) -> Kill:
    victim = chance.choice(["serve", "worker", "both"])
    return Kill(
        number,
        victim,
        chance.uniform(0, DURING_DELIVERY_S if victim == "worker" else DURING_REQUESTS_S),
        [next(errands) for _ in range(ERRANDS_A_KILL)],
        [chance.uniform(0, ERRANDS_BEGIN_WITHIN_S) for _ in range(ERRANDS_A_KILL)],
    )


async def _carry_out(kill: Kill, running: Victims, mails: Path) -> None:
    await running.until_it_answers()
    hooks = {"request": [come_through_a_proxy]}
    async with httpx.AsyncClient(base_url=running.url, timeout=20, verify=NO_TLS, event_hooks=hooks) as http:
        await _warm_up(http)
        before = len(_files(mails))
        requests = asyncio.gather(*map(_run, kill.errands, kill.begin_s, itertools.repeat(http)))
        if kill.victim == "worker":
            await _until_a_mail_leaves(mails, before)
        await asyncio.sleep(kill.after_s)
        names = ["serve", "worker"] if kill.victim == "both" else [kill.victim]
        for name in names:
            running.kill(name)
        await requests
    for name in names:
        running.start(name)


async def _warm_up(http: httpx.AsyncClient) -> None:
    """A server that has just been started opens its connections first; that is not what is looked at here."""
    nobody = {"district": DISTRICT, "portal": "parent", "username": "nobody1"}
    await asyncio.gather(*(http.post("/password-reset", json=nobody) for _ in range(ERRANDS_A_KILL)))


async def _run(errand: Errand, begin_s: float, http: httpx.AsyncClient) -> None:
    await asyncio.sleep(begin_s)
    await errand.run(http)


async def _until_a_mail_leaves(mails: Path, before: int) -> None:
    """Or three seconds have passed: no errand may have led to a mail."""
    end = time.monotonic() + 3
    while len(_files(mails)) == before and time.monotonic() < end:  # noqa: ASYNC110  # a folder makes no events
        await asyncio.sleep(0.002)


def _files(mails: Path) -> list[Path]:
    return list(mails.glob("*.eml"))


async def _look(environment: Environment, mails: Path, found: Found) -> None:
    """Leases of the dead have lapsed by now; whoever comes next finishes their work."""
    clock = ManualClock(SystemClock().now() + AFTER_EVERY_LEASE)
    async with posting(load_settings(environment), clock, FolderSender(mails, clock)) as server:
        post = Post(server, [])
        await server.campus.mail_delivery.deliver_due()
        found.mails = mails_in(mails)
        waiting = (await post.outcomes()).keys() - {"sent", "nobody"}
        if waiting:
            found.violations.append(f"mails did not leave: {sorted(waiting)}")
        after = Aftermath(post, found.mails)
        for kill in found.kills:
            for errand in kill.errands:
                await errand.judge(after)
            found.violations += [f"kill {kill.number}: {violation}" for violation in kill.violations]
