"""The codes of authenticator apps, against the vectors of the standard and an app that computes them by itself."""

import base64
from datetime import UTC, datetime

import pytest

from app.security.totp import DIGITS, STEP_S, matching_step, new_secret, otpauth_uri
from tests.support.authenticator import code_at

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC_6238 = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
}
"""Appendix B, SHA-1; of its eight digits our apps show the last six."""


@pytest.mark.parametrize(("seconds", "code"), RFC_6238.items())
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert matching_step(RFC_SECRET, code[-DIGITS:], moment, after=None) == seconds // STEP_S
    assert code_at(RFC_SECRET, seconds // STEP_S) == code[-DIGITS:]


def test_a_phone_may_be_one_step_off_and_no_more() -> None:
    now = datetime.fromtimestamp(1_800_000_000, UTC)
    step = 1_800_000_000 // STEP_S
    accepted = [
        ahead for ahead in range(-3, 4) if matching_step(RFC_SECRET, code_at(RFC_SECRET, step + ahead), now, after=None)
    ]
    assert accepted == [-1, 0, 1]


def test_no_step_is_used_twice_nor_one_before_it() -> None:
    now = datetime.fromtimestamp(1_800_000_000, UTC)
    step = 1_800_000_000 // STEP_S
    code = code_at(RFC_SECRET, step)
    assert matching_step(RFC_SECRET, code, now, after=step - 1) == step
    assert matching_step(RFC_SECRET, code, now, after=step) is None
    assert matching_step(RFC_SECRET, code_at(RFC_SECRET, step - 1), now, after=step) is None


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "٤٢٣٤٥٦", "0x1234", "-12345"])
def test_what_is_no_code_fits_nowhere(typed: str) -> None:
    assert matching_step(RFC_SECRET, typed, datetime.fromtimestamp(59, UTC), after=None) is None


def test_a_code_may_be_typed_as_apps_show_it() -> None:
    assert matching_step(RFC_SECRET, "287 082", datetime.fromtimestamp(59, UTC), after=None) == 1


def test_secrets_have_160_bits_and_no_two_are_equal() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert {len(base64.b32decode(secret)) for secret in secrets} == {20}


def test_the_uri_names_district_and_username_whatever_letters_they_have() -> None:
    uri = otpauth_uri(RFC_SECRET, username="dana&x=1", issuer="Peña & Söhne ISD")
    assert uri.startswith("otpauth://totp/")
    assert f"secret={RFC_SECRET}" in uri
    assert "dana%26x%3D1" in uri
    assert " " not in uri
