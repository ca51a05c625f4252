"""The ladder of failed sign-ins as parents and strangers climb it: free tries, CAPTCHAs, waits, and a password that is off."""

import itertools
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from app.clock import ManualClock
from app.portals import Portal
from app.settings import Settings
from tests.guard.stranger import (
    ASKED,
    INVALID,
    LONGEST_WAIT,
    OFF,
    WAIT,
    WRONG,
    exhaust,
    guess,
    guess_with_captcha,
    miss,
    new_captcha,
    solved,
)
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server, refused
from tests.support.recovery import NEW_PASSWORD, Owner
from tests.support.shell import Shell

DAY, SECOND = timedelta(hours=24), timedelta(seconds=1)
FREE_AGAIN = [INVALID] * 3 + [ASKED]


async def test_after_three_misses_each_try_wants_a_captcha_until_a_success(maria: Owner) -> None:
    """The refusal brings the challenge with it."""
    assert await guess(maria, 5) == [INVALID] * 3 + [ASKED] * 2
    asked = await maria.sign_in()
    assert refused(asked) == ASKED
    assert (await maria.sign_in(captcha=solved(asked.json()["captcha"]))).status_code == 200
    assert await guess(maria, 4) == FREE_AGAIN


async def test_a_success_ends_the_count_however_far_it_has_come(maria: Owner, clock: ManualClock) -> None:
    for tries in (2, 9, 99):
        await exhaust(clock, tries, maria)
        assert (await maria.sign_in(captcha=await new_captcha(maria))).status_code == 200
        assert await guess(maria, 4) == FREE_AGAIN
        assert (await maria.sign_in(captcha=await new_captcha(maria))).status_code == 200


@sqlite_only
async def test_a_district_chooses_how_many_misses_are_free(office: Office, maria: Owner) -> None:
    """After ten the wait comes first, whatever is free."""
    for threshold, free, then in ((1, 1, ASKED), (2, 2, ASKED), (9, 9, ASKED), (20, 10, WAIT)):
        await office.set(f"captcha.threshold={threshold}")
        assert await guess(maria, free + 1, username=f"nobody{threshold}") == [INVALID] * free + [then]


async def test_after_ten_misses_the_waits_grow_to_a_quarter_of_an_hour(maria: Owner, clock: ManualClock) -> None:
    assert await miss(maria, 18, clock) == [0] * 10 + [30, 60, 120, 240, 480, 900, 900, 900]


@sqlite_only
async def test_a_wait_ends_when_its_seconds_are_over_and_says_how_many_are_left(
    maria: Owner, clock: ManualClock
) -> None:
    await miss(maria, 10, clock)
    for seconds in (30, 19, 1):
        answer = await guess_with_captcha(maria)
        assert refused(answer) == WAIT
        assert answer.json()["retry_after"] == int(answer.headers["retry-after"]) == seconds
        assert answer.json()["next_step"] == "wait"
        clock.advance(timedelta(seconds=11 if seconds == 30 else 18))
    clock.advance(-17 * SECOND)
    assert (await maria.sign_in(captcha=await new_captcha(maria))).status_code == 200


async def test_d29_after_a_hundred_misses_the_password_is_off_and_no_time_brings_it_back(
    maria: Owner, clock: ManualClock
) -> None:
    await exhaust(clock, 95, maria)
    assert await miss(maria, 5, clock) == [0] + [900] * 4
    for pause in (timedelta(0), LONGEST_WAIT, DAY, 400 * DAY):
        clock.advance(pause)
        await maria.server.campus.pruning.prune()
        answer = await maria.sign_in(captcha=await new_captcha(maria))
        assert refused(answer) == OFF
        assert answer.json()["next_step"] == "reset_password"
        assert await guess(maria) == [OFF]


async def test_d29_a_day_without_tries_ends_it_and_refusals_do_not_count_as_tries(
    maria: Owner, clock: ManualClock
) -> None:
    for tries in (3, 12, 96):
        await exhaust(clock, tries, maria)
        clock.advance(DAY - LONGEST_WAIT - SECOND)
        assert await guess(maria, 2) == [ASKED] * 2
        clock.advance(SECOND)
        assert await guess(maria, 4) == FREE_AGAIN


async def test_d30_a_reset_by_mail_a_new_key_and_an_unlock_lift_a_password_that_is_off(
    office: Office, maria: Owner, clock: ManualClock
) -> None:
    async def reset_by_mail() -> None:
        assert (await maria.reset(await maria.reset_link())).status_code == 204

    async def unlock() -> None:
        await office.unlock(maria)

    async def activate_again() -> None:
        maria.key = await office.key_for(maria.person_id, maria.portal)
        assert (await maria.activate()).status_code == 201

    await maria.own_address()
    for heal in (unlock, reset_by_mail, activate_again):
        await exhaust(clock, 100, maria)
        assert await guess(maria) == [OFF]
        await heal()
        assert (await maria.sign_in()).status_code == 200
        assert await guess(maria, 4) == FREE_AGAIN
        assert (await maria.sign_in(captcha=await new_captcha(maria))).status_code == 200


@sqlite_only
async def test_d30_when_the_office_starts_an_account_over_its_ladder_starts_over_too(
    office: Office, maria: Owner, clock: ManualClock
) -> None:
    """Before the new key is used, and after it."""
    await exhaust(clock, 100, maria)
    maria.key = await office.reset(maria)
    assert await guess(maria, 4) == FREE_AGAIN
    assert (await maria.activate()).status_code == 201
    assert (await maria.sign_in()).status_code == 200


@sqlite_only
async def test_d30_an_operator_sees_why_somebody_is_kept_out_and_unlocks_her(
    maria: Owner, clock: ManualClock, settings: Settings, tmp_path: Path
) -> None:
    await exhaust(clock, 100, maria)
    (secret,) = settings.secret_keys
    exported = {"CAMPUS_DATABASE_URL": settings.database_url, "CAMPUS_SECRET_KEYS": secret.get_secret_value()}
    shell, her = Shell(tmp_path, exported), ("--district", maria.district, maria.username)
    shown = shell.json("accounts", "show", *her)
    assert (shown["sign_in_step"], shown["failed_sign_ins"]) == ("password_off", 100)
    shell.campus("accounts", "unlock", *her)
    assert (await maria.sign_in()).status_code == 200


async def test_d28_a_success_leaves_other_peoples_counts_alone(office: Office, maria: Owner) -> None:
    """Those of another person, and of names that nobody has."""
    (rosa,) = await office.parents(1)
    nobody = replace(rosa, username="nobody1")
    for person in (maria, rosa, nobody):
        await guess(person, 3)
    assert (await maria.sign_in(captcha=await new_captcha(maria))).status_code == 200
    assert await guess(rosa) == await guess(nobody) == [ASKED]


async def test_d11_while_nothing_is_verified_the_right_password_is_refused_like_a_wrong_one(
    server: Server, maria: Owner, clock: ManualClock
) -> None:
    """And a name that nobody has like hers: the same answer for the price of one hash, solved CAPTCHA or not."""
    nobody = replace(maria, username="nobody1")
    for tries, met in ((9, WAIT), (89, OFF)):
        await exhaust(clock, tries, maria, nobody)
        for name in (maria, nobody):
            assert refused(await guess_with_captcha(name)) == INVALID
        bodies = []
        for name, password in itertools.product((maria, nobody), (maria.password, WRONG, "")):
            for captcha in ({}, {"captcha": await new_captcha(maria)}, {"captcha": "rubbish"}):
                before = await server.hashes_computed()
                answer = await name.sign_in(password=password, **captcha)
                assert refused(answer) == met
                assert await server.hashes_computed() == before + 1
                bodies.append({**answer.json(), "request_id": ""})
        assert [body for body in bodies if body != bodies[0]] == []


@sqlite_only
async def test_d11_a_locked_account_tells_it_to_the_right_password_only_and_that_changes_no_count(
    office: Office, maria: Owner
) -> None:
    for lock, unlock, reason in (
        (office.disable, office.enable, "disabled"),
        (office.take_portal_away, office.give_portal_back, "no_portal_access"),
    ):
        await lock(maria)
        assert await guess(maria, 2) == [INVALID] * 2
        for _ in range(5):
            answer = await maria.sign_in()
            assert refused(answer) == (403, "account_locked")
            assert answer.json()["reason"] == reason
        assert await guess(maria, 2) == [INVALID, ASKED]
        assert refused(await maria.sign_in(captcha=await new_captcha(maria))) == (403, "account_locked")
        assert await guess(maria) == [ASKED]
        await unlock(maria)
        assert (await maria.sign_in(captcha=await new_captcha(maria))).status_code == 200


@sqlite_only
async def test_all_spellings_of_a_name_share_its_ladder(maria: Owner) -> None:
    wide = "\uff42\uff4f\uff42\uff11"
    spellings = ["BOB1", "bob1", wide, "  Bob1 "]
    assert [(await guess(maria, username=name))[0] for name in spellings] == FREE_AGAIN


@sqlite_only
async def test_the_same_name_at_another_door_has_a_ladder_of_its_own(server: Server, maria: Owner) -> None:
    """In another portal, and in another district."""
    await Office.open(server, "wake", "Wake County Schools", "NC")
    assert await guess(maria, 4) == FREE_AGAIN
    assert await guess(maria, 4, portal=Portal.STUDENT) == FREE_AGAIN
    assert await guess(maria, 4, district="wake") == FREE_AGAIN


@sqlite_only
async def test_a_new_password_begins_without_the_misses_of_the_old_one(maria: Owner, clock: ManualClock) -> None:
    await maria.own_address()
    await miss(maria, 12, clock)
    await maria.reset(await maria.reset_link(), NEW_PASSWORD)
    assert await maria.signs_in_with(NEW_PASSWORD)
