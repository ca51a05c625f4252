"""Somebody who knows a username, or made it up, and tries passwords from anywhere in the internet."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import altcha
import httpx

from app.clock import ManualClock
from app.services.sign_in_ladder import SignInSubject
from app.text import fold
from tests.support.portal import User, refused

Person = TypeVar("Person", bound=User)

WRONG = "Wrong guess 4711"
LONGEST_WAIT = timedelta(minutes=15)
INVALID = (401, "invalid_credentials")
ASKED = (403, "captcha_required")
NOT_SOLVED = (403, "captcha_invalid")
WAIT = (429, "too_many_attempts")
OFF = (403, "password_off")


def from_address(person: Person, address: str) -> Person:
    """The same name and password with an app that knows no tokens, at another address."""
    server = replace(person.server, http=person.server.at(address))
    return replace(person.on_another_device(), server=server)


def solved(asked: Mapping[str, Any]) -> str:
    """What the widget sends for a challenge: `captcha` of a refusal, or what `GET /captcha` gives."""
    assert asked["provider"] == "altcha"
    challenge = altcha.Challenge.from_dict(asked["challenge"])
    solution = altcha.solve_challenge(challenge)
    assert solution
    return altcha.Payload(challenge, solution).to_base64()


async def new_captcha(person: User, action: str = "login", district: str | None = None) -> str:
    """A fresh one, solved."""
    asked = {"action": action, "district": district or person.district}
    return solved((await person.http.get("/captcha", params=asked)).json())


async def guess(person: User, times: int = 1, **changes: object) -> list[tuple[int, str]]:
    """What so many wrong passwords are told, one after the other."""
    return [refused(await person.sign_in(**{"password": WRONG, **changes})) for _ in range(times)]


async def guess_with_captcha(person: User, **changes: object) -> httpx.Response:
    return await person.sign_in(**{"password": WRONG, "captcha": await new_captcha(person), **changes})


async def miss(person: User, times: int, clock: ManualClock, **changes: object) -> list[int]:
    """So many wrong passwords that are verified, from somebody who solves every CAPTCHA and sits out every wait.

    Gives the seconds of each wait, 0 where there was none.
    """
    waits = []
    for _ in range(times):
        answer = await guess_with_captcha(person, **changes)
        waits.append(answer.json().get("retry_after", 0))
        if waits[-1]:
            assert refused(answer) == WAIT
            clock.advance(timedelta(seconds=waits[-1]))
            answer = await guess_with_captcha(person, **changes)
        assert refused(answer) == INVALID
    return waits


async def exhaust(clock: ManualClock, tries: int, *people: User, on_device: bool = False) -> None:
    """As if so many wrong passwords had been typed for these names, as soon as the waits let them; the clock moves along."""
    campus = people[0].server.campus
    subjects = [_subject(person, on_device=on_device) for person in people]
    async with campus.database.transaction() as session:
        for _ in range(tries):
            clock.advance(LONGEST_WAIT)
            for subject in subjects:
                await campus.guard.ladder.climb(session, subject, clock.now(), free_tries=200, solved=True)
    clock.advance(LONGEST_WAIT)


def _subject(person: User, *, on_device: bool) -> SignInSubject:
    name, device = fold(person.username), None
    if on_device:
        device = person.server.campus.guard.device_tokens.prove(
            person.session["device_token"], district=person.district, portal=person.portal, username_folded=name
        )
        assert device
    return SignInSubject(person.district, person.portal.value, name, device)
