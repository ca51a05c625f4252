"""How an app learns what a username and a password must be. The rules one by one are in tests/security/test_credential_policy.py."""

from app.portals import Portal
from tests.support.office import Office
from tests.support.portal import User, faults

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


async def test_a_password_may_not_say_who_uses_it_and_where(maria: User) -> None:
    for personal in ("maria2026", "Maria!!!", "MARIALOPEZ", "Lopez-2026", "Jackson County Schools", "jackson!2026"):
        answer = await maria.activate(username="maria2026", password=personal, password_confirm=personal)
        assert faults(answer) == {("/password", "password_too_personal"): {}}


async def test_a_password_has_128_characters_at_most(maria: User) -> None:
    for longest in ("x" * 127 + "y", "\U0001f600\U0001f42c" * 64):
        answer = await maria.activate(password=longest + "!", password_confirm=longest + "!")
        assert faults(answer)["/password", "password_too_long"] == {"max": 128}
    maria.password = longest
    assert (await maria.activate()).status_code == 201
    assert (await maria.sign_in()).status_code == 200
    assert (await maria.sign_in(password=longest[:-1])).status_code == 401


async def test_any_character_will_do_for_a_password(office: Office) -> None:
    passwords = ["8 chars!", "         9", "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd", "null\x00byte inside"]
    for user, password in zip(await office.parents(len(passwords)), passwords, strict=True):
        user.password = password
        assert (await user.activate()).status_code == 201
        assert (await user.sign_in()).status_code == 200
        assert (await user.sign_in(password=password[:-1])).status_code == 401


async def test_the_district_decides_how_strict_it_is(office: Office, maria: User) -> None:
    for setting, password, code in (
        ("password_policy.min_length=6", "xk29q", "password_too_short"),
        ("password_policy.min_length=14", "13 characters", "password_too_short"),
        ("password_policy.alphanumeric=true", "letters and spaces", "password_needs_letter_and_digit"),
        ("password_policy.strong=true", "lower and symbols!", "password_not_strong"),
    ):
        await office.set(setting)
        answer = await maria.activate(password=password, password_confirm=password)
        assert code in {found for _, found in faults(answer)}
    await office.set("password_policy.min_length=6", "password_policy.alphanumeric=", "password_policy.strong=")
    assert (await maria.activate(password="xk29qp", password_confirm="xk29qp")).status_code == 201


async def test_a_password_is_the_same_however_a_keyboard_composes_its_letters(maria: User) -> None:
    """NFC, as NIST SP 800-63B-4 asks."""
    composed, decomposed = "Caf\u00e9 am See", "Cafe\u0301 am See"
    assert (await maria.activate(password=composed, password_confirm=decomposed)).status_code == 201
    assert (await maria.sign_in(password=decomposed)).status_code == 200
    assert (await maria.sign_in(password=composed)).status_code == 200


async def test_the_name_of_the_claim_pattern_is_kept_for_its_student(office: Office, maria: User) -> None:
    own = await office.user(await office.student("Zed Young", number="123456"), Portal.STUDENT)
    other = await office.user(await office.student("Yan Old", number="9"), Portal.STUDENT)
    for user in (maria, other):
        assert faults(await user.activate(username="s0123456")) == {("/username", "username_reserved"): {}}
    assert (await own.activate(username="S0123456")).status_code == 201


async def test_a_key_that_brings_a_username_keeps_it(office: Office, maria: User) -> None:
    await office.name_key(maria.person_id, "Lopez2026")
    assert (await maria.verify()).json()["username"] == "Lopez2026"
    answer = await maria.activate(username="other1")
    assert faults(answer) == {("/username", "username_fixed"): {"username": "Lopez2026"}}
    assert (await maria.activate(username="lopez2026")).status_code == 201


async def test_a_fault_points_to_the_field_that_has_it(maria: User) -> None:
    answer = await maria.activate(
        recovery_email="no address", locale="not a language!", device={"shared": "perhaps", "color": "blue"}
    )
    assert faults(answer) == {
        ("/recovery_email", "wrong_format"): {},
        ("/locale", "wrong_format"): {},
        ("/device/shared", "true_or_false_expected"): {},
        ("/device/color", "unknown_field"): {},
    }
