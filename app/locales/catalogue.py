"""One language's file of translations, in the format that translators and their tools know (gettext .po)."""

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from app.locales.messages import messages
from app.translation import CATALOGUES, placeholders

_HEAD = """\
# `python -m app.locales` brings this file up to the code. The words are for parents: plain, polite, short.
msgid ""
msgstr ""
"Language: {tag}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def path_of(tag: str) -> Path:
    return CATALOGUES / tag.replace("-", "_") / "LC_MESSAGES" / "messages.po"


def read(tag: str) -> Catalog:
    """The translations of a language; an empty catalogue where it has none yet."""
    path = path_of(tag)
    return read_po(BytesIO(path.read_bytes() if path.is_file() else b""))


def renewed(old: Catalog) -> Catalog:
    """With every message of the code, in its order, and no other; translations are kept."""
    new = Catalog(fuzzy=False)
    for text, places in messages().items():
        known = old.get(text)
        new.add(
            text,
            known.string if known else "",
            locations=[(place, 0) for place in places],
            flags=known.flags if known else [],
            user_comments=known.user_comments if known else [],
        )
    return new


def write(tag: str, catalogue: Catalog) -> None:
    entries = BytesIO()
    # Without line numbers and dates: the file changes when words do.
    write_po(entries, catalogue, width=120, omit_header=True, include_lineno=False)
    path = path_of(tag)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_HEAD.format(tag=tag).encode() + entries.getvalue())


def faults(catalogue: Catalog) -> list[str]:
    """What is wrong with a language: messages without translation, translations of nothing, placeholders that do not match."""
    wanted = messages()
    found = {str(entry.id): entry for entry in catalogue if entry.id}
    translated = {text: str(entry.string) for text, entry in found.items() if entry.string and not entry.fuzzy}
    return [
        *(f"not translated: {text}" for text in wanted if text not in translated),
        *(f"no longer used: {text}" for text in [*found, *map(str, catalogue.obsolete)] if text not in wanted),
        *(f"other placeholders: {text}" for text, own in translated.items() if placeholders(own) != placeholders(text)),
    ]
