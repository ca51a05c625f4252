"""A forgotten password without a mailbox: tries, decoys, and what the answers open and do not open."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.clock import ManualClock
from app.models import FailedSignIns
from app.portals import Portal
from app.settings import Settings
from tests.claiming.students import (
    ANSWERS,
    CLAIM_ON,
    CLAIMED,
    EXHAUSTED,
    NO_TICKET,
    WRONG,
    WRONG_ANSWERS,
    Student,
    change_person,
    given,
    new_student,
    reopen_claim,
)
from tests.guard.stranger import ASKED, OFF, exhaust, guess, new_captcha
from tests.support.authenticator import set_up
from tests.support.engines import sqlite_only
from tests.support.hash_pools import no_free_place
from tests.support.office import Office
from tests.support.portal import Server, refused, serving
from tests.support.recovery import NEW_PASSWORD, Post

NO_LINK = (410, "reset_link_invalid")


@pytest.fixture
async def ana(office: Office, post: Post) -> Student:
    """She has claimed her account and signed out of everything."""
    await office.set(*CLAIM_ON)
    ana = await new_student(office, post)
    await ana.claims()
    return ana


async def test_five_tries_a_day_and_ten_in_all(
    server: Server, office: Office, ana: Student, clock: ManualClock
) -> None:
    """A name that nobody has comes to the same end, and costs as many hashes."""
    for name in (ana.username, "S9999999"):
        before = await server.hashes_computed()
        tried = [refused(await ana.answer(WRONG_ANSWERS, username=name)) for _ in range(7)]
        assert tried == [WRONG] * 5 + [EXHAUSTED] * 2
        assert await server.hashes_computed() - before == 5
    assert refused(await ana.answer()) == EXHAUSTED, "right, but one too many"
    clock.advance(timedelta(hours=16))
    assert (await ana.answer()).status_code == 200, "a new day; right answers end the count"
    for _ in range(2):
        assert [refused(await ana.answer(WRONG_ANSWERS)) for _ in range(6)] == [WRONG] * 5 + [EXHAUSTED]
        clock.advance(timedelta(days=1))
    clock.advance(timedelta(days=400))
    assert refused(await ana.answer()) == EXHAUSTED, "only the office helps"
    assert (await ana.sign_in()).status_code == 200, "the password still does"
    await reopen_claim(office, ana)
    again = replace(ana, password="Another meadow 43", answers={**ANSWERS, "first_pet": "Milo"}, session={})
    await again.claims()
    assert await again.answered()


async def test_d2_of_sixty_guesses_at_once_five_are_verified(server: Server, ana: Student) -> None:
    ticket = (await ana.questions()).json()["ticket"]
    before = await server.hashes_computed()
    tried = await asyncio.gather(*(ana.answer_with(ticket, given(WRONG_ANSWERS)) for _ in range(60)))
    assert Counter(map(refused, tried)) == {WRONG: 5, EXHAUSTED: 55}
    assert await server.hashes_computed() - before == 5


@sqlite_only
async def test_tries_that_verified_nothing_are_given_back(server: Server, ana: Student) -> None:
    with no_free_place(server):
        assert [refused(await ana.answer()) for _ in range(6)] == [(503, "overloaded")] * 6
    assert (await ana.answer()).status_code == 200


@sqlite_only
async def test_all_of_the_answers_in_any_order_and_nothing_else(ana: Student) -> None:
    ticket = (await ana.questions()).json()["ticket"]
    right = given(ANSWERS)
    assert (await ana.answer_with(ticket, right[::-1])).status_code == 200
    swapped = dict(zip(ANSWERS, reversed(ANSWERS.values()), strict=True))
    for answers in (
        right[:2],
        [*right, right[0]],
        [right[0]] * 3,
        given(swapped),
        [*right, given({"dream_job": "P"})[0]],
    ):
        assert refused(await ana.answer_with(ticket, answers)) == WRONG


async def test_a_name_that_nobody_has_is_asked_the_same_questions_each_time(
    settings: Settings, office: Office, ana: Student, clock: ManualClock
) -> None:
    """As somebody's own would be: after hours, after a restart, however it is spelt; and other ones than the next name."""
    asked = await texts(ana, "S9999999")
    assert len(asked) == len(ANSWERS)
    clock.advance(timedelta(hours=30))
    for spelling in ("s9999999", "S9999999 ", "\uff339999999"):
        assert await texts(ana, spelling) == asked
    async with serving(settings, clock) as restarted:
        assert await texts(ana, "S9999999", restarted) == asked
    names = [f"S99999{number}" for number in range(10, 30)]
    assert len({tuple(await texts(ana, name)) for name in names}) > 5
    unanswered = await office.parent()
    assert (await unanswered.activate()).status_code == 201
    for _ in range(2):
        decoys = await texts(ana, unanswered.username, portal=Portal.PARENT)
        assert len(decoys) == len(ANSWERS), "who has answered none is nobody"


async def texts(
    student: Student, name: str, server: Server | None = None, portal: Portal = Portal.STUDENT
) -> list[str]:
    http = server.http if server else student.http
    body = {"district": student.district, "username": name, "portal": portal}
    asked = await http.post("/password-reset/questions", json=body)
    return [question["text"] for question in asked.json()["questions"]]


@sqlite_only
async def test_questions_come_in_the_language_of_whoever_asks(ana: Student) -> None:
    body = {"district": ana.district, "username": ana.username}
    asked = await ana.http.post("/password-reset/questions", json=body, headers={"Accept-Language": "es"})
    assert "¿Cómo se llamaba su primera mascota?" in [question["text"] for question in asked.json()["questions"]]


async def test_d30_answers_switch_the_password_on_and_the_captcha_stays_until_a_success(
    ana: Student, clock: ManualClock
) -> None:
    await exhaust(clock, 100, ana)
    stranger = ana.on_another_device()
    assert refused(await stranger.sign_in()) == OFF
    token = await ana.answered()
    assert refused(await stranger.sign_in()) == OFF, "answers alone switch nothing on"
    assert (await ana.reset(token)).status_code == 204
    stranger.password = ana.password
    assert refused(await stranger.sign_in()) == ASKED
    assert (await stranger.sign_in(captcha=await new_captcha(stranger))).status_code == 200
    assert await guess(stranger) == [(401, "invalid_credentials")], "the success has ended the count"


@sqlite_only
async def test_a_reset_by_answers_leaves_a_short_ladder_as_it_is(office: Office, ana: Student) -> None:
    assert await guess(ana.on_another_device(), 2) == [(401, "invalid_credentials")] * 2
    assert (await ana.reset(await ana.answered())).status_code == 204
    async with office.campus.database.transaction() as session:
        counted = await session.execute(
            update(FailedSignIns).values(device=FailedSignIns.device).returning(FailedSignIns.tries)
        )
        assert list(counted.scalars()) == [2]


async def test_the_token_works_once_for_ten_minutes_and_only_the_newest(ana: Student, clock: ManualClock) -> None:
    older, newer = await ana.answered(), await ana.answered()
    assert refused(await ana.reset(older)) == NO_LINK
    offered = await ana.check(newer)
    assert offered.json()["username_masked"] == "S0****56"
    assert (await ana.reset(newer)).status_code == 204
    assert refused(await ana.reset(newer, "Another meadow 43")) == NO_LINK
    assert refused(await ana.me()) == (401, "invalid_token"), "a reset ends every session"
    late = await ana.answered()
    clock.advance(timedelta(minutes=10))
    assert refused(await ana.reset(late, "Another meadow 43")) == NO_LINK
    assert refused(await ana.confirm(late)) == NO_TICKET


async def test_the_token_dies_with_whatever_replaces_the_password(office: Office, ana: Student) -> None:
    token = await ana.answered()
    assert (await ana.change_password()).status_code == 204
    assert refused(await ana.reset(token)) == NO_LINK
    token = await ana.answered()
    await office.disable(ana)
    await office.enable(ana)
    assert refused(await ana.reset(token)) == NO_LINK
    token = await ana.answered()
    key = await office.reset(ana)
    assert refused(await ana.reset(token)) == NO_LINK
    assert refused(await ana.answer()) == WRONG, "a reset drops the answers"
    ana.key = key
    assert (await ana.activate()).status_code == 201
    assert (await ana.set_answers(ANSWERS)).status_code == 204
    token = await ana.answered()
    ana.key = await office.key_for(ana.person_id, Portal.STUDENT)
    assert (await ana.on_another_device().activate()).status_code == 201
    assert refused(await ana.reset(token)) == NO_LINK
    assert refused(await ana.answer()) == WRONG, "so does a key"


async def test_answers_stand_for_the_password_and_not_for_the_second_factor(office: Office, post: Post) -> None:
    """A parent's authenticator is asked for after the reset as it was before, and no answer passes for its code."""
    await office.set(*CLAIM_ON)
    parent = vars(await office.parent())
    maria = Student(**parent, post=post, first_name="Maria", last_name="Lopez", number="")
    assert (await maria.activate()).status_code == 201
    phone = await set_up(maria)
    assert (await maria.set_answers(ANSWERS)).status_code == 204
    token = await maria.answered()
    assert (await maria.reset(token)).status_code == 204
    for code in (None, phone.wrong_code(), ANSWERS["favorite_food"]):
        changes = {"totp": code} if code else {}
        refusal = (403, "totp_invalid" if code else "totp_required")
        assert refused(await maria.on_another_device().sign_in(**changes)) == refusal
    assert (await maria.sign_in(totp=phone.next_code())).status_code == 200


async def test_accounts_that_may_not_be_used_answer_as_wrong_ones(server: Server, office: Office, ana: Student) -> None:
    async def is_refused() -> None:
        before = await server.hashes_computed()
        assert {question["id"] for question in (await ana.questions()).json()["questions"]} == set(ANSWERS)
        assert refused(await ana.answer()) == WRONG
        assert await server.hashes_computed() - before == 1

    await office.disable(ana)
    await is_refused()
    await office.enable(ana)
    await change_person(office, ana.person_id, enabled=False)
    await is_refused()
    await change_person(office, ana.person_id, enabled=True)
    assert await ana.answered()


async def test_tickets_of_questions_open_nothing_else(ana: Student, clock: ManualClock) -> None:
    ticket = (await ana.questions()).json()["ticket"]
    for made_up in ("x", ticket[:-8] + "AAAAAAA=", ticket[:40]):
        assert refused(await ana.answer_with(made_up, given(ANSWERS))) == NO_TICKET
    assert refused(await ana.reset(ticket)) == NO_LINK
    assert refused(await ana.complete(ticket)) == NO_TICKET
    clock.advance(timedelta(minutes=10))
    assert refused(await ana.answer_with(ticket, given(ANSWERS))) == NO_TICKET


async def test_d21_a_token_of_one_way_sets_no_password_by_another(office: Office, post: Post, ana: Student) -> None:
    """Only a ticket of a claim claims, only a token that was mailed or answered for resets."""
    token = await ana.answered()
    ticket = await (await new_student(office, post, "Ben Diaz", "77")).ticket()
    assert refused(await ana.complete(token)) == NO_TICKET
    assert refused(await ana.reset(ticket)) == NO_LINK
    assert refused(await ana.dispute(token)) == NO_TICKET
    assert refused(await ana.answer_with(token, given(ANSWERS))) == NO_TICKET
    assert refused(await ana.answer_with(ticket, given(ANSWERS))) == NO_TICKET
    assert await ana.signs_in_with(ana.password)
    assert not await ana.signs_in_with(NEW_PASSWORD)


async def test_a_claim_that_was_reopened_is_closed_to_whoever_comes_after_its_owner(
    office: Office, ana: Student
) -> None:
    """By a mailed link in the meantime, or by another reset: a name and a number take nothing from an account in use."""
    await ana.own_address()
    await reopen_claim(office, ana)
    ticket = await ana.ticket()
    assert (await ana.reset(await ana.reset_link())).status_code == 204
    thief = replace(ana, password="Another meadow 43", session={})
    assert [refused(await thief.complete(ticket)), refused(await thief.claim())] == [CLAIMED] * 2
    await reopen_claim(office, ana)
    await office.reset(ana)
    assert [refused(await thief.complete(ticket)), refused(await thief.claim())] == [CLAIMED] * 2
