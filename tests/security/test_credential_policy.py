"""The rules of usernames and passwords, one by one (contract, section 8)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from app.errors import ValidationFailed
from app.services.credential_policy import check_credentials, claimed_username, password_errors, username_errors
from app.services.district_settings import PasswordPolicy, UsernamePolicy
from app.text import fold, tidy

DEFAULT = UsernamePolicy()
MARIA = ["Maria", "Lopez", "MariaLopez", "Jackson County Schools", "jackson-ga"]
LETTERS = st.characters(categories=["L", "M", "Nd"])


def username_faults(username: str, policy: UsernamePolicy = DEFAULT, **more: Any) -> dict[str, dict[str, Any]]:
    return {fault.code: dict(fault.params) for fault in username_errors(username, policy, **more)}


def password_faults(password: str, *, words: list[str] | None = None, **policy: Any) -> dict[str, dict[str, Any]]:
    found = password_errors(password, PasswordPolicy(**policy), context_words=words or [])
    return {fault.code: dict(fault.params) for fault in found}


@pytest.mark.parametrize(
    ("username", "faults"),
    [
        ("a1b", {"username_too_short": {"min": 4}}),
        ("abcdefghijklmnopqrstuvwxyz1234567", {"username_too_long": {"max": 32}}),
        ("maria lopez1", {"username_characters": {}}),
        ("maria_lopez1", {"username_characters": {}}),
        ("maria@home1", {"username_characters": {}}),
        ("maria\u200d2026", {"username_characters": {}}),
        ("maria\u20ac2026", {"username_characters": {}}),
        ("\u2167\u2167\u21671x", {}),
        ("1234", {"username_needs_letter": {}}),
        ("maria", {"username_needs_digit": {}}),
        ("maria\u00bd", {"username_characters": {}}),
        ("S0123456", {"username_reserved": {}}),
        ("s12345678901", {"username_reserved": {}}),
        ("\uff33\uff10\uff11\uff12\uff13\uff14\uff15\uff16", {"username_reserved": {}}),
        ("\u017f0123456", {"username_reserved": {}}),
        ("", {"username_too_short": {"min": 4}, "username_needs_letter": {}, "username_needs_digit": {}}),
    ],
)
def test_what_a_username_breaks(username: str, faults: dict[str, Any]) -> None:
    assert username_faults(username) == faults


@pytest.mark.parametrize("username", ["mar1", "1mar", "s012345", "s0123456a", "Jos\u00e91", "a" * 31 + "1", " mar1 "])
def test_a_username_that_keeps_the_rules(username: str) -> None:
    assert username_faults(username) == {}


def test_a_student_may_have_the_claimed_form_of_the_own_number_only() -> None:
    assert claimed_username("123456") == "S0123456"
    assert claimed_username("12345678") == "S12345678"
    assert username_faults("S0000000") == {"username_reserved": {}}
    assert username_faults("S0123456", own_student_number="123456") == {}
    assert username_faults("S0123456", own_student_number="0123456") == {}
    assert username_faults("S0123456", own_student_number="9") == {"username_reserved": {}}


def test_a_district_narrows_the_length_of_usernames() -> None:
    narrow = UsernamePolicy(min_length=6, max_length=8)
    assert username_faults("mari1", narrow) == {"username_too_short": {"min": 6}}
    assert username_faults("maria2026", narrow) == {"username_too_long": {"max": 8}}
    assert username_faults("maria26", narrow) == {}


@given(st.text(LETTERS, min_size=1, max_size=40))
def test_d32_a_name_that_is_accepted_has_one_folded_form_however_often_it_is_folded(username: str) -> None:
    """What is stored to be shown, and what is stored to be compared, find the same account."""
    if not username_faults(username):
        folded = fold(username)
        assert fold(folded) == fold(tidy(username)) == folded
        assert 4 <= len(folded) <= 32
        assert len(tidy(username)) <= 64


@pytest.mark.parametrize(
    ("password", "policy", "faults"),
    [
        ("", {}, {"password_too_short": {"min": 8}}),
        ("7 chars", {}, {"password_too_short": {"min": 8}}),
        ("xk29q", {"min_length": 6}, {"password_too_short": {"min": 6}}),
        ("thirteen char", {"min_length": 14}, {"password_too_short": {"min": 14}}),
        ("x" * 129, {}, {"password_too_long": {"max": 128}}),
        ("\u0958" * 128, {}, {"password_too_long": {"max": 128}}),
        ("password", {}, {"password_too_common": {}}),
        ("PASSWORD", {}, {"password_too_common": {}}),
        ("\uff50assword", {}, {"password_too_common": {}}),
        ("iloveyou1", {}, {"password_too_common": {}}),
        ("only letters", {"alphanumeric": True}, {"password_needs_letter_and_digit": {}}),
        ("7700 8812 41", {"alphanumeric": True}, {"password_needs_letter_and_digit": {}}),
        ("with 1 digit", {"alphanumeric": True}, {}),
        ("lower and 7", {"strong": True}, {}),
        ("lowerUPPER7", {"strong": True}, {}),
        ("Upper symbol", {"strong": True}, {}),
        ("e\u0301" * 8, {}, {}),
    ],
)
def test_what_a_password_breaks(password: str, policy: dict[str, Any], faults: dict[str, Any]) -> None:
    assert password_faults(password, **policy) == faults


def test_the_passwords_that_most_people_use_are_refused() -> None:
    """The 3,000 most frequent that are long enough, and all others of a list of 30,000."""
    ranked = FREQUENCY_LISTS["passwords"]
    assert len(ranked) >= 30_000
    long_enough = [password for password in ranked if len(password) >= 8]
    assert len(long_enough) > 3_000
    assert [each for each in long_enough if "password_too_common" not in password_faults(each)] == []


@pytest.mark.parametrize("password", ["lower and space", "lowerUPPER", "only7and8", "        7"])
def test_a_strong_password_needs_three_kinds_of_characters(password: str) -> None:
    needed = {"needed": 3, "kinds": ["lower", "upper", "digit", "symbol"]}
    assert password_faults(password, strong=True) == {"password_not_strong": needed}


@pytest.mark.parametrize(
    "password",
    [
        "marialopez",
        "Maria!!!",
        "2026lopez",
        "LOPEZ12345",
        "Jackson County Schools",
        "jackson-ga",
        "JACKSON-GA-1!",
        "MariaLopez99",
    ],
)
def test_a_password_may_not_consist_of_what_the_context_gives_away(password: str) -> None:
    assert password_faults(password, words=MARIA) == {"password_too_personal": {}}


@pytest.mark.parametrize("password", ["Maria likes boats", "my lopez garden", "Jackson Pollock 3", "12345 98765"])
def test_a_password_may_contain_them_among_other_words(password: str) -> None:
    assert password_faults(password, words=MARIA) == {}


def test_both_are_judged_together_and_the_typing_too() -> None:
    with pytest.raises(ValidationFailed) as refusal:
        check_credentials(
            username="ab",
            password="maria26",
            password_confirm="maria27",
            username_policy=DEFAULT,
            password_policy=PasswordPolicy(),
            context_words=MARIA,
        )
    assert [(fault.pointer, fault.code) for fault in refusal.value.errors] == [
        ("/username", "username_too_short"),
        ("/username", "username_needs_digit"),
        ("/password", "password_too_short"),
        ("/password", "password_too_personal"),
        ("/password_confirm", "password_mismatch"),
    ]
    assert "maria26" not in str(refusal.value)
