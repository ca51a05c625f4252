"""A student claims an account with name and number: who may, when, how often, and what it leaves behind."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.clock import ManualClock
from app.models import Account, Base, Relationship
from app.portals import Portal
from tests.claiming.students import (
    CLAIM_ON,
    CLAIMED,
    NO_TICKET,
    NOT_MATCHED,
    Student,
    accounts_of,
    change_person,
    given,
    new_student,
    reopen_claim,
)
from tests.support.engines import sqlite_only
from tests.support.hash_pools import no_free_place
from tests.support.office import Office
from tests.support.portal import Server, faults, refused
from tests.support.recovery import ADDRESS, Post, new_owner

KEY_GONE = {(404, "activation_key_invalid"), (410, "activation_key_expired")}
BORN = date(2014, 11, 13)


@pytest.fixture
async def ana(office: Office, post: Post) -> Student:
    await office.set(*CLAIM_ON)
    return await new_student(office, post)


@pytest.mark.parametrize(
    ("stored", "number", "typed"),
    [
        (("Ana", "Lopez"), "0123456", ("ANA", "lopez", "123456")),
        (("José María", "Núñez-O'Neil"), "123456", ("jose maria", "nunez oneil", "0000123456")),
        (("Jose", "ONeil Nunez"), "0123456", (" José ", "O\u2019Neil-Núñez", " 0123456 ")),
        (("Anna-Lena", "Straße"), "AB12", ("anna lena", "STRASSE", "ab-12")),
        (("Zoe\u0308", "Lee"), "7", ("Zoë", "Lee", "0000007")),
    ],
)
@sqlite_only
async def test_case_accents_hyphens_apostrophes_spaces_and_leading_zeros_do_not_matter(
    office: Office, post: Post, stored: tuple[str, str], number: str, typed: tuple[str, str, str]
) -> None:
    await office.set(*CLAIM_ON)
    student = await new_student(office, post, number=number)
    await change_person(office, student.person_id, first_name=stored[0], last_name=stored[1])
    first, last, as_typed = typed
    assert (await student.claim(first_name=first, last_name=last, student_number=as_typed)).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"first_name": "Lopez", "last_name": "Ana"},
        {"first_name": "An"},
        {"last_name": "Lopes"},
        {"first_name": "-", "last_name": "-"},
        {"student_number": "1234567"},
        {"student_number": "12345"},
        {"student_number": "0"},
        {"student_number": "--"},
        {"student_number": "%"},
        {"student_number": "1" * 30},
    ],
)
@sqlite_only
async def test_whatever_else_is_wrong_does_not_fit(ana: Student, changes: dict[str, str]) -> None:
    assert refused(await ana.claim(**changes)) == NOT_MATCHED


@sqlite_only
async def test_a_name_without_letters_fits_nothing(office: Office, ana: Student) -> None:
    await change_person(office, ana.person_id, last_name="-")
    assert refused(await ana.claim(last_name="-")) == NOT_MATCHED
    assert refused(await ana.claim(last_name="!")) == NOT_MATCHED


@sqlite_only
async def test_an_exact_district_takes_nothing_else(office: Office, ana: Student) -> None:
    await office.set("claim.match=exact")
    assert (await ana.claim(last_name=" Lopez ")).status_code == 200
    for changes in ({"last_name": "lopez"}, {"first_name": "Aná"}):
        assert refused(await ana.claim(**changes)) == NOT_MATCHED


@sqlite_only
async def test_two_students_of_one_number_are_the_roster_s_fault_and_neither_can_claim(
    office: Office, post: Post, ana: Student
) -> None:
    twin = await new_student(office, post, "Ben Diaz", number="123456")
    assert refused(await ana.claim()) == NOT_MATCHED
    assert refused(await twin.claim()) == NOT_MATCHED


async def test_the_birth_date_where_the_district_asks_for_it(office: Office, post: Post, ana: Student) -> None:
    await office.set("claim.fields=birth_date")
    born = await new_student(office, post, "Ben Diaz", "77", born=BORN)
    assert set(faults(await born.claim())) == {("/birth_date", "missing")}
    assert refused(await born.claim(birth_date="2014-11-14")) == NOT_MATCHED
    assert (await born.claim(birth_date="2014-11-13")).status_code == 200
    assert refused(await ana.claim(birth_date="2014-11-13")) == NOT_MATCHED, "the roster has none of hers"


async def test_who_was_entered_later_waits_as_long_as_the_district_says(
    office: Office, post: Post, clock: ManualClock
) -> None:
    await office.set(*CLAIM_ON, "claim.delay_hours=48")
    ben = await new_student(office, post, "Ben Diaz", "77", is_new=True)
    clock.advance(timedelta(hours=47, minutes=59))
    early = await ben.claim()
    assert refused(early) == (409, "claim_too_early")
    assert early.json()["available_at"] == "2026-08-05T12:00:00Z"
    assert refused(await ben.claim(first_name="Bob")) == NOT_MATCHED, "only who has every fact right learns more"
    clock.advance(timedelta(minutes=1))
    await ben.claims()


@sqlite_only
async def test_a_district_may_want_no_wait(office: Office, post: Post) -> None:
    await office.set(*CLAIM_ON, "claim.delay_hours=0")
    assert (await (await new_student(office, post, is_new=True)).claim()).status_code == 200


async def test_a_claim_without_questions_and_with_a_device(office: Office, ana: Student) -> None:
    await office.set("features.challenge_questions=false")
    offer = (await ana.claim()).json()
    assert (offer["questions"], offer["answers_needed"]) == ([], 0)
    device = {"installation_id": "phone-1", "name": "Ana's phone"}
    answer = await ana.complete(offer["ticket"], challenge_answers=[], device=device, locale="es")
    assert answer.status_code == 201
    session = answer.json()
    assert session["status"] == "signed_in"
    assert session["device_token"]
    assert "set_challenge_answers" not in session["next_steps"]
    assert (await ana.me()).json()["locale"] == "es"


async def test_tickets_that_open_nothing(office: Office, post: Post, ana: Student, clock: ManualClock) -> None:
    for made_up in ("x", "cml_" + "A" * 60):
        assert refused(await ana.complete(made_up)) == NO_TICKET
    ticket, other = await ana.ticket(), await ana.ticket()
    clock.advance(timedelta(minutes=15))
    assert refused(await ana.complete(ticket)) == NO_TICKET
    assert refused(await ana.complete(other)) == NO_TICKET
    ticket, other = await ana.ticket(), await ana.ticket()
    assert (await ana.complete(other)).status_code == 201
    for each in (ticket, other):
        assert refused(await ana.complete(each)) == CLAIMED
    maria = await new_owner(office, post)
    assert refused(await ana.complete(await maria.reset_link())) == NO_TICKET
    await reopen_claim(office, ana)
    fresh = await ana.ticket()
    assert refused(await ana.reset(fresh)) == (410, "reset_link_invalid")
    assert refused(await ana.complete(ticket)) == CLAIMED, "those from before stay used"


async def test_a_closed_door_is_a_public_fact(office: Office, ana: Student, clock: ManualClock) -> None:
    ticket = await ana.ticket()
    maintenance = (clock.now() + timedelta(hours=1)).isoformat()
    doors = {
        ("features.claim=false", "features.claim=true"): (403, "feature_disabled"),
        ("portals=parent", "portals=parent,student"): (403, "feature_disabled"),
        (f"maintenance_until={maintenance}", "maintenance_until="): (503, "maintenance"),
    }
    for (shut, opened), refusal in doors.items():
        await office.set(shut)
        assert refused(await ana.claim()) == refusal, shut
        assert refused(await ana.claim(student_number="999")) == refusal, shut
        assert refused(await ana.complete(ticket)) == refusal, shut
        await office.set(opened)
    assert refused(await ana.claim(district="nowhere")) == (404, "district_not_found")
    assert (await ana.complete(ticket)).status_code == 201


async def test_an_interrupted_claim_leaves_nothing(server: Server, office: Office, ana: Student) -> None:
    """Whatever ends the second step, the ticket works afterwards and there is no account."""
    ticket = await ana.ticket()
    with no_free_place(server):
        assert refused(await ana.complete(ticket)) == (503, "overloaded")
    twice = [*given(ana.answers)[:2], given(ana.answers)[0]]
    assert ("/challenge_answers/2/question_id", "question_unknown") in faults(
        await ana.complete(ticket, challenge_answers=twice)
    )
    assert ("/password", "password_too_personal") in faults(
        await ana.complete(ticket, password="S0123456", password_confirm="S0123456")
    )
    assert await accounts_of(office, ana.person_id) == []
    assert await rows_of(office, "challenge_answers") == []
    assert (await ana.complete(ticket)).status_code == 201


async def test_guardians_with_a_confirmed_address_are_told(office: Office, post: Post, ana: Student) -> None:
    told = await new_owner(office, post)
    unconfirmed = await new_owner(office, post, "Rosa Diaz", address=None)
    await unconfirmed.set_address("rosa@mail.example.org")
    await post.deliver()
    without_portal = await new_owner(office, post, "Paul Diaz", address="paul@mail.example.org")
    ended = await new_owner(office, post, "Eva Diaz", address="eva@mail.example.org")
    disabled = await new_owner(office, post, "Dan Diaz", address="dan@mail.example.org")
    gone = await new_owner(office, post, "Gus Diaz", address="gus@mail.example.org")
    await new_owner(office, post, "Nora Strange", address="nora@mail.example.org")
    for guardian in (told, unconfirmed, without_portal, ended, disabled, gone):
        await office.relate(guardian.person_id, ana.person_id, portal=guardian is not without_portal)
    await end_relationship(office, ended.person_id, ana.person_id)
    await office.disable(disabled)
    await office.end(gone.person_id)
    await post.deliver()
    await ana.claims()
    (mail,) = await post.deliver()
    assert mail.to == ADDRESS
    assert "claimed an account" in mail.text
    for secret in ("Ana", "0123456", "Lopez\n", *ana.answers.values()):
        assert secret not in mail.everything


async def end_relationship(office: Office, guardian: object, student: object) -> None:
    async with office.campus.database.transaction() as session:
        both = (Relationship.guardian_id == guardian, Relationship.student_id == student)
        (await session.scalars(select(Relationship).where(*both))).one().ended_at = office.campus.clock.now()


async def test_the_unused_key_of_a_letter_opens_nothing_any_more(office: Office, ana: Student) -> None:
    ana.key = await office.key_for(ana.person_id, Portal.STUDENT)
    await ana.claims()
    assert refused(await ana.verify()) in KEY_GONE
    assert refused(await ana.activate(username="ana2026")) in KEY_GONE


async def test_a_key_in_time_and_nothing_is_left_to_claim(office: Office, ana: Student) -> None:
    ticket = await ana.ticket()
    ana.key = await office.key_for(ana.person_id, Portal.STUDENT)
    assert (await ana.activate()).status_code == 201
    assert refused(await ana.claim()) == CLAIMED
    assert refused(await ana.complete(ticket)) == CLAIMED


async def test_students_who_left_or_are_disabled_claim_nothing(office: Office, ana: Student) -> None:
    ticket = await ana.ticket()
    now = office.campus.clock.now()
    for out, back in (({"enabled": False}, {"enabled": True}), ({"ended_at": now}, {"ended_at": None})):
        await change_person(office, ana.person_id, **out)
        assert refused(await ana.claim()) == NOT_MATCHED
        assert refused(await ana.complete(ticket)) == NO_TICKET
        await change_person(office, ana.person_id, **back)
    await change_person(office, ana.person_id, student_number=None)
    assert refused(await ana.complete(ticket)) == NO_TICKET
    await change_person(office, ana.person_id, student_number="0123456")
    assert (await ana.complete(ticket)).status_code == 201


async def test_a_disabled_account_is_not_claimed_even_if_it_was_reopened(office: Office, ana: Student) -> None:
    await ana.claims()
    await reopen_claim(office, ana)
    ticket = await ana.ticket()
    await office.disable(ana)
    assert refused(await ana.claim()) == CLAIMED
    assert refused(await ana.complete(ticket)) == CLAIMED
    await office.enable(ana)
    ana.password = "Another meadow 43"
    assert (await ana.complete(ticket)).status_code == 201


async def test_a_username_that_somebody_else_has_is_not_taken_away(office: Office, post: Post, ana: Student) -> None:
    """An account of another system may have come with it."""
    other = await new_student(office, post, "Ben Diaz", "77")
    await other.claims()
    ticket = await ana.ticket()
    async with office.campus.database.transaction() as session:
        taken = (await session.scalars(select(Account).where(Account.person_id == other.person_id))).one()
        taken.username, taken.username_folded = "S0123456", "s0123456"
    assert refused(await ana.claim()) == CLAIMED
    assert refused(await ana.complete(ticket)) == CLAIMED
    assert (await other.sign_in(username="S0123456")).status_code == 200


async def test_a_claim_again_ends_what_was_before(office: Office, ana: Student) -> None:
    await ana.claims()
    before = ana.on_another_device()
    assert (await before.sign_in()).status_code == 200
    token = await ana.answered()
    await reopen_claim(office, ana)
    again = ana.on_another_device()
    again.password = "Another meadow 43"
    await again.claims()
    assert refused(await before.me()) == (401, "invalid_token")
    assert refused(await before.sign_in()) == (401, "invalid_credentials")
    assert refused(await ana.reset(token)) == (410, "reset_link_invalid")
    assert (await again.me()).status_code == 200
    assert len(await accounts_of(office, ana.person_id)) == 1


async def rows_of(office: Office, table: str) -> list[object]:
    async with office.campus.database.reading() as connection:
        return list(await connection.execute(select(Base.metadata.tables[table])))
