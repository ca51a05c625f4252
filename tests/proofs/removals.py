"""How protections are taken out: the tables in `removals/`, and what it takes to apply one to a copy of the tree."""

import ast
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.proofs.families import ROOT

TABLES = Path(__file__).with_name("removals")


class DoesNotApply(Exception):
    """The text that is to be replaced stands in its file not at all, or more than once."""


@dataclass(frozen=True)
class Edit:
    file: str
    text: str
    instead: str

    def applied_to(self, source: str) -> str:
        """Raises DoesNotApply, or SyntaxError where the result is no Python."""
        if source.count(self.text) != 1:
            raise DoesNotApply(f"{self.file}: {source.count(self.text)} times: {self.text.strip()}")
        edited = source.replace(self.text, self.instead)
        ast.parse(edited, self.file)
        return edited


@dataclass(frozen=True)
class Removal:
    family: str
    what: str
    """What is taken out, or what stands in its place."""
    tests: tuple[str, ...]
    """At least one of them must fail then, on each engine that it runs on unless `engine` names the only one that can notice."""
    edits: tuple[Edit, ...]
    engine: str | None = None

    def edited_files(self, tree: Path) -> dict[str, str]:
        """The new text of each file; `tree` is left as it is."""
        texts: dict[str, str] = {}
        for edit in self.edits:
            source = texts.get(edit.file) or (tree / edit.file).read_text(encoding="utf-8")
            texts[edit.file] = edit.applied_to(source)
        return texts

    def apply(self, tree: Path) -> None:
        for file, text in self.edited_files(tree).items():
            (tree / file).write_text(text, encoding="utf-8")

    def take_back(self, tree: Path) -> None:
        """Times of files, too: compiled files are recognised by them."""
        for edit in self.edits:
            shutil.copy2(ROOT / edit.file, tree / edit.file)


def every_removal() -> Iterator[Removal]:
    """In the order of the families."""
    rows = [
        row for table in TABLES.glob("*.toml") for row in tomllib.loads(table.read_text(encoding="utf-8"))["removal"]
    ]
    yield from sorted(map(_removal, rows), key=lambda removal: int(removal.family[1:]))


def _removal(row: dict[str, Any]) -> Removal:
    """TOML's texts in three quotes begin after the first line break and keep the last one."""
    edits = tuple(Edit(edit["file"], edit["text"], edit["instead"]) for edit in row["edits"])
    return Removal(row["family"], row["what"], tuple(row["tests"]), edits, row.get("engine"))
