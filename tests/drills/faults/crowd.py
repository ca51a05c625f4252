"""People who work all the time, whatever fails: they sign in, look, refresh, ask for links, and turn keys into accounts."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.drills.people import Person
from tests.guard.stranger import solved
from tests.support.addresses import come_through_a_proxy
from tests.support.portal import PASSWORD
from tests.support.served import NO_TLS

PATIENCE_S = 90
PAUSE_S = 0.06
NO_ANSWER = "no answer"
BUSY = 503
REFRESH, ASK, SIGN_IN_AGAIN = 0.2, 0.3, 0.4
"""What of a hundred turns of somebody who is signed in; the rest are looks at `GET /me`."""


@dataclass
class Numbers:
    """What the crowd was answered."""

    answers: Counter[str] = field(default_factory=Counter)
    """By status and code, such as `503 overloaded`."""
    longest_s: float = 0.0
    last_success: float = 0.0
    last_refusal: float = 0.0
    unexpected: Counter[str] = field(default_factory=Counter)
    """Neither a success nor "the service is busy", by route."""

    @property
    def requests(self) -> int:
        return self.answers.total()

    def forget(self) -> None:
        """Begins anew."""
        self.answers.clear()
        self.longest_s = 0.0

    def count(self, route: str, answer: httpx.Response | None, seconds: float, allowed: Sequence[str]) -> None:
        name = _name(answer)
        self.answers[name] += 1
        self.longest_s = max(self.longest_s, seconds)
        if answer is not None and answer.is_success:
            self.last_success = time.monotonic()
            return
        self.last_refusal = time.monotonic()
        if not name.startswith(str(BUSY)) and name not in allowed:
            self.unexpected[f"{route}: {name}"] += 1


def _name(answer: httpx.Response | None) -> str:
    if answer is None:
        return NO_ANSWER
    if answer.is_success:
        return str(answer.status_code)
    return f"{answer.status_code} {answer.json()['code']}"


@dataclass
class Crowd:
    """`people` have accounts, `newcomers` have keys. Each is one client that asks again after a pause, whatever it was told."""

    urls: Sequence[str]
    people: list[Person]
    newcomers: list[Person]
    seed: int
    may_lose_answers: bool = False
    """Whether it is in the nature of the fault that requests get no answer."""
    numbers: Numbers = field(default_factory=Numbers)
    activated: set[str] = field(default_factory=set)
    """Usernames whose activation was answered with success."""
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """They work for as long as the block runs, and finish the request at hand."""
        stop = asyncio.Event()
        async with httpx.AsyncClient(timeout=PATIENCE_S, verify=NO_TLS, event_hooks=_HOOKS, limits=_LIMITS) as http:
            clients = [_Client(self, http, random.Random(f"{self.seed} {n}")) for n in range(len(self.people) + 1)]  # noqa: S311  # chance that can be repeated
            turns = [client.visits(person, stop) for client, person in zip(clients, self.people, strict=False)]
            tasks = asyncio.gather(*turns, clients[-1].activates(stop))
            try:
                yield
            finally:
                stop.set()
                await tasks

    async def finds_everything(self) -> list[str]:
        """After the fault: who is signed in still is, everybody can sign in, whoever was told of an account has it."""
        async with httpx.AsyncClient(timeout=PATIENCE_S, verify=NO_TLS, event_hooks=_HOOKS, limits=_LIMITS) as http:
            client = _Client(self, http, random.Random(self.seed))  # noqa: S311  # chance that can be repeated
            looks = [await client.look(name) for name in self.sessions]
            owners = [*self.people, *(n for n in self.newcomers if n.user.username in self.activated)]
            sign_ins = [await client.sign_in(person) for person in owners]
        lost = [f"a session is lost: {status}" for status in looks if status != httpx.codes.OK]
        return lost + [f"an account does not open: {status}" for status in sign_ins if status != httpx.codes.OK]


_HOOKS: dict[str, list[Any]] = {"request": [come_through_a_proxy]}
# A server closes what was idle for five seconds, just when httpx by itself would still ask on it.
_LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=100, keepalive_expiry=1)


@dataclass
class _Client:
    crowd: Crowd
    http: httpx.AsyncClient
    chance: random.Random

    async def visits(self, person: Person, stop: asyncio.Event) -> None:
        name, sessions = person.user.username, self.crowd.sessions
        while not stop.is_set():
            turn = self.chance.random()
            if name not in sessions or REFRESH + ASK - 0.2 < turn < SIGN_IN_AGAIN - 0.05:
                status = await self.sign_in(person)
            elif turn < REFRESH:
                status = await self.refresh(name)
            elif turn < ASK:
                asked = {"district": person.user.district, "portal": "parent", "username": name}
                status = (await self._ask("POST", "/password-reset", asked))[0]
            else:
                status = await self.look(name)
            await self._pause(status)

    async def activates(self, stop: asyncio.Event) -> None:
        """One key after the other; whoever got no answer, or was told to come again, types the same once more."""
        for newcomer in self.crowd.newcomers:
            allowed: tuple[str, ...] = ()
            while not stop.is_set():
                status, _ = await self._ask("POST", "/activate", newcomer.user.activation(), allowed=allowed)
                if status == httpx.codes.CREATED:
                    self.crowd.activated.add(newcomer.user.username)
                if status in {httpx.codes.CREATED, httpx.codes.CONFLICT}:
                    break
                # It may have been done; and while a lost process holds the key, somebody is said to be at it.
                allowed = ("409 activation_key_used", "409 username_taken", "409 in_progress")
                await self._pause(status)
            await self._pause(httpx.codes.OK)

    async def sign_in(self, person: Person) -> int:
        """A try whose answer was lost counts as a miss, as who guesses could kill servers, too: after a few a CAPTCHA is to be solved."""
        user = person.user
        body = {"district": user.district, "portal": "parent", "username": user.username, "password": PASSWORD}
        asks = ("403 captcha_required",) if self.crowd.may_lose_answers else ()
        status, told = await self._ask("POST", "/login", body, allowed=asks)
        if asks and told and "captcha" in told:
            status, told = await self._ask("POST", "/login", {**body, "captcha": solved(told["captcha"])}, allowed=asks)
        if status == httpx.codes.OK:
            self.crowd.sessions[user.username] = told
        return status

    async def refresh(self, name: str) -> int:
        """With the newest token that it has; one whose answer was lost is typed again, as an app does."""
        body = {"refresh_token": self.crowd.sessions[name]["refresh_token"]}
        status, session = await self._ask("POST", "/login/refresh", body)
        if status == httpx.codes.OK:
            self.crowd.sessions[name].update(session)
        return status

    async def look(self, name: str) -> int:
        token = self.crowd.sessions[name]["access_token"]
        return (await self._ask("GET", "/me", headers={"Authorization": f"Bearer {token}"}))[0]

    async def _ask(
        self, method: str, route: str, body: object = None, *, headers: Any = None, allowed: tuple[str, ...] = ()
    ) -> tuple[int, Any]:
        """The status, 0 where there was no answer; and what the answer says."""
        begun = time.monotonic()
        answer: httpx.Response | None = None
        try:
            url = self.chance.choice(self.crowd.urls) + route
            answer = await self.http.request(method, url, json=body, headers=headers)
        except httpx.TransportError:
            pass
        lost = (NO_ANSWER,) if self.crowd.may_lose_answers else ()
        self.crowd.numbers.count(route, answer, time.monotonic() - begun, (*allowed, *lost))
        if answer is None:
            return 0, None
        return answer.status_code, answer.json() if answer.content else None

    async def _pause(self, status: int) -> None:
        """Somebody who was refused is more patient, but far less than he is asked to be."""
        await asyncio.sleep(PAUSE_S * self.chance.uniform(0.5, 1.5) * (1 if 200 <= status < 300 else 3))
