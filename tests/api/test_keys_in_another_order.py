"""While a secret key is replaced, processes list the keys in different orders, or one of them only: each knows what another began."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from app.clock import ManualClock
from app.portals import Portal
from app.services.daily_quotas import DailyQuotas, LocalDay
from app.services.guess_budgets import PER_DAY, GuessBudgets, GuessSubject, Standing
from app.services.sign_in_ladder import SignInLadder, SignInSubject
from app.services.window_counts import WindowCounts
from app.settings import Settings
from tests.conftest import SECRET_KEY
from tests.support.office import Office
from tests.support.portal import Server, User, refused, serving
from tests.support.secret_keys import NEW_KEY, with_keys

ORDERS = ([SECRET_KEY], [SECRET_KEY, NEW_KEY], [NEW_KEY, SECRET_KEY], [NEW_KEY])
"""As the steps go by; neighbours serve side by side."""
ONCE = {"Idempotency-Key": "6f1c2e3d-once"}


@pytest.fixture
async def processes(settings: Settings, clock: ManualClock) -> AsyncIterator[list[Server]]:
    """One for each step, over one database."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(serving(with_keys(settings, *keys), clock)) for keys in ORDERS]


async def test_a_repetition_is_recognised_whichever_process_it_reaches(processes: list[Server]) -> None:
    office = await Office.open(processes[0])
    neighbours = list(pairwise(processes))
    for number, (one, other) in enumerate(neighbours + [(b, a) for a, b in neighbours]):
        parent = await Office(one, office.district).parent()
        once = {"Idempotency-Key": f"6f1c2e3d-{number}"}
        made, again = await parent.activate(once), await at(other, parent).activate(once)
        assert (made.status_code, again.status_code) == (201, 201)
        assert again.json()["account"] == made.json()["account"]
        changed = await at(other, parent).activate(once, username="another1")
        assert refused(changed) == (422, "idempotency_key_reused")


async def test_of_two_sendings_at_the_same_moment_one_meets_the_other(processes: list[Server]) -> None:
    _, behind, first, _ = processes
    parent = await (await Office.open(behind)).parent()
    answers = await asyncio.gather(*(at(server, parent).activate(ONCE) for server in (behind, first)))
    assert sorted(answer.status_code for answer in answers) in ([201, 201], [201, 409])
    assert {(await at(server, parent).activate(ONCE)).status_code for server in (behind, first)} == {201}


async def test_what_is_counted_goes_on_at_the_other_process(processes: list[Server], clock: ManualClock) -> None:
    now, day = clock.now(), LocalDay.of(clock.now(), "America/New_York")
    name, somebody = SignInSubject("jackson", "parent", "maria"), GuessSubject("guess", "jackson", ["S0000001"])

    async def in_turns(count: Callable[[Any, Any], Awaitable[Any]]) -> list[Any]:
        """By the process that lists the new key behind, by the one that lists it first, and again."""
        counted = []
        for server in processes[1:3] * 3:
            async with server.campus.database.transaction() as session:
                counted.append(await count(server.campus.digests, session))
        return counted

    window = await in_turns(lambda by, session: WindowCounts(by).count(session, "knocks", "::1", now, free=3))
    assert window == [True] * 3 + [False] * 3
    await in_turns(lambda by, session: WindowCounts(by).take_back(session, "knocks", "::1"))
    again = await in_turns(lambda by, session: WindowCounts(by).count(session, "knocks", "::1", now, free=3))
    assert again == window, "what was taken back is free again, and no more than that"
    mails = await in_turns(lambda by, session: DailyQuotas(by).count(session, "mails", "jackson", "maria", day))
    assert mails == [1, 2, 3, 4, 5, 6]
    seen = await in_turns(lambda by, session: DailyQuotas(by).counted(session, "mails", "jackson", ["maria"], day))
    assert seen == [{"maria": 6}] * 6
    guesses = await in_turns(lambda by, session: GuessBudgets(by).take(session, somebody, now, "America/New_York"))
    assert guesses == [Standing.TAKEN] * PER_DAY + [Standing.EXHAUSTED]
    climb = await in_turns(lambda by, session: SignInLadder(by).climb(session, name, now, free_tries=9, solved=False))
    assert climb == [1, 2, 3, 4, 5, 6]


async def test_nobody_sees_the_order_of_the_keys(processes: list[Server]) -> None:
    """Not by the questions that are asked of somebody unknown, and not by what names an event."""
    *listing_the_old, _ = processes
    office = await Office.open(processes[0])
    await office.set("features.challenge_questions=true")
    maria = await office.parent()
    assert (await maria.activate()).status_code == 201
    stranger = {"district": office.district, "portal": Portal.STUDENT, "username": "S0999999"}
    questions, events = [], []
    for server in listing_the_old:
        asked = await server.http.post("/password-reset/questions", json=stranger)
        questions.append(asked.json()["questions"])
        events.append((await at(server, maria).ask("GET", "/me/activity")).json()["items"])
    assert questions[1:] == questions[:-1]
    assert events[1:] == events[:-1]
    assert events[0]


def at(server: Server, person: User) -> User:
    """The same person with the same app, which asks this server."""
    return replace(person, server=server)
