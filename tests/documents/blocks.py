"""The blocks of code in the documents, and who runs them.

The line before a block says it: `<!-- run: name -->`, where a test takes the block by that name, or `<!-- not run by the tests: why -->`.
Diagrams are read by `test_diagrams.py`; a fence without a language is a picture.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from app import documents

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/*.md")])
RUN = re.compile(r"<!-- run: (.+) -->")
NOT_RUN = re.compile(r"<!-- not run by the tests: .+ -->")


class Block(NamedTuple):
    place: str
    """Such as `docs/apps.md:12`."""
    language: str
    mark: str
    """The line before it."""
    text: str

    @property
    def name(self) -> str | None:
        found = RUN.fullmatch(self.mark)
        return found and found[1]


def block(name: str) -> str:
    """The text of the one block that is to be run under this name."""
    (found,) = (each.text for each in blocks() if each.name == name)
    return found


@cache
def blocks() -> list[Block]:
    return [each for document in DOCUMENTS for each in blocks_of(document)]


@cache
def specification() -> dict[str, Any]:
    """Making it takes a second."""
    return documents.specification()


def blocks_of(document: Path) -> Iterator[Block]:
    lines = document.read_text(encoding="utf-8").splitlines()
    begin: int | None = None
    for number, line in enumerate(lines):
        if not line.lstrip().startswith("```"):
            continue
        if begin is None:
            begin = number
            continue
        language = lines[begin].strip().removeprefix("```")
        text = "\n".join(lines[begin + 1 : number]) + "\n"
        yield Block(f"{document.relative_to(ROOT)}:{begin + 1}", language, lines[begin - 1].strip(), text)
        begin = None
    assert begin is None, f"{document.name}: a block has no end"
