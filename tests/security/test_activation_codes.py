"""Activation keys: made for paper, phones and tired eyes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.security.activation_codes import ALPHABET, is_well_formed, new_activation_code, normalise_activation_code


def test_a_key_has_five_groups_of_letters_that_nobody_confuses() -> None:
    keys = {new_activation_code() for _ in range(1_000)}
    assert len(keys) == 1_000
    assert all(re.fullmatch(r"[2-9A-HJKMNP-Z]{5}(-[2-9A-HJKMNP-Z]{5}){4}", key) for key in keys)
    assert not set("01ILO") & set(ALPHABET)
    assert len(ALPHABET) ** 24 > 2**100, "100 random bits or more, without the check symbol"


def test_every_letter_stands_at_every_place() -> None:
    """A generator that favours some letters would have fewer bits than it shows."""
    letters = [normalise_activation_code(new_activation_code()) for _ in range(2_000)]
    for place in range(24):
        counts = [sum(key[place] == letter for key in letters) for letter in ALPHABET]
        assert min(counts) > 20
        assert max(counts) < 130


@given(st.sampled_from(range(25)), st.sampled_from(ALPHABET))
def test_one_wrong_letter_is_found_without_a_look_up(place: int, letter: str) -> None:
    key = normalise_activation_code(new_activation_code())
    wrong = key[:place] + letter + key[place + 1 :]
    assert is_well_formed(wrong) == (wrong == key)


@given(st.integers(0, 23))
def test_two_swapped_letters_are_found_without_a_look_up(place: int) -> None:
    key = normalise_activation_code(new_activation_code())
    swapped = key[:place] + key[place + 1] + key[place] + key[place + 2 :]
    assert is_well_formed(swapped) == (swapped == key)


@pytest.mark.parametrize(
    "separator", ["", "-", " ", " - ", "\u2013", "\u2014", "\u2011", "\u00a0", "\u00ad", "\t", "_"]
)
def test_case_and_what_stands_between_groups_do_not_matter(separator: str) -> None:
    key = new_activation_code()
    typed = separator.join(key.lower().split("-"))
    assert normalise_activation_code(f" {typed}\n") == key.replace("-", "")
    assert is_well_formed(normalise_activation_code(typed))


@pytest.mark.parametrize("typed", ["", "-", "ABCDE", "0" * 25, "\u00e4" * 25, "2" * 24, "2" * 26, "\u0662" * 25])
def test_what_cannot_be_a_key_is_told(typed: str) -> None:
    assert not is_well_formed(normalise_activation_code(typed))
