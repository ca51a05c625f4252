"""What a username and a password must be, and how an app learns it: every broken rule at once, with its numbers."""

from typing import Any

import pytest

from app.portals import Portal
from tests.support.office import Office
from tests.support.portal import Server, User, faults

STRONG = ["lower", "upper", "digit", "symbol"]


async def test_every_broken_rule_is_told_at_once_with_its_numbers(office: Office, maria: User) -> None:
    await office.set("password_policy.min_length=10", "password_policy.alphanumeric=true", "password_policy.strong=on")
    answer = await maria.activate(username="a!", password="qwerty", password_confirm="qwertz")
    assert faults(answer) == {
        ("/username", "username_too_short"): {"min": 4},
        ("/username", "username_characters"): {},
        ("/username", "username_needs_digit"): {},
        ("/password", "password_too_short"): {"min": 10},
        ("/password", "password_needs_letter_and_digit"): {},
        ("/password", "password_not_strong"): {"needed": 3, "kinds": STRONG},
        ("/password", "password_too_common"): {},
        ("/password_confirm", "password_mismatch"): {},
    }
    assert (await maria.activate(password="Green boat 7!", password_confirm="Green boat 7!")).status_code == 201


@pytest.mark.parametrize(
    ("username", "code", "params"),
    [
        ("a1b", "username_too_short", {"min": 4}),
        ("abcdefghijklmnopqrstuvwxyz1234567", "username_too_long", {"max": 32}),
        ("maria lopez1", "username_characters", {}),
        ("maria_lopez1", "username_characters", {}),
        ("maria@home1", "username_characters", {}),
        ("maria\u200d2026", "username_characters", {}),
        ("1234", "username_needs_letter", {}),
        ("maria", "username_needs_digit", {}),
        ("S0123456", "username_reserved", {}),
        ("s0123456", "username_reserved", {}),
        ("\uff33\uff10\uff11\uff12\uff13\uff14\uff15\uff16", "username_reserved", {}),
        ("s12345678901", "username_reserved", {}),
    ],
)
async def test_a_username_that_breaks_one_rule(maria: User, username: str, code: str, params: dict[str, Any]) -> None:
    assert faults(await maria.activate(username=username)) == {("/username", code): params}


@pytest.mark.parametrize("username", ["mar1", "s012345", "s0123456a", "Jos\u00e9 1".replace(" ", ""), "\u041c\u0430\u0448\u0430\u0661", "a" * 31 + "1"])
async def test_a_username_that_keeps_the_rules(maria: User, username: str) -> None:
    answer = await maria.activate(username=username)
    assert answer.status_code == 201
    assert answer.json()["account"]["username"] == username


async def test_the_name_of_the_claim_pattern_is_kept_for_its_student(office: Office) -> None:
    own = await office.user(await office.student("Zed Young", number="123456"), Portal.STUDENT)
    other = await office.user(await office.student("Yan Old", number="9"), Portal.STUDENT)
    assert faults(await other.activate(username="S0123456")) == {("/username", "username_reserved"): {}}
    assert (await own.activate(username="S0123456")).status_code == 201


@pytest.mark.parametrize(
    ("password", "code", "params"),
    [
        ("", "password_too_short", {"min": 8}),
        ("7 chars", "password_too_short", {"min": 8}),
        ("password", "password_too_common", {}),
        ("PassWord", "password_too_common", {}),
        ("maria2026", "password_too_personal", {}),
        ("MARIALOPEZ", "password_too_personal", {}),
        ("Lopez!!2026", "password_too_personal", {}),
        ("Jackson County Schools", "password_too_personal", {}),
        ("jackson!2026", "password_too_personal", {}),
        ("x" * 129, "password_too_long", {"max": 128}),
        ("\U0001f600" * 129, "password_too_long", {"max": 128}),
    ],
)
async def test_a_password_that_breaks_one_rule(maria: User, password: str, code: str, params: dict[str, Any]) -> None:
    answer = await maria.activate(username="maria2026", password=password, password_confirm=password)
    assert {where: found for where, found in faults(answer).items() if where[0] == "/password"} == {
        ("/password", code): params
    }


@pytest.mark.parametrize(
    "password",
    [
        "8 chars!",
        "x" * 127 + "y",
        "\U0001f600\U0001f42c" * 64,
        "          9",
        "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
        "null\x00byte inside",
    ],
)
async def test_any_other_password_works_and_signs_in(maria: User, password: str) -> None:
    maria.password = password
    assert (await maria.activate()).status_code == 201
    assert (await maria.sign_in()).status_code == 200
    assert (await maria.sign_in(password=password[:-1])).status_code == 401


@pytest.mark.parametrize(
    ("setting", "refused_password", "code", "accepted_password"),
    [
        ("password_policy.min_length=6", "abc12", "password_too_short", "xk29qp"),
        ("password_policy.min_length=14", "13 characters", "password_too_short", "fourteen chars"),
        ("password_policy.alphanumeric=true", "only letters", "password_needs_letter_and_digit", "only 1 letter"),
        ("password_policy.alphanumeric=true", "7700 8812", "password_needs_letter_and_digit", "7700 8812x"),
        ("password_policy.strong=true", "lower and symbol", "password_not_strong", "lower and 7"),
        ("password_policy.strong=true", "lowerUPPER", "password_not_strong", "lowerUPPER7"),
    ],
)
async def test_the_district_decides_how_strict_it_is(
    office: Office, maria: User, setting: str, refused_password: str, code: str, accepted_password: str
) -> None:
    await office.set(setting)
    answer = await maria.activate(password=refused_password, password_confirm=refused_password)
    assert [where for where in faults(answer)] == [("/password", code)]
    answer = await maria.activate(password=accepted_password, password_confirm=accepted_password)
    assert answer.status_code == 201


async def test_a_password_is_the_same_however_a_keyboard_composes_its_letters(maria: User) -> None:
    """NFC, as NIST SP 800-63B-4 asks."""
    composed, decomposed = "Caf\u00e9 am See", "Cafe\u0301 am See"
    answer = await maria.activate(password=composed, password_confirm=decomposed)
    assert answer.status_code == 201
    assert (await maria.sign_in(password=decomposed)).status_code == 200
    assert (await maria.sign_in(password=composed)).status_code == 200


async def test_a_key_that_brings_a_username_keeps_it(server: Server, office: Office, maria: User) -> None:
    await office.name_key(maria.person_id, "Lopez2026")
    assert (await maria.verify()).json()["username"] == "Lopez2026"
    assert faults(await maria.activate(username="other1")) == {
        ("/username", "username_fixed"): {"username": "Lopez2026"}
    }
    assert (await maria.activate(username="lopez2026")).status_code == 201


async def test_other_fields_are_checked_too(maria: User) -> None:
    answer = await maria.activate(
        recovery_email="no address", locale="not a language!", device={"shared": "perhaps", "color": "blue"}
    )
    assert faults(answer) == {
        ("/recovery_email", "wrong_format"): {},
        ("/locale", "wrong_format"): {},
        ("/device/shared", "true_or_false_expected"): {},
        ("/device/color", "unknown_field"): {},
    }
