"""Whoever asks too often is told when to come back, whatever he asks for and however he writes it (D2, D17)."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from app.clock import ManualClock
from app.security.rate_windows import MemoryWindows
from app.settings import Settings
from tests.guard.crowd import (
    LIMITED,
    LOGIN_SCREEN,
    Standing,
    at,
    everybody,
    is_limited,
    limiting,
    raw,
    released_together,
    use_windows,
)
from tests.support.engines import sqlite_only
from tests.support.hash_pools import quick_hashes
from tests.support.office import Office
from tests.support.portal import refused, serving
from tests.support.processes import server_processes
from tests.support.valkey import Valkey

LIMIT = 30
EXTRA = 20
CAPTCHA = "/captcha?district=jackson&action=login"
JSON = {"Content-Type": "application/json"}


def guess(number: int) -> dict[str, str]:
    return {"district": "jackson", "portal": "parent", "username": f"nobody{number}", "password": "wrong"}


async def test_d2_of_requests_released_together_exactly_the_limit_passes(settings: Settings) -> None:
    """In one process: challenges, and sign-ins of so many names."""
    async with limiting(settings, rate_public=LIMIT, rate_login=LIMIT) as server:
        with quick_hashes(server):
            app, crowd = at(server), range(LIMIT + EXTRA)
            challenges = await asyncio.gather(*(app.get(CAPTCHA) for _ in crowd))
            tries = await asyncio.gather(*(app.post("/login", json=guess(number)) for number in crowd))
    assert Counter(answer.status_code for answer in challenges) == {200: LIMIT, 429: EXTRA}
    assert Counter(answer.status_code for answer in tries) == {401: LIMIT, 429: EXTRA}
    assert {refused(answer) for answer in [*challenges, *tries] if answer.status_code == 429} == {LIMITED}


@sqlite_only
async def test_d2_two_processes_with_one_store_let_exactly_the_limit_pass(
    settings: Settings, valkey: Valkey, tmp_path: Path
) -> None:
    """Each request on a line of its own, by turns to one process and the other, and all last bytes at once."""
    async with serving(settings, ManualClock()) as server:
        await Office.open(server)
    shared = settings.model_copy(update={"redis_url": valkey.url, "rate_public": LIMIT, "rate_login": LIMIT})
    with server_processes(shared, tmp_path, 2) as processes:
        challenges = await released_together(processes, [raw("GET", CAPTCHA)] * (LIMIT + EXTRA))
        guesses = [raw("POST", "/login", json.dumps(guess(number)).encode()) for number in range(LIMIT + EXTRA)]
        tries = await released_together(processes, guesses)
    assert Counter(challenges) == {200: LIMIT, 429: EXTRA}
    assert Counter(tries) == {401: LIMIT, 429: EXTRA}


SPELLINGS = [
    "/login",
    "//login",
    "/login/",
    "/%6Cogin",
    "/log%69n",
    "/LOGIN",
    "/Login",
    "/login?x=1",
    "/login?district=elsewhere",
    "/login#x",
    "/login;x=1",
    "/login%0A",
    "/login%0a",
    "/login%00",
    "/login%20",
    "/login%2F",
    "/%2Flogin",
    "/./login",
    "/x/../login",
    "/login/../login",
    "/login%3Fx",
    "/\u1e37ogin",
]


@sqlite_only
async def test_d17_no_spelling_of_a_path_slips_past_its_limit(settings: Settings) -> None:
    """Either it is the operation, whose few tries are used up, or it is nothing at all; it has a limit in any case."""
    async with limiting(settings, rate_login=2, rate_public=5) as server:
        for app, spelling in zip(everybody(server), SPELLINGS, strict=False):
            assert [is_limited(await app.post("/login", json={})) for _ in range(3)] == [False, False, True]
            answers = [await app.post(spelling, json=guess(0)) for _ in range(6)]
            reached = [answer for answer in answers if not is_limited(answer)]
            assert {refused(answer) for answer in reached} <= {(404, "not_found")}, spelling
            assert len(reached) in {0, 5}, spelling
            assert is_limited(answers[-1]), spelling


@sqlite_only
async def test_d17_other_methods_of_the_path_are_limited_too(settings: Settings) -> None:
    async with limiting(settings, rate_public=3) as server:
        answers = [await at(server).request(method, "/login") for method in ("GET", "HEAD", "DELETE", "TRACE", "BREW")]
        assert [answer.status_code for answer in answers] == [405, 405, 405, 429, 429]


FUTILE: dict[str, tuple[int, str, str, dict[str, Any]]] = {
    "malformed JSON": (400, "POST", "/login", {"content": b'{"district":', "headers": JSON}),
    "bytes that are no text": (400, "POST", "/login", {"content": b"\xff\xfe\xfa", "headers": JSON}),
    "another media type": (415, "POST", "/login", {"content": b"district=jackson", "headers": {"Content-Type": "text/plain"}}),
    "a body that is too large": (413, "POST", "/login", {"content": b'"' + b"x" * 70_000 + b'"', "headers": JSON}),
    "nothing": (422, "POST", "/login", {}),
    "a list": (422, "POST", "/login", {"json": [1]}),
    "an unknown field": (422, "POST", "/login", {"json": {**guess(0), "admin": True}}),
    "a name of 60,000 letters": (422, "POST", "/login", {"json": {**guess(0), "username": "x" * 60_000}}),
    "an unknown district": (404, "POST", "/login", {"json": {**guess(0), "district": "nowhere"}}),
    "the screen of an unknown district": (404, "GET", "/districts/nowhere", {}),
    "an unknown path": (404, "GET", "/nowhere", {}),
    "a method that is not there": (405, "PATCH", "/districts", {"json": {}}),
    "a missing token": (401, "GET", "/me", {}),
    "a query that is refused": (422, "GET", "/districts?limit=1000", {}),
    "not modified": (304, "GET", LOGIN_SCREEN, {"headers": {"If-None-Match": "*"}}),
}  # fmt: skip


@sqlite_only
async def test_requests_that_lead_nowhere_count(settings: Settings) -> None:
    async with limiting(settings, rate_login=3, rate_public=3, rate_session=3) as server:
        for app, (what, (status, method, path, options)) in zip(everybody(server), FUTILE.items(), strict=False):
            answers = [await app.request(method, path, **options) for _ in range(5)]
            assert [answer.status_code for answer in answers] == [status] * 3 + [429] * 2, what
            assert [Standing.of(answer).remaining for answer in answers] == [2, 1, 0, 0, 0], what


@sqlite_only
async def test_a_body_without_a_length_that_turns_out_too_large_counts(settings: Settings) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 10_000

    async with limiting(settings, rate_login=2) as server:
        answers = [await at(server).post("/login", content=endless(), headers=JSON) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [413, 413, 429]


@sqlite_only
async def test_a_refusal_does_not_wait_for_the_body(settings: Settings) -> None:
    """Somebody who never sends what he announced holds nothing up."""

    async def never() -> AsyncIterator[bytes]:
        await asyncio.Event().wait()
        yield b""

    async with limiting(settings, rate_login=1, rate_public=1, rate_session=1) as server:
        for app, path in zip(everybody(server), ("/login", "/me/password", "/nowhere"), strict=False):
            await app.post(path, json={})
            async with asyncio.timeout(1):
                assert is_limited(await app.post(path, content=never(), headers=JSON))


@sqlite_only
async def test_every_answer_says_how_the_limit_stands(settings: Settings) -> None:
    """One less each time; after `Retry-After` seconds, and not before, one passes again, for the limit slides."""
    async with limiting(settings, rate_public=3) as server:
        watch = Stopwatch()
        use_windows(server, MemoryWindows(watch))
        app, standings = at(server), []
        for watch.seconds in (0.0, 10.0, 25.5):
            standings.append(Standing.of(await app.get(LOGIN_SCREEN)))
        assert standings == [Standing("public", 3, 60, left, reset) for left, reset in ((2, 60), (1, 50), (0, 35))]
        watch.seconds = 29.5
        answer = await app.get(LOGIN_SCREEN)
        assert is_limited(answer)
        assert answer.headers["retry-after"] == "31"
        watch.seconds = 59.9
        assert is_limited(await app.get(LOGIN_SCREEN))
        watch.seconds = 29.5 + 31
        assert Standing.of(await app.get(LOGIN_SCREEN)) == Standing("public", 3, 60, 0, 10)
        assert is_limited(await app.get(LOGIN_SCREEN)), "one has left the window, not all"


@sqlite_only
async def test_refusals_of_the_guard_say_how_the_limit_stands(settings: Settings) -> None:
    """Three wrong passwords, then the CAPTCHA: the fourth answer belongs to the limit as the others do."""
    async with limiting(settings, rate_login=5) as server:
        with quick_hashes(server):
            answers = [await at(server).post("/login", json=guess(0)) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 403, 403, 429]
    assert [Standing.of(answer).remaining for answer in answers] == [4, 3, 2, 1, 0, 0]


@sqlite_only
async def test_an_app_of_another_origin_may_read_why_it_was_refused(settings: Settings) -> None:
    origin = "https://portal.example.org"
    async with limiting(settings, rate_public=1) as server:
        await Office(server, "jackson").set(f"origins={origin}")
        app = at(server)
        answers = [await app.get(LOGIN_SCREEN, headers={"Origin": origin}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    for answer in answers:
        exposed = answer.headers["access-control-expose-headers"].replace(" ", "").split(",")
        assert answer.headers["access-control-allow-origin"] == origin
        assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= set(exposed)


@sqlite_only
async def test_a_refusal_speaks_the_language_of_the_person(settings: Settings) -> None:
    async with limiting(settings, rate_public=1) as server:
        answers = [await at(server).get(LOGIN_SCREEN, headers={"Accept-Language": "es"}) for _ in range(2)]
    assert is_limited(answers[1])
    assert answers[1].headers["content-language"] == "es"


class Stopwatch:
    """Seconds that pass when a test says so."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds
