"""A hosted CAPTCHA that fails, hangs or babbles keeps nobody out: ALTCHA asks instead, and after half a minute it is given another chance."""

import time
from collections.abc import AsyncIterator

import httpx
import pytest

from app.captcha.hosted import TIMEOUT_S
from app.clock import ManualClock
from app.services.captchas import PAUSE_S
from app.settings import Settings
from tests.guard.door import INVALID, REQUIRED, Door, door_behind
from tests.guard.provider import Mood, Provider, open_provider
from tests.guard.stranger import solved
from tests.support.portal import refused

RUBBISH = {
    "nothing": b"",
    "a page": b"<html>We will be back soon.</html>",
    "no object": b"[true]",
    "no success": b'{"ok": true}',
    "success in words": b'{"success": "true"}',
    "no UTF-8": b'{"success": true, "hostname": "\xff\xfe"}',
    "a tower": b"[" * 100_000,
}
ODD = {
    "no list of codes": b'{"success": false, "error-codes": null}',
    "a number of codes": b'{"success": false, "error-codes": 7}',
    "codes within codes": b'{"success": false, "error-codes": [["invalid-input-secret"]]}',
    "a score in words": b'{"success": true, "score": "high"}',
    "several actions": b'{"success": true, "action": ["login"]}',
    "several districts": b'{"success": true, "cdata": {"jackson": true}}',
}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One engine will do: no engine is asked while it is found out."""
    return sqlite_url


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with open_provider("recaptcha") as provider:
        yield provider


@pytest.fixture
async def door(settings: Settings, clock: ManualClock, provider: Provider) -> AsyncIterator[Door]:
    async with door_behind(provider, settings, clock) as door:
        yield door


@pytest.mark.parametrize("mood", [Mood.REDIRECTS, Mood.FAILS])
async def test_a_provider_that_fails_is_replaced(door: Door, provider: Provider, mood: Mood) -> None:
    """A redirect is not followed: it would carry the secret to wherever it leads."""
    response = provider.solve(await door.challenge())
    provider.mood = mood
    await altcha_opens(door, await door.knock(response))
    assert [request.partition(b" HTTP/")[0] for request in provider.seen] == [b"POST /siteverify"]


@pytest.mark.parametrize("mood", [Mood.HANGS, Mood.DRIPS])
async def test_nobody_waits_for_a_provider_that_hangs(door: Door, provider: Provider, mood: Mood) -> None:
    response = provider.solve(await door.challenge())
    provider.mood = mood
    begun = time.monotonic()
    answer = await door.knock(response)
    assert time.monotonic() - begun < TIMEOUT_S + 1
    await altcha_opens(door, answer)


async def test_a_provider_that_cannot_be_reached_is_replaced(door: Door, provider: Provider) -> None:
    response = provider.solve(await door.challenge())
    await provider.close()
    await altcha_opens(door, await door.knock(response))


async def test_a_secret_that_the_provider_does_not_know_is_not_the_visitors_fault(
    door: Door, provider: Provider
) -> None:
    response = provider.solve(await door.challenge())
    provider.secret = "renewed-by-somebody-who-told-nobody"
    await altcha_opens(door, await door.knock(response))


async def test_an_answer_that_is_no_verdict_is_none(door: Door, provider: Provider) -> None:
    for name, provider.rubbish in RUBBISH.items():
        answer = await door.knock("a-response")
        assert refused(answer) == REQUIRED, name
        assert answer.json()["captcha"]["provider"] == "altcha", name
        door.forget_that_it_was_down()


async def test_a_verdict_with_odd_parts_lets_nobody_in(door: Door, provider: Provider) -> None:
    for name, provider.rubbish in ODD.items():
        assert refused(await door.knock("a-response")) in {REQUIRED, INVALID}, name
        door.forget_that_it_was_down()


async def test_for_half_a_minute_the_provider_is_left_alone(door: Door, provider: Provider) -> None:
    """Refusals ask with ALTCHA meanwhile, and a response to the provider's own challenge costs nobody another time-out."""
    watch = door.use_watch()
    response, other = provider.solve(await door.challenge()), provider.solve(await door.challenge())
    provider.mood = Mood.FAILS
    assert refused(await door.knock(response)) == REQUIRED
    provider.mood = Mood.WORKS
    watch.seconds += PAUSE_S - 1
    for answer in (await door.knock(), await door.knock(other)):
        assert refused(answer) == REQUIRED
        assert answer.json()["captcha"]["provider"] == "altcha"
    assert len(provider.seen) == 1


async def test_after_half_a_minute_the_provider_asks_again(door: Door, provider: Provider) -> None:
    watch = door.use_watch()
    response = provider.solve(await door.challenge())
    provider.mood = Mood.FAILS
    late = await door.knock(response)
    provider.mood = Mood.WORKS
    watch.seconds += PAUSE_S + 1
    assert (await door.knock()).json()["captcha"]["provider"] == provider.name
    assert (await door.knock(solved(late.json()["captcha"]))).is_success, "what was asked meanwhile counts still"
    await door.shut()
    assert (await door.knock(response)).is_success


async def altcha_opens(door: Door, refusal: httpx.Response) -> None:
    """The refusal asks with ALTCHA instead, and so does the next one; the solution is accepted."""
    assert refused(refusal) == REQUIRED
    assert (await door.knock()).json()["captcha"]["provider"] == "altcha"
    assert (await door.knock(solved(refusal.json()["captcha"]))).is_success
