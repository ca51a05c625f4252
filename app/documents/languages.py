"""The table of languages, from the catalogues and the words of the front end."""

import json
from pathlib import Path

from app.locales import catalogue
from app.locales.messages import messages
from app.translation import LANGUAGES, NAMES, reviewed_by, translator

_HEAD = (
    "| language | | direction | messages | front end | reviewed by a speaker |\n| --- | --- | --- | --- | --- | --- |\n"
)


def languages_table(front_end: Path) -> str:
    """One row for each language; `front_end` is the folder of its words."""
    return _HEAD + "".join(_row(tag, front_end) for tag in LANGUAGES)


def _row(tag: str, front_end: Path) -> str:
    total = len(messages())
    own = total if tag == LANGUAGES[0] else len(catalogue.translations(catalogue.read(tag)))
    spoken = f"{_words(front_end, tag)} of {_words(front_end, LANGUAGES[0])}"
    direction = translator(tag).direction
    return f"| `{tag}` | {NAMES[tag]} | {direction} | {own} of {total} | {spoken} | {reviewed_by(tag) or 'no'} |\n"


def _words(front_end: Path, tag: str) -> int:
    file = front_end / f"{tag}.json"
    return len(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else 0
