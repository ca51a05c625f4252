"""A phone that has signed in before: strangers cannot lock a family out, and a lost phone is no open door."""

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

from app.clock import ManualClock
from app.portals import Portal
from tests.guard.stranger import (
    ASKED,
    INVALID,
    OFF,
    WAIT,
    exhaust,
    from_address,
    guess,
    miss,
    new_captcha,
)
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server, User, refused
from tests.support.recovery import NEW_PASSWORD, Owner


def phone(person: User) -> dict[str, Any]:
    """What the app of a phone sends that got this person's last session."""
    return {"device": {"device_token": person.session["device_token"]}}


async def test_two_hundred_failures_of_strangers_never_stop_the_parents_own_phone(
    maria: Owner, clock: ManualClock
) -> None:
    mallory = from_address(maria, "192.0.2.66")
    for misses in (3, 7, 2):
        await miss(mallory, misses, clock)
        assert (await maria.sign_in(**phone(maria))).status_code == 200
    await exhaust(clock, 88, mallory)
    assert (await maria.sign_in(**phone(maria))).status_code == 200
    assert await guess(mallory, 100, captcha=await new_captcha(mallory)) == [OFF] * 100
    assert (await maria.sign_in(**phone(maria))).status_code == 200
    assert refused(await maria.sign_in()) == OFF


@sqlite_only
async def test_a_success_of_the_phone_ends_its_own_count_and_not_that_of_strangers(maria: Owner) -> None:
    mallory = from_address(maria, "192.0.2.66")
    assert await guess(mallory, 3) == await guess(maria, 3, **phone(maria)) == [INVALID] * 3
    assert (await maria.sign_in(captcha=await new_captcha(maria), **phone(maria))).status_code == 200
    assert await guess(mallory) == [ASKED]
    assert await guess(maria, **phone(maria)) == [INVALID]


async def test_the_phone_has_a_counter_and_waits_of_its_own(maria: Owner, clock: ManualClock) -> None:
    """Whoever has stolen it is stopped as anybody is; its owner signs in somewhere else."""
    stolen = phone(maria)
    assert await guess(maria, 4, **stolen) == [INVALID] * 3 + [ASKED]
    assert await miss(maria, 9, clock, **stolen) == [0] * 7 + [30, 60]
    assert await guess(maria, **stolen) == [WAIT]
    assert (await maria.on_another_device().sign_in()).status_code == 200
    await exhaust(clock, 88, maria, on_device=True)
    assert await guess(maria, **stolen) == [OFF]
    assert (await maria.on_another_device().sign_in()).status_code == 200


@sqlite_only
async def test_two_phones_of_one_person_count_apart(maria: Owner) -> None:
    tablet = maria.on_another_device()
    await tablet.sign_in()
    assert tablet.session["device_token"] != maria.session["device_token"]
    await guess(maria, 3, **phone(maria))
    assert await guess(maria, **phone(maria)) == [ASKED]
    assert (await tablet.sign_in(**phone(tablet))).status_code == 200


@sqlite_only
async def test_an_unlock_heals_the_phone_too(office: Office, maria: Owner) -> None:
    await guess(maria, 3, **phone(maria))
    await office.unlock(maria)
    assert (await maria.sign_in(**phone(maria))).status_code == 200


@sqlite_only
async def test_what_others_do_at_its_address_does_not_matter_to_the_phone(maria: Owner) -> None:
    at_school = replace(maria, server=from_address(maria, "192.0.2.7").server)
    for number in range(30):
        assert await guess(at_school, username=f"nobody{number}") == [INVALID]
    assert refused(await at_school.sign_in()) == ASKED
    assert (await at_school.sign_in(**phone(maria))).status_code == 200


@sqlite_only
async def test_a_token_that_was_made_up_or_is_somebody_elses_counts_as_no_device(
    server: Server, office: Office, maria: Owner
) -> None:
    """Neither does it get a ladder of its own, which would give each made-up token three free tries."""
    (rosa,) = await office.parents(1)
    wake = await Office.open(server, "wake", "Wake County Schools", "NC")
    namesake = await wake.parent()
    student = await office.user(await office.student("Zed Young"), Portal.STUDENT)
    for other in (rosa, namesake, student):
        other.username = other.username if other is rosa else maria.username
        assert (await other.activate()).status_code == 201
    genuine = str(maria.session["device_token"])
    raw = bytearray(base64.urlsafe_b64decode(genuine.removeprefix("cdt_")))
    raw[-1] ^= 1
    forged = "cdt_" + base64.urlsafe_b64encode(raw).decode()
    others = [str(other.session["device_token"]) for other in (rosa, namesake, student)]
    made_up = [forged, *others, genuine[:-1], genuine.removeprefix("cdt_"), "cdt_" + "A" * 64, "cdt_", "é", "=" * 500]
    await guess(maria, 3)
    for token in made_up:
        assert refused(await maria.sign_in(device={"device_token": token})) == ASKED, token
    assert (await maria.sign_in(device={"device_token": genuine})).status_code == 200


@sqlite_only
async def test_device_tokens_die_with_reset_key_and_disable(office: Office, maria: Owner, clock: ManualClock) -> None:
    async def reset_by_mail() -> None:
        assert (await maria.reset(await maria.reset_link(), NEW_PASSWORD)).status_code == 204

    async def activate_again() -> None:
        maria.key = await office.key_for(maria.person_id, maria.portal)
        assert (await maria.on_another_device().activate()).status_code == 201

    async def start_over() -> None:
        maria.key = await office.reset(maria)
        assert (await maria.on_another_device().activate()).status_code == 201

    async def switch_off_and_on() -> None:
        await office.disable(maria)
        await office.enable(maria)

    await maria.own_address()
    for happening in (reset_by_mail, activate_again, start_over, switch_off_and_on):
        assert (await maria.sign_in()).status_code == 200
        await happening()
        assert await guess(maria, 4) == [INVALID] * 3 + [ASKED]
        assert refused(await maria.sign_in(**phone(maria))) == ASKED
        clock.advance(timedelta(hours=24))
