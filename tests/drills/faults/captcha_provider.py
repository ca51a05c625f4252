"""A hosted CAPTCHA is down, fails, lies or hangs, while some mistype their passwords and most do not."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from app.captcha.hosted import TIMEOUT_S
from tests.drills.faults.crowd import PATIENCE_S
from tests.drills.faults.scene import Scene, Seen, Stage, scene
from tests.drills.people import Person
from tests.guard.provider import PATH, SECRET, SITE_KEY, Mood, Provider
from tests.guard.stranger import WRONG, solved
from tests.support.addresses import come_through_a_proxy
from tests.support.portal import PASSWORD
from tests.support.served import NO_TLS

FORGETFUL = 3
FREE_TRIES = 3
PHASE_S, PHASE_IN_SHORT_S = 32.0, 3.0
"""In full as long as the service leaves a provider alone that was down, so that each mood is met."""
SLACK_S = 3.0
"""Of a busy machine, and of what a sign-in does besides."""
TRIES_AT_MOST = 3
"""With the right password: without a CAPTCHA, with the provider's, with ALTCHA."""


@dataclass
class Forgetful:
    """People who mistype three times, are asked to solve something, and solve whatever they are asked."""

    http: httpx.AsyncClient
    provider: Provider
    longest_s: float = 0.0
    by_altcha: int = 0
    got_in: int = 0
    wrong: list[str] = field(default_factory=list)

    async def come(self, person: Person, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self.sign_in(person)

    async def sign_in(self, person: Person) -> None:
        for _ in range(FREE_TRIES):
            self._expect(await self._try(person, password=WRONG), "401 invalid_credentials")
        answer = await self._try(person)
        self._expect(answer, "403 captcha_required")
        for _ in range(TRIES_AT_MOST - 1):
            asked = answer.json().get("captcha")
            if answer.is_success or asked is None:
                break
            answer = await self._try(person, captcha=await self._solved(asked))
        self._expect(answer, "200")
        self.got_in += answer.is_success

    async def _solved(self, asked: dict[str, Any]) -> str:
        if asked["provider"] == "altcha":
            self.by_altcha += 1
            return await asyncio.to_thread(solved, asked)
        return self.provider.solve(asked["challenge"])

    async def _try(self, person: Person, **typed: str) -> httpx.Response:
        user, begun = person.user, time.monotonic()
        who = {"district": user.district, "portal": "parent", "username": user.username, "password": PASSWORD}
        answer = await self.http.post("/login", json={**who, **typed})
        self.longest_s = max(self.longest_s, time.monotonic() - begun)
        return answer

    def _expect(self, answer: httpx.Response, wanted: str) -> None:
        said = "200" if answer.is_success else f"{answer.status_code} {answer.json()['code']}"
        if said != wanted:
            self.wrong.append(f"{said} instead of {wanted}")


async def unreliable(stage: Stage) -> Seen:
    """Who types a password right notices nothing; who is asked solves ALTCHA's instead, and is kept waiting for two seconds once at most."""
    provider = Provider("turnstile")
    await provider.open()
    try:
        async with scene(stage, settings_of(provider)) as told:
            accounts = [told.crowd.newcomers.pop() for _ in range(FORGETFUL)]
            async with _forgetful(told, accounts, provider) as forgetful:
                await _be_moody(provider, PHASE_IN_SHORT_S if stage.is_short else PHASE_S, is_short=stage.is_short)
    finally:
        await provider.close()
    numbers = told.seen.numbers
    told.must(
        not {"503 overloaded", "403 captcha_required"} & set(numbers.answers), "who mistypes nothing is not asked"
    )
    told.must(forgetful.longest_s < TIMEOUT_S + SLACK_S, f"nobody waits for it ({forgetful.longest_s:.1f} s)")
    told.must(forgetful.by_altcha > 0, "ALTCHA asked in its place")
    told.seen.violations += [f"of those who mistyped: {what}" for what in forgetful.wrong]
    told.remark(f"{forgetful.got_in} mistyped and got in, {forgetful.by_altcha} of them by ALTCHA")
    told.remark(f"the provider was asked {len(provider.seen)} times; longest answer {forgetful.longest_s:.1f} s")
    return told.seen


def settings_of(provider: Provider) -> dict[str, str]:
    return {
        "CAMPUS_CAPTCHA_PROVIDER": provider.name,
        "CAMPUS_CAPTCHA_SITE_KEY": SITE_KEY,
        "CAMPUS_CAPTCHA_SECRET": SECRET,
        "CAMPUS_CAPTCHA_VERIFY_URL": f"http://127.0.0.1:{provider.port}{PATH}",
        "CAMPUS_CAPTCHA_WORK": "10",
    }


async def _be_moody(provider: Provider, phase_s: float, *, is_short: bool) -> None:
    await asyncio.sleep(PHASE_IN_SHORT_S)  # it works
    for mood in (Mood.HANGS,) if is_short else (Mood.HANGS, Mood.FAILS, Mood.DRIPS):
        provider.mood = mood
        await asyncio.sleep(phase_s)
    if not is_short:
        provider.mood, provider.rubbish = Mood.WORKS, b'{"success": "true"}'
        await asyncio.sleep(phase_s)
    await provider.close()
    await asyncio.sleep(phase_s)


@asynccontextmanager
async def _forgetful(told: Scene, accounts: Sequence[Person], provider: Provider) -> AsyncIterator[Forgetful]:
    hooks = {"request": [come_through_a_proxy]}
    url, stop = told.running.url, asyncio.Event()
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_S, verify=NO_TLS, event_hooks=hooks) as http:
        for person in accounts:
            (await http.post("/activate", json=person.user.activation())).raise_for_status()
        forgetful = Forgetful(http, provider)
        coming = asyncio.gather(*(forgetful.come(person, stop) for person in accounts))
        try:
            yield forgetful
        finally:
            stop.set()
            await coming
