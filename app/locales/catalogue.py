"""One language's file of translations, in the format that translators and their tools know (gettext .po)."""

import re
from collections.abc import Collection
from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from app.locales.messages import messages
from app.translation import NOBODY, catalogue_file, placeholders, reviewed_by

_KEPT = re.compile(r"`[^`]+`|(?:GET|POST|PUT|PATCH|DELETE) /[\w/{}-]+|[\w-]+\.csv")
"""What is for programs stays as it is in every language: codes, operations, names of files."""
_HEAD = """\
# `python -m app.locales` brings this file up to the code. The words are for parents: plain, polite, short.
# Somebody who speaks the language has read all of it? Then X-Reviewed-By says who, and when: "Ana Ruiz, 2026-12-01".
msgid ""
msgstr ""
"Language: {tag}\\n"
"X-Reviewed-By: {reviewed_by}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def read(tag: str) -> Catalog:
    """The translations of a language; an empty catalogue where it has none yet."""
    path = catalogue_file(tag)
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
    head = _HEAD.format(tag=tag, reviewed_by=reviewed_by(tag) or NOBODY)
    path = catalogue_file(tag)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head.encode() + entries.getvalue())


def translations(catalogue: Catalog) -> dict[str, str]:
    """What is said in the language itself; the rest is told in English."""
    return {str(entry.id): str(entry.string) for entry in catalogue if entry.id and entry.string and not entry.fuzzy}


def untranslated(catalogue: Catalog) -> list[str]:
    translated = translations(catalogue)
    return [text for text in messages() if text not in translated]


def faults(catalogue: Catalog, awaited: Collection[str] = ()) -> list[str]:
    """What is wrong with a language: messages without translation, translations of nothing, placeholders or codes that do not match.

    `awaited` are the messages that may lack a translation for now (see `app.locales.awaited`).
    """
    wanted = messages()
    found = [str(entry.id) for entry in catalogue if entry.id]
    return [
        *(f"not translated: {text}" for text in untranslated(catalogue) if text not in awaited),
        *(f"no longer used: {text}" for text in [*found, *map(str, catalogue.obsolete)] if text not in wanted),
        *(
            f"other placeholders: {text}"
            for text, own in translations(catalogue).items()
            if placeholders(own) != placeholders(text)
        ),
        *(
            f"other codes: {text}"
            for text, own in translations(catalogue).items()
            if sorted(_KEPT.findall(own)) != sorted(_KEPT.findall(text))
        ),
    ]
