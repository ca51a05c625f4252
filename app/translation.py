"""Which language somebody reads, and the words in it: gettext catalogues, read through Babel.

English stands in the code; the other languages are `locales/<tag>/LC_MESSAGES/messages.po`, which `python -m app.locales` keeps up
to date, and `docs/languages.md` lists. Placeholders are `{name}`. A message that is not translated appears in English, the rest of the page does not suffer.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale
from babel.core import get_global
from babel.dates import format_date, format_time, get_datetime_format, get_timezone, get_timezone_name
from babel.messages.pofile import read_po

NAMES = {
    "en": "English",
    "es": "Español",
    "ar": "العربية",
    "fr": "Français",
    "hmn": "Hmoob",
    "ht": "Kreyòl ayisyen",
    "ko": "한국어",
    "pt": "Português",
    "ru": "Русский",
    "so": "Soomaali",
    "tl": "Tagalog",
    "vi": "Tiếng Việt",
    "zh-Hans": "简体中文",
    "zh-Hant": "繁體中文",
}
"""What can be offered, each as those call it who speak it."""
LANGUAGES = tuple(NAMES)
"""The first is the language of the code, and of everybody whose own is not here."""
PSEUDO = "ar-XB"
"""Right to left, every message in brackets; for tests. Never offered: one must name it."""
CATALOGUES = Path(__file__).parent / "locales"

_FORMATS = {"en": "en_US", "es": "es_US", "ht": "fr", "hmn": "en_US", "tl": "fil", PSEUDO: "ar"}
"""Whose dates and clocks a language is written with, where CLDR has none of its own or means another country: the districts are in the USA."""
_CLOCKS = {"ko": "aaaa h:mm"}
"""Where CLDR's short clock has an English AM or PM."""
_SYNONYMS = {"fil": "tl", "mww": "hmn", "hnj": "hmn", "cmn": "zh", "yue": "zh-hant"}
"""What browsers and rosters call a language that has another tag here. `mww` and `hnj` are White and Green Hmong."""
_LONGEST_HEADER = 1_000
_RANGE = re.compile(
    r"\s*(?P<tag>[a-z]{1,8}(?:-[a-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*(?P<q>0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?\s*",
    re.IGNORECASE | re.ASCII,
)
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
NOBODY = "nobody yet"
_REVIEWED = re.compile(r'^"X-Reviewed-By: (.+)\\n"$', re.MULTILINE)
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
_NARROW_SPACE = "\u202f"


def msg(text: str) -> str:
    """Marks an English text as a message, so that it is found and translated; gives it back unchanged."""
    return text


@dataclass(frozen=True)
class Translator:
    """The words of one language. Make one with `translator`."""

    tag: str
    """BCP 47, for `lang` and Content-Language."""
    formats: Locale
    messages: Mapping[str, str]

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`, for `dir`."""
        return self.formats.text_direction

    def text(self, msgid: str, /, **params: object) -> str:
        """The message in this language, else in English, with `params` in its placeholders.

        Values are never read as templates. In a language that runs right to left each is isolated (Unicode UAX 9), or a Latin name
        would drag the punctuation around it to its other side.
        """
        return fill(self.messages.get(msgid, msgid), {name: self._isolated(value) for name, value in params.items()})

    def moment(self, when: datetime, timezone: str) -> str:
        """Day and time of an aware `when` as people in `timezone` (IANA) say it: `Monday, August 3, 2026, 8:30 AM (Eastern Daylight Time)`."""
        zone = get_timezone(timezone)
        local = when.astimezone(zone)
        day = format_date(local, "full", locale=self.formats)
        time = format_time(local, _CLOCKS.get(self.tag, "short"), tzinfo=zone, locale=self.formats)
        name = get_timezone_name(local, "long", locale=self.formats)
        pattern = str(get_datetime_format("full", locale=self.formats)).replace("'", "")
        text = pattern.replace("{0}", f"{time} ({name})").replace("{1}", day)
        return text.replace(_NARROW_SPACE, " ")  # many mail programs show a box for it

    def day(self, day: date) -> str:
        """As people write it: `August 3, 2026`."""
        return format_date(day, "long", locale=self.formats)

    def _isolated(self, value: object) -> str:
        return f"{_ISOLATE}{value}{_END_ISOLATE}" if self.direction == "rtl" else str(value)


def fill(template: str, params: Mapping[str, object]) -> str:
    """`{name}` replaced by the param of that name. Nothing else is a template: no attributes, no formats, and no error."""
    return _PLACEHOLDER.sub(lambda found: str(params.get(found[1], found[0])), template)


def placeholders(template: str) -> set[str]:
    return set(_PLACEHOLDER.findall(template))


def translator(locale: str | None) -> Translator:
    """For a tag such as an account's `locale`, or an Accept-Language; anything unknown is English."""
    return _translator(PSEUDO if locale == PSEUDO else negotiate(locale))


def negotiate(accept_language: str | None, offered: Sequence[str] = LANGUAGES) -> str:
    """The offered tag that the reader likes best (RFC 4647 lookup, RFC 9110 weights), else the first of `offered`.

    CLDR's likely subtags help: `zh-TW` reads zh-Hant rather than zh, `es-MX` reads es-US rather than English. What cannot be read is
    passed over; nothing raises.
    """
    return _negotiate((accept_language or "")[:_LONGEST_HEADER], tuple(offered))


def spoken(tag: str) -> str | None:
    """The language whose words a reader of this tag gets; None where there are none, and English stands in."""
    return negotiate(tag) if any(_likeness(_canonical(tag), offer) for offer in LANGUAGES) else None


@lru_cache(maxsize=1_024)
def _negotiate(accept_language: str, offered: tuple[str, ...]) -> str:
    for wanted in _wanted(accept_language):
        best = max(offered, key=lambda offer: _likeness(wanted, offer))
        if _likeness(wanted, best):
            return best
    return offered[0]


def _wanted(accept_language: str) -> list[str]:
    """Tags by falling weight. `*` asks for nothing in particular, weight 0 for nothing at all."""
    ranges = [_RANGE.fullmatch(part) for part in accept_language.split(",")]
    weighed = [(float(found["q"] or 1), _canonical(found["tag"])) for found in ranges if found]
    return [tag for weight, tag in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0]


def _likeness(wanted: str, offer: str) -> int:
    """How well a reader of one tag reads another: 0 is not at all."""
    offer = _canonical(offer)
    if wanted.partition("-")[0] != offer.partition("-")[0]:
        return 0
    same_script = _script(wanted) == _script(offer)
    return 1 + 2 * f"{wanted}-".startswith(f"{offer}-") + 4 * same_script + 8 * (wanted == offer)


def _canonical(tag: str) -> str:
    language, hyphen, rest = tag.lower().partition("-")
    return f"{_SYNONYMS.get(language, language)}{hyphen}{rest}"


@cache
def _likely() -> Mapping[str, str]:
    subtags: Mapping[str, str] = get_global("likely_subtags")
    return {short.lower(): long.lower() for short, long in subtags.items()}


def _script(tag: str) -> str | None:
    """The script that a tag names, or that its country or language is likely to be written in."""
    language, *rest = tag.split("-")
    named = next((part for part in rest if len(part) == 4 and part.isalpha()), None)
    country = next((part for part in rest if len(part) in {2, 3}), "")
    likely = _likely().get(f"{language}_{country}") or _likely().get(language) or ""
    return named or next((part for part in likely.split("_") if len(part) == 4), None)


@cache
def _translator(tag: str) -> Translator:
    return Translator(tag, _formats(tag), _Pseudo() if tag == PSEUDO else dict(_translated(tag)))


def _formats(tag: str) -> Locale:
    return Locale.parse(_FORMATS.get(tag, tag.replace("-", "_")))


def catalogue_file(tag: str) -> Path:
    return CATALOGUES / tag.replace("-", "_") / "LC_MESSAGES" / "messages.po"


@cache
def reviewed_by(tag: str) -> str | None:
    """The speaker who has read all of a language's words, and when, as its catalogue says; None where nobody has."""
    if tag == LANGUAGES[0]:
        return "written by the authors"
    path = catalogue_file(tag)
    return reviewer(path.read_text(encoding="utf-8")) if path.is_file() else None


def reviewer(catalogue: str) -> str | None:
    """Whom the text of a catalogue names in its `X-Reviewed-By`."""
    found = _REVIEWED.search(catalogue)
    return found[1] if found and found[1] != NOBODY else None


def _translated(tag: str) -> Iterator[tuple[str, str]]:
    path = catalogue_file(tag)
    if path.is_file():
        with path.open("rb") as file:
            for message in read_po(file):
                if isinstance(message.id, str) and isinstance(message.string, str) and not message.fuzzy:
                    yield message.id, message.string or message.id


class _Pseudo(dict[str, str]):
    """What is not in brackets was never translated."""

    def get(self, msgid: str, _default: object = None) -> str:
        return f"⟦{msgid}⟧"
