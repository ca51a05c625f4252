"""Facts about a student as people type them, against how the roster writes them."""

import unicodedata
from collections.abc import Sequence

from app.text import bare_number, search_words

_LONGEST_NUMBER = 16


def spellings(number: str) -> Sequence[str]:
    """How a roster may write this student number: always so many to look for, whatever was typed."""
    bare, lengths = bare_number(number), range(1, _LONGEST_NUMBER + 1)
    return [number.strip(), *(each.rjust(length, "0") for each in (bare, bare.upper()) for length in lengths)]


def alike(stored: str, typed: str) -> bool:
    """Case, accents, hyphens, apostrophes and spaces do not matter; a name of nothing else fits nothing."""
    name = _letters(typed)
    return name != "" and name == _letters(stored)


def same(stored: str, typed: str) -> bool:
    """Exactly as it is written; only how a letter and its accent are encoded does not matter."""
    return unicodedata.normalize("NFC", stored.strip()) == unicodedata.normalize("NFC", typed.strip())


def _letters(name: str) -> str:
    return search_words(name).replace(" ", "")
