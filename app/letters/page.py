"""A letter as a page of HTML, in English and the language of the home.

Each paragraph is one text without elements in it: so the renderer orders Arabic around numbers and Latin names by Unicode's rules.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from app.letters.facts import PaperLetter
from app.portals import Portal
from app.translation import LANGUAGES, Translator, msg, translator

MOST_SCHOOLS = 3
_SMALLER_FROM = 38
"""Letters in a line of the address from which on it is set smaller, so that it stays within the window."""
_PORTALS = {
    Portal.PARENT: msg("Portal for parents and guardians"),
    Portal.STUDENT: msg("Portal for students"),
    Portal.STAFF: msg("Portal for staff"),
}


SIZES = ("", "small", "smallest")
"""Of the text; the usual one has room for every language, with addresses and numbers as they usually are."""


def pages(letters: Iterable[tuple[PaperLetter, str]], size: str = SIZES[0]) -> str:
    """One document with a page for each letter; beside each letter its link as a picture (a `data:` URL)."""
    sheets = [_view(letter, picture) for letter, picture in letters]
    return _templates().get_template("letters.html.j2").render(sheets=sheets, size=size)


def other_language(letter: PaperLetter) -> str | None:
    """The one beside English, if the letter has one."""
    _, *others = _languages(letter)
    return others[0].tag if others else None


def _view(letter: PaperLetter, picture: str) -> Mapping[str, Any]:
    """What the template sees."""
    return {
        "letter": letter,
        "picture": picture,
        "is_small": any(len(line) > _SMALLER_FROM for line in letter.recipient),
        "groups": letter.activation_key.split("-"),
        "page": letter.page.removeprefix("https://"),
        "schools": letter.schools[:MOST_SCHOOLS],
        "columns": [_column(letter, words) for words in _languages(letter)],
    }


def _languages(letter: PaperLetter) -> list[Translator]:
    """English alone, too, where the other language has no words for letters yet."""
    english, own = translator(LANGUAGES[0]), translator(letter.language)
    return [english] if own.text(_PORTALS[letter.portal]) == _PORTALS[letter.portal] else [english, own]


def _column(letter: PaperLetter, words: Translator) -> Mapping[str, Any]:
    return {
        "lang": words.tag,
        "dir": words.direction,
        "_": words.text,
        "portal": words.text(_PORTALS[letter.portal]),
        "expires_on": words.day(letter.expires_on),
    }


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("app.letters"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
