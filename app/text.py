"""How names and words are compared."""

import unicodedata
from functools import lru_cache

NAME_WORDS_MAX_LENGTH = 600


def fold(text: str) -> str:
    """Two spellings of one name are equal after this: NFKC, case folded, NFKC again (folding can undo composition)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text.strip()).casefold())


def fold_address(address: str) -> str:
    """Two spellings of one mailbox are equal after this: capitals do not matter, look-alike letters do."""
    return unicodedata.normalize("NFC", address.strip()).lower()


def tidy(text: str) -> str:
    """A name as it is shown: NFKC, without space around it, its case as it was typed."""
    return unicodedata.normalize("NFKC", text.strip())


def is_plain(text: str) -> bool:
    """No control characters and no lone surrogates: neither belongs into a database."""
    return not any(c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in text)


_ASCII_BLANKS = {code: " " for code in range(128) if not chr(code).isalnum()}


def is_invisible(character: str) -> bool:
    """Whether it shows nothing (Unicode: Default_Ignorable_Code_Point), so that two names that look alike could differ by it."""
    return any(first <= ord(character) <= last for first, last in _IGNORABLE)


_IGNORABLE = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F),
    (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip


def name_words(first_name: str, last_name: str) -> str:
    """What somebody is found by, in the order in which people are listed."""
    return f"{_words_of_name(last_name)} {_words_of_name(first_name)}".strip()[:NAME_WORDS_MAX_LENGTH]


@lru_cache(maxsize=4_096)
def _words_of_name(name: str) -> str:
    """Remembered, for names repeat by the thousand."""
    return search_words(name)


def bare_number(text: str) -> str:
    """A student number as it is compared: capitals, spaces, dashes and leading zeros do not matter."""
    return "".join(c for c in fold(text) if c.isalnum()).lstrip("0")


def search_words(text: str) -> str:
    """For forgiving search: folded, without accents and punctuation, single spaces."""
    if text.isascii():  # nothing to normalise, and most names
        return " ".join(text.lower().translate(_ASCII_BLANKS).split())
    letters = unicodedata.normalize("NFKD", fold(text))
    return " ".join("".join(c if c.isalnum() else " " for c in letters if not unicodedata.combining(c)).split())
