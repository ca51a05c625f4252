"""Choosing a password: an error for each broken rule with its numbers, and what was used before (contract, section 8)."""

from datetime import timedelta

import pytest

from app.clock import ManualClock
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server, faults
from tests.support.recovery import NEW_PASSWORD, Owner

LONGEST = 128
PASSWORDS = [f"Sunny meadow {number}" for number in range(43, 60)]


@sqlite_only
async def test_each_broken_rule_is_named_with_its_numbers(office: Office, maria: Owner) -> None:
    """The same at both doors; an app draws its checklist from it."""
    token = await maria.reset_link()
    await office.set(
        "password_policy.min_length=10", "password_policy.alphanumeric=true", "password_policy.strong=true"
    )
    stories: dict[str, dict[tuple[str, str], dict[str, object]]] = {
        "short": {("/password", "password_too_short"): {"min": 10}},
        "x" * (LONGEST + 1): {("/password", "password_too_long"): {"max": LONGEST}},
        "1234567890": {("/password", "password_too_common"): {}},
        maria.username.upper() + "!": {("/password", "password_too_personal"): {}},
    }
    for password, expected in stories.items():
        for answer in (await maria.reset(token, password), await maria.change_password(password)):
            broken = faults(answer)
            assert {fault: broken.get(fault) for fault in expected} == expected, broken
    for answer in (
        await maria.reset(token, password_confirm="Quiet harbour 18"),
        await maria.change_password(password_confirm="Quiet harbour 18"),
    ):
        assert {pointer for pointer, _ in faults(answer)} == {"/password_confirm"}


@sqlite_only
async def test_several_broken_rules_are_told_at_once(office: Office, maria: Owner) -> None:
    token = await maria.reset_link()
    await office.set("password_policy.alphanumeric=true", "password_policy.strong=true")
    broken = faults(await maria.reset(token, "abc", password_confirm="abd"))
    assert len(broken) >= 4, broken
    assert ("/password", "password_too_short") in broken


@sqlite_only
@pytest.mark.parametrize("password", ["🌻" * 8, "p" * 60 + " " * 68, "contraseña segura", "密码很长很长很长"])
async def test_any_character_will_do(maria: Owner, password: str) -> None:
    assert (await maria.reset(await maria.reset_link(), password)).status_code == 204
    assert await maria.signs_in_with(password)


async def test_the_last_five_passwords_are_not_chosen_again(maria: Owner, clock: ManualClock) -> None:
    """The current one is the first of the five."""
    first = maria.password
    for password in PASSWORDS[:5]:
        clock.advance(timedelta(minutes=1))
        assert (await maria.change_password(password)).status_code == 204
    for password in PASSWORDS[:5]:
        assert faults(await maria.change_password(password)) == {("/password", "password_used_before"): {"history": 5}}
    assert (await maria.change_password(first)).status_code == 204


async def test_a_reset_knows_them_as_well_and_its_link_survives_the_refusal(maria: Owner) -> None:
    first = maria.password
    await maria.change_password(PASSWORDS[0])
    token = await maria.reset_link()
    for password in (first, PASSWORDS[0]):
        assert faults(await maria.reset(token, password)) == {("/password", "password_used_before"): {"history": 5}}
    assert (await maria.reset(token)).status_code == 204
    assert faults(await maria.reset(await maria.reset_link(), first))


async def test_a_district_may_remember_none(office: Office, maria: Owner) -> None:
    await office.set("password_policy.history=0")
    for password in (maria.password, NEW_PASSWORD, NEW_PASSWORD, maria.password):
        assert (await maria.change_password(password)).status_code == 204
    assert (await maria.reset(await maria.reset_link(), maria.password)).status_code == 204


async def test_a_district_may_remember_one(office: Office, maria: Owner) -> None:
    await office.set("password_policy.history=1")
    first = maria.password
    assert faults(await maria.change_password(first)) == {("/password", "password_used_before"): {"history": 1}}
    assert (await maria.change_password()).status_code == 204
    assert (await maria.change_password(first)).status_code == 204


async def test_a_longer_memory_counts_from_now_on(office: Office, maria: Owner, clock: ManualClock) -> None:
    """What was forgotten under the shorter one is not remembered."""
    first = maria.password
    await office.set("password_policy.history=1")
    for password in PASSWORDS[:2]:
        clock.advance(timedelta(minutes=1))
        await maria.change_password(password)
    await office.set("password_policy.history=24")
    assert (await maria.change_password(first)).status_code == 204
    assert faults(await maria.change_password(PASSWORDS[1]))


@sqlite_only
async def test_d33_what_breaks_a_rule_costs_no_hash(server: Server, maria: Owner) -> None:
    token = await maria.reset_link()
    before = await server.hashes_computed()
    for password in ("short", "x" * (LONGEST + 1), "x" * 20_000, maria.username):
        assert faults(await maria.reset(token, password))
        assert faults(await maria.change_password(password))
    assert await server.hashes_computed() == before
