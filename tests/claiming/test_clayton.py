"""Clayton County's "Infinite Campus Log In Help", step by step, over HTTP. The sentences in quotes are the document's."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.clock import ManualClock
from app.models import Person
from app.services.roster.roster_import import RosterImport
from tests.claiming.students import CLAIMED, NOT_MATCHED, WRONG, Student, given, new_student, student_of
from tests.roster.packages import Package
from tests.support.desk import at_desk
from tests.support.office import Office
from tests.support.portal import Server, faults, refused
from tests.support.recovery import Post

NEW_PASSWORDS = [f"Tall oak number {number}" for number in range(4)]
ANSWERS = {"first_pet": "Biscuit", "favorite_food": "Peach pie", "dream_job": "Astronaut"}


@pytest.fixture
async def clayton(server: Server) -> Office:
    """As the district describes its portal."""
    clayton = await Office.open(server, "clayton", "Clayton County Public Schools")
    await clayton.set(
        "features.claim=true",
        "features.challenge_questions=true",
        "claim.match=exact",
        "password_policy.history=24",
    )
    return clayton


@pytest.fixture
async def ana(clayton: Office, post: Post) -> Student:
    """She has never had an account; her number is printed on her report card."""
    ana = await new_student(clayton, post, "Ana O'Neil-Núñez", "0123456")
    ana.answers = dict(ANSWERS)
    return ana


async def test_students_new_to_the_district_wait_24_hours_and_current_ones_do_not(
    clayton: Office, post: Post, tmp_path: Path, clock: ManualClock
) -> None:
    # "Students new to CCPS will not be able to claim their account for 24 hours after they are entered into Infinite Campus."
    campus = clayton.campus
    roster = RosterImport(campus.database, clock, campus.digests)
    package = Package(tmp_path / "roster").student("ana", identifier="0000001")
    await roster.run(clayton.operator, package.write())
    ana = await listed(clayton, post, "Ana Lopez", "0000001")
    assert (await ana.claim()).status_code == 200
    entered = clock.now() + timedelta(days=3)
    clock.advance(timedelta(days=3))
    await roster.run(clayton.operator, package.student("ben", identifier="0000002").write())
    ben = await listed(clayton, post, "Ben Lopez", "0000002")
    clock.advance(timedelta(hours=24) - timedelta(seconds=1))
    early = await ben.claim()
    assert refused(early) == (409, "claim_too_early")
    assert early.json()["available_at"] == (entered + timedelta(hours=24)).strftime("%Y-%m-%dT%H:%M:%SZ")
    clock.advance(timedelta(seconds=1))
    assert (await ben.claim()).status_code == 200


async def listed(clayton: Office, post: Post, name: str, number: str) -> Student:
    """Somebody of the roster."""
    async with clayton.campus.database.reading() as connection:
        found = await connection.execute(select(Person.id).where(Person.student_number == number))
    return student_of(clayton, post, found.scalar_one(), name, number)


async def test_the_claim_process(ana: Student) -> None:
    # "All student usernames begin with the letter S. The S is followed by the student's ID#. All are 8 characters long."
    # "Have the student enter lastname, firstname, and their ID#."
    offer = (await ana.claim()).json()
    assert offer["username"] == "S0123456"
    assert offer["expires_in"] == 15 * 60
    # "ID# does NOT include the letter S. The S becomes a part of a student's username."
    for typed in ("S0123456", "s0123456", "S-012 3456"):
        assert set(faults(await ana.claim(student_number=typed))) == {("/student_number", "student_number_has_prefix")}
    # "This information MUST be entered exactly as it appears in Infinite Campus."
    assert refused(await ana.claim(last_name="ONeil-Núñez")) == NOT_MATCHED
    assert refused(await ana.claim(student_number="123456")) == NOT_MATCHED
    # "Passwords cannot be reused and they must be at least 8 characters long. Have the student re-enter the new password."
    ticket = offer["ticket"]
    short = await ana.complete(ticket, password="Seven77", password_confirm="Seven77")
    assert faults(short)["/password", "password_too_short"] == {"min": 8}
    retyped = await ana.complete(ticket, password_confirm="Sunny meadow 43")
    assert set(faults(retyped)) == {("/password_confirm", "password_mismatch")}
    # "Have the student answer only THREE challenge questions."
    assert len(offer["questions"]) == 10
    assert offer["answers_needed"] == 3
    two = await ana.complete(ticket, challenge_answers=given(ANSWERS)[:2])
    assert faults(two)["/challenge_answers", "answers_count"] == {"count": 3}
    # "This completes the claim process. Upon completion have the students log into the CCPS Portal."
    completed = await ana.complete(ticket)
    assert completed.status_code == 201
    assert "set_challenge_answers" not in completed.json()["next_steps"]
    assert completed.json()["account"]["username"] == "S0123456"
    ana.username = "S0123456"
    assert (await ana.on_another_device().sign_in()).status_code == 200
    assert refused(await ana.on_another_device().sign_in(password=ana.password.lower())) == (401, "invalid_credentials")
    # "An account cannot be re-claimed."
    assert refused(await ana.claim()) == CLAIMED
    assert refused(await ana.complete(ticket)) == CLAIMED


async def test_current_students_need_not_claim(clayton: Office, ana: Student) -> None:
    # "Current CCPS students do NOT need to claim an account. Current students log in as they did last school year."
    ana.key = await clayton.key_for(ana.person_id, ana.portal)
    assert (await ana.activate()).status_code == 201
    assert refused(await ana.claim()) == CLAIMED
    assert (await ana.sign_in()).status_code == 200


async def test_a_forgotten_password(ana: Student) -> None:
    # "Parents/students can answer the challenge questions and choose a new password."
    await ana.claims()
    first = ana.password
    asked = (await ana.questions()).json()["questions"]
    assert {question["id"] for question in asked} == set(ANSWERS)
    assert refused(await ana.answer({**ANSWERS, "dream_job": "Pilot"})) == WRONG
    token = await ana.answered()
    # "New passwords must be 8 characters long. The new password cannot be the same as an earlier password."
    assert ("/password", "password_too_short") in faults(await ana.reset(token, "Seven77"))
    assert faults(await ana.reset(token, first))["/password", "password_used_before"] == {"history": 24}
    assert (await ana.reset(token, NEW_PASSWORDS[0])).status_code == 204
    assert refused(await ana.reset(await ana.answered(), first)) == (422, "validation_failed")
    assert (await ana.sign_in()).status_code == 200


async def test_a_reset_by_the_office_opens_the_claim_and_nothing_else_does(
    clayton: Office, ana: Student, clock: ManualClock
) -> None:
    # "Once a student account has been reset, the student must go through the claim process."
    await ana.claims()
    passwords = [ana.password]
    for chosen in NEW_PASSWORDS[:2]:
        assert (await ana.reset(await ana.answered(), chosen)).status_code == 204
        passwords.append(chosen)
    await clayton.disable(ana)
    assert refused(await ana.claim()) == CLAIMED
    await clayton.enable(ana)
    clock.advance(timedelta(days=400))
    assert refused(await ana.claim()) == CLAIMED
    dana = await at_desk(clayton)
    account = await clayton.account_id(ana)
    reset = await dana.ask("POST", f"/admin/accounts/{account}/reset", json={"method": "claim"})
    assert reset.status_code == 200
    assert refused(await ana.sign_in()) == (401, "invalid_credentials")
    assert refused(await ana.answer()) == WRONG, "what he answered before opens nothing any more"
    ticket = await ana.ticket()
    assert ana.username == "S0123456"
    for used in passwords:
        answer = await ana.complete(ticket, password=used, password_confirm=used)
        assert set(faults(answer)) == {("/password", "password_used_before")}
    ana.password, ana.answers = NEW_PASSWORDS[2], {**ANSWERS, "first_pet": "Rex"}
    assert (await ana.complete(ticket)).status_code == 201
    assert (await ana.sign_in()).status_code == 200
    assert refused(await ana.claim()) == CLAIMED
    assert refused(await ana.answer(ANSWERS)) == WRONG, "the answers before are forgotten"
    for used in passwords:
        answer = await ana.reset(await ana.answered(), used)
        assert set(faults(answer)) == {("/password", "password_used_before")}
