"""The second factor of the staff: set up, asked for at each sign-in, guessed at, lost, replaced."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from app.clock import ManualClock
from app.portals import Portal
from app.services.clerk import StaffRole
from tests.guard.stranger import ASKED, INVALID, new_captcha
from tests.support.authenticator import Authenticator, set_up
from tests.support.desk import give_role
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import User, faults, refused
from tests.support.recovery import NEW_PASSWORD, Owner, Post

REQUIRED, WRONG = (403, "totp_required"), (403, "totp_invalid")
WAIT, STEP_UP, NOTHING_TO_CONFIRM = (429, "too_many_attempts"), (401, "step_up_required"), (410, "ticket_invalid")
ADDRESS = "dana@jackson.example.org"


@pytest.fixture
async def reed(office: Office, post: Post) -> Owner:
    """Dana Reed, an admin who has just used her key: her session knows no second factor yet."""
    person = await office.staff_member("Dana Reed")
    await give_role(office, person, StaffRole.DISTRICT_ADMIN)
    reed = Owner.of(await office.user(person, Portal.STAFF), post)
    assert (await reed.activate()).status_code == 201
    return reed


async def at_the_desk(member: User) -> tuple[int, str] | int:
    """What a route of the office says."""
    answer = await member.ask("GET", "/admin/accounts", params={"q": "nobody"})
    return answer.status_code if answer.is_success else refused(answer)


async def test_staff_without_a_second_factor_see_only_themselves(reed: Owner) -> None:
    assert "set_up_totp" in reed.session["next_steps"]
    assert (await reed.me()).status_code == 200
    assert await at_the_desk(reed) == REQUIRED
    assert (await reed.ask("POST", "/me/step-up", json={"password": reed.password})).status_code == 200
    assert await at_the_desk(reed) == REQUIRED, "a password typed twice is still one factor"


async def test_setting_it_up_opens_the_desk_and_each_sign_in_asks_for_a_code(reed: Owner, clock: ManualClock) -> None:
    app = await set_up(reed)
    assert await at_the_desk(reed) == 200
    assert reed.session["next_steps"] == ["set_recovery_email"]
    assert len(set(reed.session["recovery_codes"])) == 10
    clock.advance(timedelta(minutes=1))
    elsewhere = reed.on_another_device()
    assert refused(await elsewhere.sign_in()) == REQUIRED
    assert refused(await elsewhere.sign_in(password="Wrong guess 4711", totp=app.code())) == INVALID
    answer = await elsewhere.sign_in(totp=app.next_code())
    assert answer.status_code == 200
    assert "recovery_codes" not in answer.json()
    assert await at_the_desk(elsewhere) == 200


async def test_a_confirmation_brings_no_other_tokens_and_ends_the_sessions_of_others(reed: Owner) -> None:
    """Whoever else was signed in with the password alone is out."""
    tablet = reed.on_another_device()
    assert (await tablet.sign_in()).status_code == 200
    begun = (await reed.ask("POST", "/me/totp")).json()
    assert set(begun) == {"secret", "otpauth_uri"}
    app = Authenticator.scan(begun["otpauth_uri"], reed.server.campus.clock)
    confirmed = await reed.ask("POST", "/me/totp/confirm", json={"totp": app.next_code()})
    assert not {"refresh_token", "device_token"} & set(confirmed.json())
    assert refused(await tablet.me()) == (401, "invalid_token")
    assert (await reed.refresh()).status_code == 200, "the session's own refresh token is the one that it had"
    assert await at_the_desk(reed) == 200, "and it has still passed the second factor"


async def test_nothing_counts_before_its_first_code(reed: Owner, clock: ManualClock) -> None:
    assert refused(await reed.ask("POST", "/me/totp/confirm", json={"totp": "123456"})) == NOTHING_TO_CONFIRM
    first = (await reed.ask("POST", "/me/totp")).json()
    assert (await reed.on_another_device().sign_in()).status_code == 200, "an enrolment that was begun asks for nothing"
    second = Authenticator.scan((await reed.ask("POST", "/me/totp")).json()["otpauth_uri"], clock)
    old = Authenticator(first["secret"], clock)
    assert refused(await reed.ask("POST", "/me/totp/confirm", json={"totp": old.code()})) == WRONG
    clock.advance(timedelta(minutes=16))
    assert refused(await reed.ask("POST", "/me/totp/confirm", json={"totp": second.code()})) == (401, "invalid_token")
    assert (await reed.refresh()).status_code == 200
    assert refused(await reed.ask("POST", "/me/totp/confirm", json={"totp": second.code()})) == NOTHING_TO_CONFIRM


async def test_a_code_works_once_whoever_types_it(reed: Owner, clock: ManualClock) -> None:
    app = await set_up(reed)
    elsewhere = reed.on_another_device()
    assert refused(await elsewhere.sign_in(totp=app.code())) == WRONG, "it confirmed the enrolment"
    clock.advance(timedelta(minutes=1))
    code = app.code()
    assert (await elsewhere.sign_in(totp=code)).status_code == 200
    assert refused(await reed.ask("POST", "/me/step-up", json={"totp": code})) == WRONG
    assert refused(await reed.on_another_device().sign_in(totp=app.code(steps_ahead=-1))) == WRONG, "nor an older one"


async def test_one_of_twenty_who_type_one_code_at_once_gets_in(reed: Owner, clock: ManualClock) -> None:
    """On both engines; the others have missed, and wait."""
    app = await set_up(reed)
    clock.advance(timedelta(minutes=1))
    code = app.code()
    answers = await asyncio.gather(*(reed.ask("POST", "/me/step-up", json={"totp": code}) for _ in range(20)))
    counts = Counter(answer.status_code if answer.is_success else refused(answer) for answer in answers)
    assert counts == {200: 1, WRONG: 5, WAIT: 14}


async def test_five_wrong_codes_and_then_waits_that_grow(reed: Owner, clock: ManualClock) -> None:
    app = await set_up(reed)
    assert await guessed(reed, app, 7) == [WRONG] * 5 + [WAIT] * 2
    assert refused(await reed.ask("POST", "/me/step-up", json={"totp": app.next_code()})) == WAIT, (
        "a right one waits, too"
    )
    waits = []
    for _ in range(7):
        waits.append((await reed.ask("POST", "/me/step-up", json={"totp": app.wrong_code()})).json()["retry_after"])
        clock.advance(timedelta(seconds=waits[-1]))
        await reed.refresh()
        assert await guessed(reed, app, 1) == [WRONG]
    assert waits == [30, 60, 120, 240, 480, 900, 900]
    clock.advance(timedelta(seconds=900))
    await reed.refresh()
    assert (await reed.ask("POST", "/me/step-up", json={"totp": app.next_code()})).status_code == 200
    assert await guessed(reed, app, 5) == [WRONG] * 5, "a success ends the count"


async def guessed(member: User, app: Authenticator, times: int) -> list[tuple[int, str]]:
    return [refused(await member.ask("POST", "/me/step-up", json={"totp": app.wrong_code()})) for _ in range(times)]


async def test_fifty_parallel_guesses_are_five(reed: Owner) -> None:
    app = await set_up(reed)
    wrong = {"totp": app.wrong_code()}
    answers = await asyncio.gather(*(reed.ask("POST", "/me/step-up", json=wrong) for _ in range(50)))
    assert Counter(refused(answer) for answer in answers) == {WRONG: 5, WAIT: 45}


async def test_sign_in_and_step_up_share_one_count(reed: Owner) -> None:
    """A second door would double the tries (D20)."""
    app = await set_up(reed)
    assert await guessed(reed, app, 3) == [WRONG] * 3
    elsewhere = reed.on_another_device()
    assert [refused(await elsewhere.sign_in(totp=app.wrong_code())) for _ in range(3)] == [WRONG, WRONG, WAIT]


async def test_a_right_password_with_a_wrong_code_clears_nothing(reed: Owner, clock: ManualClock) -> None:
    """The sign-in ladder counts it as a miss: two wrong passwords and one wrong code, and the CAPTCHA is there."""
    app = await set_up(reed)
    clock.advance(timedelta(minutes=1))
    elsewhere = reed.on_another_device()
    assert [refused(await elsewhere.sign_in(password="Wrong guess 4711")) for _ in range(2)] == [INVALID] * 2
    assert refused(await elsewhere.sign_in(totp=app.wrong_code())) == WRONG
    assert refused(await elsewhere.sign_in(totp=app.code())) == ASKED
    assert (await elsewhere.sign_in(totp=app.next_code(), captcha=await new_captcha(reed))).status_code == 200


async def test_being_asked_for_the_code_uses_nothing_up(reed: Owner, clock: ManualClock) -> None:
    """Neither a try nor the CAPTCHA that was solved: the same request goes again with the code."""
    app = await set_up(reed)
    clock.advance(timedelta(minutes=1))
    elsewhere = reed.on_another_device()
    assert [refused(await elsewhere.sign_in()) for _ in range(5)] == [REQUIRED] * 5
    assert [refused(await elsewhere.sign_in(password="Wrong guess 4711")) for _ in range(3)] == [INVALID] * 3
    captcha = await new_captcha(reed)
    assert refused(await elsewhere.sign_in(captcha=captcha)) == REQUIRED
    assert (await elsewhere.sign_in(captcha=captcha, totp=app.next_code())).status_code == 200


async def test_a_recovery_code_stands_in_for_the_app_once_and_the_owner_is_told(reed: Owner, post: Post) -> None:
    await reed.own_address(ADDRESS)
    await set_up(reed)
    assert [mail.message["Subject"] for mail in await post.deliver()] == [
        "Jackson County Schools: an authenticator app was set up"
    ]
    code = reed.session["recovery_codes"][3]
    elsewhere = reed.on_another_device()
    assert (await elsewhere.sign_in(totp=code.lower().replace("-", " "))).status_code == 200
    assert await at_the_desk(elsewhere) == 200
    told = [mail.message["Subject"] for mail in await post.deliver()]
    assert told == [
        f"Jackson County Schools: {what}" for what in ("a recovery code was used", "sign-in from a new device")
    ]
    assert refused(await elsewhere.sign_in(totp=code)) == WRONG


async def test_a_recovery_code_opens_no_other_account(office: Office, reed: Owner, post: Post) -> None:
    await set_up(reed)
    person = await office.staff_member("Eve Stone")
    await give_role(office, person, StaffRole.HELP_DESK)
    eve = Owner.of(await office.user(person, Portal.STAFF), post)
    assert (await eve.activate()).status_code == 201
    await set_up(eve)
    assert refused(await eve.on_another_device().sign_in(totp=reed.session["recovery_codes"][0])) == WRONG


async def test_another_authenticator_wants_a_step_up_by_the_one_before(reed: Owner, clock: ManualClock) -> None:
    old = await set_up(reed)
    assert refused(await reed.ask("POST", "/me/totp")) == STEP_UP
    assert refused(await reed.ask("POST", "/me/step-up", json={"password": reed.password})) == REQUIRED
    assert (await reed.ask("POST", "/me/step-up", json={"totp": old.next_code()})).status_code == 200
    codes_before = reed.session["recovery_codes"]
    new = await set_up(reed)
    clock.advance(timedelta(minutes=2))
    elsewhere = reed.on_another_device()
    assert refused(await elsewhere.sign_in(totp=old.code())) == WRONG
    assert refused(await elsewhere.sign_in(totp=codes_before[0])) == WRONG
    assert (await elsewhere.sign_in(totp=new.next_code())).status_code == 200


async def test_d31_a_step_up_holds_for_five_minutes_in_its_own_session(reed: Owner, clock: ManualClock) -> None:
    app = await set_up(reed)
    clock.advance(timedelta(minutes=1))
    tablet = reed.on_another_device()
    assert (await tablet.sign_in(totp=app.next_code())).status_code == 200
    answer = await reed.ask("POST", "/me/step-up", json={"totp": app.next_code()})
    assert answer.status_code == 200
    assert not {"refresh_token", "device_token", "recovery_codes"} & set(answer.json())
    clock.advance(timedelta(minutes=4, seconds=59))
    assert (await reed.ask("POST", "/me/totp")).status_code == 201
    assert refused(await tablet.ask("POST", "/me/totp")) == STEP_UP
    clock.advance(timedelta(seconds=1))
    assert refused(await reed.ask("POST", "/me/totp")) == STEP_UP


async def test_recovery_by_mail_leaves_the_second_factor_and_a_key_drops_it(
    reed: Owner, office: Office, clock: ManualClock
) -> None:
    """ASVS 6.4.3: a mailbox is no second factor; only the office, face to face, starts an account over."""
    await reed.own_address(ADDRESS)
    app = await set_up(reed)
    clock.advance(timedelta(minutes=1))
    assert (await reed.reset(await reed.reset_link())).status_code == 204
    elsewhere = reed.on_another_device()
    assert refused(await elsewhere.sign_in()) == REQUIRED
    assert (await elsewhere.sign_in(totp=app.next_code())).status_code == 200
    reed.key = await office.key_for(reed.person_id, Portal.STAFF)
    assert (await reed.activate(password=NEW_PASSWORD, password_confirm=NEW_PASSWORD)).status_code == 201
    assert "set_up_totp" in reed.session["next_steps"]
    assert await at_the_desk(reed) == REQUIRED
    assert (await reed.on_another_device().sign_in(password=NEW_PASSWORD)).status_code == 200


async def test_a_parent_proves_himself_by_his_password(maria: User) -> None:
    await maria.activate()
    wrong = {"password": "Wrong guess 4711"}
    assert refused(await maria.ask("POST", "/me/step-up", json=wrong)) == (403, "current_password_wrong")
    assert (await maria.ask("POST", "/me/step-up", json={"password": maria.password})).status_code == 200
    assert ("/password", "missing") in faults(await maria.ask("POST", "/me/step-up", json={}))


@sqlite_only
@pytest.mark.parametrize("body", [{"totp": "12345"}, {"totp": "1" * 21}, {"totp": 123456}, {"totp": "12\x0034567"}])
async def test_what_cannot_be_a_code_is_a_fault_of_its_field(reed: Owner, body: dict[str, Any]) -> None:
    for path in ("/me/totp/confirm", "/me/step-up"):
        assert [pointer for pointer, _ in faults(await reed.ask("POST", path, json=body))] == ["/totp"]


async def test_a_session_of_staff_ends_after_an_hour_without_use_and_after_twelve_in_all(
    reed: Owner, clock: ManualClock
) -> None:
    app = await set_up(reed)
    for _ in range(13):
        clock.advance(timedelta(minutes=55))
        assert (await reed.refresh()).status_code == 200
    assert await at_the_desk(reed) == 200
    clock.advance(timedelta(minutes=5, seconds=1))
    assert refused(await reed.refresh()) == (401, "invalid_token")
    assert (await reed.sign_in(totp=app.next_code())).status_code == 200
    clock.advance(timedelta(hours=1, seconds=1))
    assert refused(await reed.refresh()) == (401, "invalid_token")
