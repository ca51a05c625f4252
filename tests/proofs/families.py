"""Which tests belong to which family, and on which engines they run; read off their source, without importing anything."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
FAMILIES = tuple(f"D{number}" for number in range(1, 39))
BOTH = frozenset({"sqlite", "postgresql"})
_ONLY = {"sqlite_only": frozenset({"sqlite"}), "postgresql_only": frozenset({"postgresql"})}
_NAME = re.compile(r"test((?:_d\d+)+)_[a-z]")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class NamedTest:
    node_id: str
    """`tests/api/test_refresh.py::test_d3_...`, as pytest takes it."""
    engines: frozenset[str]
    """Empty where no database takes part."""

    @property
    def families(self) -> frozenset[str]:
        found = _NAME.match(self.node_id.partition("::")[2])
        return frozenset(found[1].upper().split("_")[1:]) if found else frozenset()


@cache
def every_test() -> dict[str, NamedTest]:
    """By their ids."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(TESTS.rglob("*.py"))}
    fixtures = defaultdict[str, set[str]](set)
    for node in (node for tree in trees.values() for node in tree.body):
        if isinstance(node, Function) and any("fixture" in _words(mark) for mark in node.decorator_list):
            fixtures[node.name] |= _arguments(node)  # of all that have this name
    found = (test for path, tree in trees.items() for test in _tests_of(path, tree, fixtures))
    return {test.node_id: test for test in found}


def _tests_of(path: Path, tree: ast.Module, fixtures: Mapping[str, set[str]]) -> Iterator[NamedTest]:
    if not path.name.startswith("test_"):
        return
    of_all = {
        word
        for node in tree.body
        if isinstance(node, ast.Assign) and "pytestmark" in _words(node)
        for word in _words(node)
    }
    for node in tree.body:
        if isinstance(node, Function) and node.name.startswith("test_"):
            marks = of_all.union(*map(_words, node.decorator_list))
            chosen = next((engines for mark, engines in _ONLY.items() if mark in marks), BOTH)
            touches_data = "database_url" in _with_all_that_they_want(_arguments(node), fixtures)
            node_id = f"{path.relative_to(ROOT).as_posix()}::{node.name}"
            yield NamedTest(node_id, chosen if touches_data else frozenset())


def _with_all_that_they_want(names: set[str], fixtures: Mapping[str, set[str]]) -> set[str]:
    known, new = set[str](), names
    while new:
        known |= new
        new = {wanted for name in new for wanted in fixtures.get(name, ())} - known
    return known


def _arguments(node: Function) -> set[str]:
    return {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}


def _words(node: ast.AST) -> set[str]:
    """Every name in an expression, and its parts."""
    named = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return named | {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
