"""The format of an activation key: made for paper, phones and tired eyes."""

import secrets

# No 0 1 I L O: nothing on paper looks like another letter. 31 letters, a prime, so that the check symbol finds every single
# wrong letter and every swap of two letters.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
RANDOM_LENGTH = 24
"""24 letters of 31 are 118 random bits."""
GROUP = 5
# Hyphens, dashes and spaces in every form that word processors and keyboards put between groups.
_SEPARATORS = str.maketrans("", "", "-_ \t\r\n\u00a0\u00ad\u200b\u2010\u2011\u2012\u2013\u2014\u2212")


def new_activation_code() -> str:
    """Five groups of five letters; the last letter is the check symbol."""
    return _printed("".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH)))


def derived_activation_code(mac: bytes) -> str:
    """The same of a keyed MAC of 32 bytes: whoever has the key of the MAC can write it again."""
    return _printed(letters_of(mac, RANDOM_LENGTH))


def letters_of(mac: bytes, length: int) -> str:
    """So many letters that depend on all of a MAC that is much longer than they are."""
    number = int.from_bytes(mac)
    letters = []
    for _ in range(length):
        number, letter = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[letter])
    return "".join(letters)


def normalise_activation_code(typed: str) -> str:
    """Any case, with or without dashes and spaces, gives one form."""
    return typed.translate(_SEPARATORS).upper()


def is_well_formed(normalised: str) -> bool:
    """Whether it could be a key at all; False finds typing mistakes without a look-up."""
    return (
        len(normalised) == RANDOM_LENGTH + 1
        and all(letter in ALPHABET for letter in normalised)
        and normalised[-1] == _check_symbol(normalised[:-1])
    )


def _printed(letters: str) -> str:
    whole = letters + _check_symbol(letters)
    return "-".join(whole[start : start + GROUP] for start in range(0, len(whole), GROUP))


def _check_symbol(letters: str) -> str:
    return ALPHABET[
        sum(place * ALPHABET.index(letter) for place, letter in enumerate(letters, start=2)) % len(ALPHABET)
    ]
