"""What a username and a password must be: an error for each rule that is broken, with the numbers of the rule.

The rules are the district's (contract, section 8), after NIST SP 800-63B-4: length first, no known common password, nothing that the
context gives away. Both documents of Atlanta name the alphanumeric and the strong rule.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

from app.errors import FieldError, ValidationFailed
from app.security.hashing import canonical
from app.services.district_settings import PasswordPolicy, UsernamePolicy
from app.text import fold, is_invisible
from app.translation import msg

PASSWORD_MAX_LENGTH = 128
_STRONG_KINDS = 3
_CLAIM_PATTERN = re.compile(r"s\d{7,}")
"""The folded form of a claimed student username, such as S0123456."""


def check_credentials(
    *,
    username: str,
    password: str,
    password_confirm: str,
    username_policy: UsernamePolicy,
    password_policy: PasswordPolicy,
    context_words: Iterable[str],
    own_student_number: str | None = None,
) -> None:
    """Nothing, where all is well.

    Raises:
        ValidationFailed: every rule that is broken, at once.
    """
    _refuse(
        [
            *username_errors(username, username_policy, own_student_number=own_student_number),
            *password_errors(password, password_policy, context_words=[username, *context_words]),
            *_mismatch(password, password_confirm),
        ]
    )


def check_new_password(
    password: str, password_confirm: str, policy: PasswordPolicy, *, context_words: Iterable[str]
) -> None:
    """The same for a password alone."""
    _refuse([*password_errors(password, policy, context_words=context_words), *_mismatch(password, password_confirm)])


def _refuse(errors: list[FieldError]) -> None:
    if errors:
        raise ValidationFailed(errors)


def _mismatch(password: str, password_confirm: str) -> Iterator[FieldError]:
    if canonical(password) != canonical(password_confirm):
        yield FieldError("/password_confirm", "password_mismatch", msg("The two passwords are not the same."))


def username_errors(
    username: str, policy: UsernamePolicy, *, own_student_number: str | None = None
) -> Iterator[FieldError]:
    folded = fold(username)
    if len(folded) < policy.min_length:
        yield _username("username_too_short", msg("Use at least {min} letters and digits."), min=policy.min_length)
    if len(folded) > policy.max_length:
        yield _username("username_too_long", msg("Use at most {max} letters and digits."), max=policy.max_length)
    if not all(_is_letter(c) or c.isdecimal() for c in folded):
        yield _username("username_characters", msg("Use only letters and digits, without spaces."))
    if not any(map(_is_letter, folded)):
        yield _username("username_needs_letter", msg("Use at least one letter."))
    if not any(c.isdecimal() for c in folded):
        yield _username("username_needs_digit", msg("Use at least one digit."))
    if is_reserved(username, own_student_number):
        yield _username("username_reserved", msg("This form of name is kept for students. Please choose another one."))


def is_reserved(username: str, own_student_number: str | None) -> bool:
    """Whether it is a name that students get by claim, and not this student's own."""
    own = fold(claimed_username(own_student_number)) if own_student_number else None
    return bool(_CLAIM_PATTERN.fullmatch(fold(username))) and fold(username) != own


def claimed_username(student_number: str) -> str:
    """The username that belongs to a student: S and the number, padded to seven digits; `S0123456` (Clayton's document)."""
    return f"S{student_number:0>7}"


def password_errors(
    password: str, policy: PasswordPolicy, *, context_words: Iterable[str] = ()
) -> Iterator[FieldError]:
    text = canonical(password)
    if len(text) < policy.min_length:
        yield _password("password_too_short", msg("Use at least {min} characters."), min=policy.min_length)
    if len(text) > PASSWORD_MAX_LENGTH:
        yield _password("password_too_long", msg("Use at most {max} characters."), max=PASSWORD_MAX_LENGTH)
    if policy.alphanumeric and not (any(map(str.isalpha, text)) and any(map(str.isdecimal, text))):
        yield _password("password_needs_letter_and_digit", msg("Use at least one letter and one digit."))
    if policy.strong and sum(any(map(kind, text)) for kind in _KINDS) < _STRONG_KINDS:
        yield _password(
            "password_not_strong",
            msg("Use three of these: a lower-case letter, an upper-case letter, a digit, a symbol."),
            needed=_STRONG_KINDS,
            kinds=["lower", "upper", "digit", "symbol"],
        )
    if _is_common(text):
        yield _password("password_too_common", msg("Many people use this password. Please choose another one."))
    elif _says_only(text, context_words):
        yield _password(
            "password_too_personal", msg("Do not use your username, your name or the name of the district.")
        )


_KINDS: Sequence[Callable[[str], bool]] = (str.islower, str.isupper, str.isdecimal, lambda c: not c.isalnum())


def _is_letter(character: str) -> bool:
    """Marks belong to the letters of many scripts; what shows nothing is no letter."""
    return unicodedata.category(character)[0] in "LM" and not is_invisible(character)


def _is_common(password: str) -> bool:
    return fold(password) in _common_passwords()


@cache
def _common_passwords() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415  # 30,000 strings, for those who set a password

    return frozenset(FREQUENCY_LISTS["passwords"])


def _says_only(password: str, context_words: Iterable[str]) -> bool:
    """Whether nothing is left of the password but a word of the context, with or without digits and symbols around it."""
    bare = _letters(password)
    words = [fold(word) for word in context_words if word.strip()]
    return any(fold(password) == word or (bare and bare == _letters(word)) for word in words)


def _letters(text: str) -> str:
    return "".join(filter(_is_letter, fold(text)))


def _username(code: str, detail: str, **params: object) -> FieldError:
    return FieldError("/username", code, detail, params)


def _password(code: str, detail: str, **params: object) -> FieldError:
    return FieldError("/password", code, detail, params)
