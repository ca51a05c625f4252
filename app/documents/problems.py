"""The catalogue of problems, from the tree of refusals and the specification."""

from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from itertools import groupby
from typing import Any

from app.documents.field_codes import field_codes
from app.errors import CampusError, every_refusal
from app.problems import MEDIA_TYPE

_MANY = 12
"""More operations than these are counted by tag, not listed."""
_HEAD = """# Problems

Every refusal is an `application/problem+json` document (RFC 9457). Decide by `code`; show `detail` to people, who get it in their language. This page is
written from the code (`make docs`); a running service says the same at `/problems`, and each `type` leads to `/problems/{code, with dashes}`.

[`apps.md`](apps.md) says how an app deals with them, and the last table here what the codes of single fields mean.
"""
_FIELDS = """
## Codes of fields

`errors` of a problem names each field by a JSON pointer and one of these codes. `detail` says it in the reader's language; the names in braces are members of `params`.

| code | says |
| --- | --- |
"""


def catalogue(specification: dict[str, Any]) -> str:
    """The whole page, by status and then by code."""
    places = _places(specification)
    of_all = sum(len(methods) for methods in specification["paths"].values())
    kinds = sorted(every_refusal(), key=lambda kind: (kind.status, kind.code))
    page = [_HEAD]
    for status, group in groupby(kinds, key=lambda kind: kind.status):
        page.append(f"\n## {status} {HTTPStatus(status).phrase}\n")
        page += [_entry(kind, _where(places.get(kind.code, []), of_all)) for kind in group]
    page.append(_FIELDS)
    page += [f"| `{code}` | {' / '.join(sentences)} |\n" for code, sentences in field_codes().items()]
    return "".join(page)


def _entry(kind: type[CampusError], where: str) -> str:
    says = kind.detail if kind.detail.startswith(kind.title) else f"{kind.title}. {kind.detail}"
    next_step = f"  \n*Next step:* `{kind.next_step}`" if kind.next_step else ""
    return f"\n### `{kind.code}`\n\n{says}\n\n*What to do:* {kind.remedy}{next_step}  \n*Where:* {where}\n"


def _where(places: list[tuple[str, str]], of_all: int) -> str:
    if not places:
        return "an address or a method that the specification does not have"
    if len(places) == of_all:
        return "every operation"
    if len(places) > _MANY:
        counts = Counter(tag for tag, _ in places)
        return "operations of " + ", ".join(f"{tag} ({count})" for tag, count in counts.items())
    return ", ".join(f"`{operation}`" for _, operation in places)


def _places(specification: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """For each code the tag and the name of every operation that may answer it."""
    places: dict[str, list[tuple[str, str]]] = {}
    for path, methods in specification["paths"].items():
        for method, operation in methods.items():
            for code in _codes(operation):
                places.setdefault(code, []).append((operation["tags"][0], f"{method.upper()} {path}"))
    return places


def _codes(operation: dict[str, Any]) -> Iterator[str]:
    for answer in operation["responses"].values():
        yield from answer.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})
