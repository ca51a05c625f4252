"""Challenge answers that an owner sets, and what counts as the same answer."""

import string
import unicodedata

import httpx
import pytest
from hypothesis import given as for_all
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.models import ChallengeAnswers
from app.services.challenge_questions import SHIPPED, normalised
from tests.claiming.students import ANSWERS, CLAIM_ON, WRONG, WRONG_ANSWERS, Student, given, new_student
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import User, faults, refused
from tests.support.recovery import DISPUTE, Owner, Post, new_owner

LETTERS = string.ascii_letters + string.digits + "äéíñçÖß"
BETWEEN = " -'.,!\u2019"
OWN = (
    "What is your locker's colour?",
    "Who taught you to swim?",
    "Which bus do you take?",
    "What is your room's number?",
)


@pytest.fixture
async def ana(office: Office, post: Post) -> Student:
    await office.set(*CLAIM_ON)
    return await new_student(office, post)


async def test_an_owner_sets_answers_and_replaces_them(office: Office, post: Post) -> None:
    maria = await new_owner(office, post)
    assert "set_challenge_answers" not in await maria.next_steps()
    await office.set("features.challenge_questions=true")
    assert "set_challenge_answers" in await maria.next_steps()
    offered = (await maria.ask("GET", "/me/challenge-questions")).json()
    assert {question["id"] for question in offered["questions"]} == set(SHIPPED)
    assert offered["answers_needed"] == 3
    assert (await set_answers(maria, ANSWERS)).status_code == 204
    assert "set_challenge_answers" not in await maria.next_steps()
    mail = await post.one(DISPUTE)
    assert "challenge questions" in mail.text
    assert not [answer for answer in ANSWERS.values() if answer in mail.everything]
    others = {"dream_job": "Pilot", "favorite_toy": "Kite", "favorite_game": "Chess"}
    assert (await set_answers(maria, others)).status_code == 204
    student = as_student(maria, post)
    assert {question["id"] for question in (await student.questions()).json()["questions"]} == set(others)
    assert refused(await student.answer(ANSWERS)) == WRONG
    assert (await student.answer(others)).status_code == 200


async def test_new_answers_end_what_was_begun_with_those_before(ana: Student) -> None:
    await ana.claims()
    token = await ana.answered()
    for _ in range(5):
        assert refused(await ana.answer(WRONG_ANSWERS)) == WRONG
    assert (await ana.set_answers({**ANSWERS, "first_pet": "Milo"})).status_code == 204
    assert refused(await ana.reset(token)) == (410, "reset_link_invalid")
    ana.answers = {**ANSWERS, "first_pet": "Milo"}
    assert await ana.answered()


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        (given(ANSWERS)[:2], ("/challenge_answers", "answers_count")),
        ([*given(ANSWERS), {"question_id": "dream_job", "answer": "Pilot"}], ("/challenge_answers", "answers_count")),
        ([*given(ANSWERS)[:2], given(ANSWERS)[0]], ("/challenge_answers/2/question_id", "question_unknown")),
        (given({**ANSWERS, "first_pet": "R"}), ("/challenge_answers/0/answer", "answer_too_short")),
        (given({**ANSWERS, "first_pet": "R - !"}), ("/challenge_answers/0/answer", "answer_too_short")),
        (
            [{"question_id": "own_0", "answer": "Blue"}, *given(ANSWERS)[1:]],
            ("/challenge_answers/0/question_id", "question_unknown"),
        ),
    ],
)
@sqlite_only
async def test_answers_that_cannot_be_kept(ana: Student, answers: list[dict[str, str]], fault: tuple[str, str]) -> None:
    await ana.claims()
    refusal = await ana.ask(
        "PUT", "/me/challenge-answers", json={"current_password": ana.password, "challenge_answers": answers}
    )
    assert fault in faults(refusal)
    assert await ana.answered(), "those before stay"


@sqlite_only
async def test_without_the_password_nothing_is_set(ana: Student) -> None:
    await ana.claims()
    wrong = await ana.set_answers({**ANSWERS, "first_pet": "Milo"}, current_password="Not my password 1")
    assert refused(wrong) == (403, "current_password_wrong")
    assert await ana.answered()


@sqlite_only
async def test_staff_have_no_questions(office: Office, dana: User) -> None:
    await office.set("features.challenge_questions=true")
    body = {"current_password": dana.password, "challenge_answers": given(ANSWERS)}
    assert refused(await dana.ask("GET", "/me/challenge-questions")) == (403, "forbidden")
    assert refused(await dana.ask("PUT", "/me/challenge-answers", json=body)) == (403, "forbidden")
    asked = {"district": office.district, "portal": "staff", "username": dana.username}
    assert set(faults(await dana.http.post("/password-reset/questions", json=asked))) == {
        ("/portal", "portal_without_questions")
    }
    assert "set_challenge_answers" not in (await dana.refresh()).json()["next_steps"]


@sqlite_only
async def test_a_district_that_asks_none(office: Office, post: Post) -> None:
    maria = await new_owner(office, post)
    disabled = (403, "feature_disabled")
    assert refused(await maria.ask("GET", "/me/challenge-questions")) == disabled
    assert refused(await set_answers(maria, ANSWERS)) == disabled
    assert refused(await as_student(maria, post).questions()) == disabled
    assert "set_challenge_answers" not in await maria.next_steps()


async def test_a_district_asks_its_own_questions_and_may_change_them(office: Office, ana: Student) -> None:
    """What somebody answered stays what he is asked, until he answers anew."""
    await office.set(f"challenge_questions.questions={','.join(OWN)}", "challenge_questions.count=2")
    offer = (await ana.claim()).json()
    assert [question["text"] for question in offer["questions"]] == list(OWN)
    assert offer["answers_needed"] == 2
    ids = [question["id"] for question in offer["questions"]]
    ana.answers = {ids[2]: "No. 7", ids[0]: "Blue"}
    assert (await ana.complete(offer["ticket"])).status_code == 201
    await office.set(f"challenge_questions.questions={','.join(OWN[3:] + OWN[1:2])}")
    asked = (await ana.questions()).json()["questions"]
    assert {question["text"] for question in asked} == {OWN[2], OWN[0]}
    assert (await ana.answer()).status_code == 200
    assert ("/challenge_answers/0/question_id", "question_unknown") in faults(await ana.set_answers(ana.answers))
    assert (await ana.set_answers({ids[3]: "12", ids[1]: "Aunt Eva"})).status_code == 204


async def test_equal_answers_of_two_accounts_have_different_hashes(office: Office, post: Post, ana: Student) -> None:
    ben = await new_student(office, post, "Ben Diaz", "77")
    await ana.claims()
    await ben.claims()
    async with office.campus.database.reading() as connection:
        hashes = list((await connection.execute(select(ChallengeAnswers.answers_hash))).scalars())
    assert len(set(hashes)) == 2
    async with office.campus.database.transaction() as session:
        first, second = (await session.scalars(select(ChallengeAnswers))).all()
        first.answers_hash = second.answers_hash
    outcomes = [(await each.answer()).status_code for each in (ana, ben)]
    assert sorted(outcomes) == [200, 403], "a hash that is copied to another account opens nothing there"


@hypothesis_settings(max_examples=200, deadline=None)
@for_all(st.data(), st.text(LETTERS, min_size=2, max_size=30))
def test_case_accents_spaces_and_punctuation_do_not_matter(data: st.DataObject, answer: str) -> None:
    variant = ""
    for letter in answer:
        shape = data.draw(st.sampled_from([str.upper, str.lower, str.title, bare, composed, decomposed]))
        variant += shape(letter) + data.draw(st.text(BETWEEN, max_size=2))
    assert normalised(variant) == normalised(answer)


@hypothesis_settings(max_examples=200, deadline=None)
@for_all(st.text(string.ascii_lowercase + string.digits), st.text(string.ascii_lowercase + string.digits))
def test_other_letters_are_another_answer(one: str, other: str) -> None:
    assert (normalised(one) == normalised(other)) == (one == other)


def bare(letter: str) -> str:
    """Without its accent."""
    return "".join(c for c in decomposed(letter) if not unicodedata.combining(c))


def composed(letter: str) -> str:
    return unicodedata.normalize("NFC", letter)


def decomposed(letter: str) -> str:
    return unicodedata.normalize("NFD", letter)


def as_student(owner: Owner, post: Post) -> Student:
    """With the ways of asking that students have."""
    words = {**vars(owner), "post": post}
    return Student(**words, last_name="Lopez", first_name="Maria", number="")


async def set_answers(owner: Owner, answers: dict[str, str]) -> httpx.Response:
    body = {"current_password": owner.password, "challenge_answers": given(answers)}
    return await owner.ask("PUT", "/me/challenge-answers", json=body)
