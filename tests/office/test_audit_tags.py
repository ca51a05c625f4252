"""Every tag in the code has the form of a tag; found by reading the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from app.services.activity import KINDS

APP = Path(__file__).resolve().parent.parent.parent / "app"
SOURCES = {"api", "office", "operator", "worker"}
PART = re.compile(r"[a-z_]+")
FILLED_IN = "*"
"""What is not known before the code runs."""


class Written(NamedTuple):
    """A place where the trail is written, or where a function is asked to write it."""

    file: str
    by: str
    """`audit` takes a whole tag, a clerk puts the source before it, and `_record` and `record_links` say what they do."""
    words: list[str]


def places() -> Iterator[Written]:
    for file in sorted(APP.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=asked, attr="record"), args=[_, what, *_]):
                    by = "audit" if ast.unparse(asked) == "audit" else "clerk"
                    yield Written(file.name, by, texts(what))
                case ast.Call(
                    func=ast.Attribute(attr="_record") | ast.Name(id="_record" | "record_links" | "record_own"),
                    args=given,
                ):
                    yield Written(file.name, "_record", [text for each in given for text in texts(each)])


def texts(node: ast.expr) -> list[str]:
    """What the expression may be, as far as it stands in the code."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=one, orelse=other):
            return [*texts(one), *texts(other)]
        case ast.JoinedStr(values=parts):
            return ["".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in parts)]
        case _:
            return ["*"]


def test_every_tag_reads_source_subject_action() -> None:
    found = [(place, word.split(":")) for place in places() for word in place.words if word != FILLED_IN]
    assert len(found) > len(KINDS), "the search finds what there is"
    for place, parts in found:
        assert all(part == FILLED_IN or PART.fullmatch(part) for part in parts), place
        if place.by == "clerk":
            assert len(parts) == 2, place
            assert parts[0] not in SOURCES, place
        elif len(parts) == 3 or place.by == "audit":
            assert parts[0] in {*SOURCES, FILLED_IN}, place
            assert len(parts) == 3 or parts[-1] == FILLED_IN, place


def test_what_an_owner_sees_of_the_trail_is_written_somewhere() -> None:
    """A kind of `/me/activity` whose tag nothing writes would never be seen."""
    words = {word for place in places() for word in place.words}
    for tag in KINDS:
        _, what = tag.split(":", 1)
        assert {tag, what, what.partition(":")[2]} & words, tag
