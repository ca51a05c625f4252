"""Requests that no app of ours sends: every field of every operation of the office, with what does not belong there."""

import base64
import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tests.office.requests import REQUESTS, SPECIFICATION, Family, Operation, Request

WORDS = (
    *("", " ", "%", "_", "\\", "%%_\\", "*", "'", "' OR 1=1 --", '"; DROP TABLE accounts; --', "$1", "{0}", "%s", "\0"),
    *(
        "null",
        "true",
        "0",
        "-1",
        "1e999",
        "NaN",
        "9" * 400,
        "a" * 300,
        "ü💥\u202e",
        "\ufb01",
        "x\r\nSet-Cookie: a=b",
        "../..",
    ),
)
"""As text in a query, a path or a body."""
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**63,
    10**300,
    1e308,
    [],
    [[]],
    {},
    {"$ne": None},
    ["x"] * 300,
    "x" * 20_000,
    *WORDS,
    "\ud800",
)
"""As values in a body."""
BODIES = (
    *(b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b'{"a": NaN}', b'{"a": 1e999}', b"[" * 3_000, b'{"a":' * 3_000),
    b'{"' + b"k" * 20_000 + b'": 1}',
)
"""In the place of a whole body."""
CURSORS = (
    *("x", "é", "%", "=", "AAAA", "W10", "bnVsbA", "\0", "a" * 1_000, "b" * 1_001),
    *(base64.urlsafe_b64encode(text.encode()).decode().rstrip("=") for text in (
        *('[NaN, "x"]', '[1e999, "x"]', '[true, "x"]', '[-9223372036854775809, "x"]', '["", ""]', '["%"]', "[[], {}]"),
        *(f'[{number}, "{"0" * 32}"]' for number in (0, -1, 2**53, 2**63, 10**18, 10**300)),
        *('["0001-01-01", "x"]', '["9999-12-31", "00000000-0000-0000-0000-000000000000"]', '["2026-08-03", ""]'),
        *('["00000000-0000-0000-0000-000000000000"]', '["\\ud800"]', '["\\u0000"]', "[" * 745, '{"a": 1}'),
    )),
)  # fmt: skip
"""In the place of `next_cursor`."""


def told_of(operation: Operation) -> Mapping[str, Any]:
    told: Mapping[str, Any] = SPECIFICATION["paths"][operation.path][operation.method.lower()]
    return told


def is_list(operation: Operation) -> bool:
    return "cursor" in _names(operation, "query")


def some_of(words: Sequence[str], number: int) -> Sequence[str]:
    """A fifth of them, another one for each number: all fields together have met all words, and it takes seconds."""
    return words[number % 5 :: 5]


def with_strange_words(operation: Operation, family: Family) -> Iterator[Request]:
    """Words in every field of path, query and header, one after the other; in what is searched for, all of them."""
    request = REQUESTS[operation.id](family)
    start = len(operation.id)
    for number, name in enumerate(_names(operation, "path"), start):
        for word in some_of(WORDS, number):
            yield replace(request, path={**request.path, name: word})
    for number, name in enumerate([*_names(operation, "query"), "unknown"], start):
        for word in WORDS if name in {"q", "tag"} else some_of(WORDS, number):
            yield replace(request, query={**request.query, name: word})
    for name in _names(operation, "header"):
        for word in WORDS:
            if word.isascii() and word.isprintable():
                yield replace(request, headers={**request.headers, name: word})


def with_strange_bodies(operation: Operation, family: Family) -> Iterator[Request]:
    """Each value in the fields of the body, in every field at least one; and bodies that are no such thing."""
    request = REQUESTS[operation.id](family)
    if request.body is None:
        return
    fields = [*_fields(_schema_of_body(operation)), ("unknown",)]
    for number in range(max(len(VALUES), len(fields))):
        place, value = fields[number % len(fields)], VALUES[number % len(VALUES)]
        yield replace(request, body=_put(request.body, place, value))
    json_body = {**request.headers, "Content-Type": "application/json"}
    for body in BODIES:
        yield replace(request, body=None, content=body, headers=json_body)


def with_words_everywhere(operation: Operation, family: Family, word: str) -> Iterator[Request]:
    """One word in every field that takes a text, alone and in all of them at once."""
    request = REQUESTS[operation.id](family)
    for name in _names(operation, "path"):
        yield replace(request, path={**request.path, name: word})
    for name in _names(operation, "query"):
        yield replace(request, query={**request.query, name: word})
    for name in _names(operation, "header"):
        yield replace(request, headers={**request.headers, name: word})
    if request.body is None:
        return
    everywhere: dict[str, Any] = dict(request.body)
    for place in _fields(_schema_of_body(operation)):
        yield replace(request, body=_put(request.body, place, word))
        everywhere = _put(everywhere, place, word)
    yield replace(request, body={**everywhere, "unknown": word})


def _names(operation: Operation, where: str) -> list[str]:
    return [each["name"] for each in told_of(operation).get("parameters", []) if each["in"] == where]


def _schema_of_body(operation: Operation) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = told_of(operation)["requestBody"]["content"]["application/json"]["schema"]
    return schema


def _fields(schema: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The places of a body's fields, those of groups within groups, too."""
    if "$ref" in schema:
        schema = SPECIFICATION["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if above:
        yield above
    for name, field in schema.get("properties", {}).items():
        yield from _fields(field, (*above, name))


def _put(body: Mapping[str, Any], place: tuple[str, ...], value: object) -> dict[str, Any]:
    changed: dict[str, Any] = copy.deepcopy(dict(body))
    group = changed
    for name in place[:-1]:
        group = group.setdefault(name, {}) if isinstance(group.get(name, {}), dict) else {}
    group[place[-1]] = value
    return changed


def as_json(body: Mapping[str, Any]) -> bytes:
    """Also of what no proper JSON can say: lone halves of characters, numbers without an end."""
    return json.dumps(body).encode()
