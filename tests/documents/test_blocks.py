"""Every block of code in a document is run by a test, or says why it cannot be; what a document leads to is there."""

import ast
import re
from pathlib import Path

import pytest

from app.documents import PROBLEMS, outdated
from app.settings import PREFIX, Settings
from tests.documents.blocks import DOCUMENTS, NOT_RUN, ROOT, blocks, specification

PICTURE, DIAGRAM = "", "mermaid"
OPERATION = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/[\w./{}-]*)")
NOT_IN_THE_SPECIFICATION = {"/metrics"}


def test_every_block_is_run_or_says_why_not() -> None:
    programs = [each for each in blocks() if each.language not in {PICTURE, DIAGRAM}]
    assert [each.place for each in programs if not each.name and not NOT_RUN.fullmatch(each.mark)] == []


def test_every_block_that_is_to_be_run_is_taken_by_a_test_and_by_one_name() -> None:
    names = [each.name for each in blocks() if each.name]
    assert sorted(names) == sorted(set(names))
    assert set(names) == {name for file in (ROOT / "tests").rglob("test_*.py") for name in names_taken_in(file)}


def test_what_the_code_writes_into_documents_is_what_it_says_today() -> None:
    assert [file.name for file, _ in outdated()] == []


def test_the_catalogue_of_problems_knows_every_code_of_a_field() -> None:
    """Also those that a rule writes in another way than the catalogue looks for."""
    raised = {
        code
        for file in (ROOT / "app").rglob("*.py")
        for code in re.findall(r'FieldError\([^,()]+, "(\w+)"', file.read_text(encoding="utf-8"))
    }
    table = PROBLEMS.read_text(encoding="utf-8").split("## Codes of fields")[1]
    assert raised - set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_what_a_document_leads_to_is_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert [link for link in links if not leads_somewhere(document, link)] == []


def test_every_operation_and_every_setting_that_is_named_is_there() -> None:
    known = {(method.upper(), path) for path, methods in specification()["paths"].items() for method in methods}
    settings = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for document in (each for each in DOCUMENTS if each.name != "CHANGELOG.md"):  # which names what was
        text = document.read_text(encoding="utf-8")
        named = {(method, path.rstrip(".")) for method, path in OPERATION.findall(text)}
        assert {each for each in named if not is_known(each, known)} == set(), document.name
        variables = set(re.findall(rf"\b{PREFIX}[A-Z_]+[A-Z]\b", text))
        assert {name for name in variables if name.removesuffix("_FILE") not in settings} == set(), document.name


def names_taken_in(file: Path) -> set[str]:
    """The constants of `block("...")` calls."""
    source = file.read_text(encoding="utf-8")
    tree = ast.parse(source if "block(" in source else "")
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {
        str(call.args[0].value)
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "block" and isinstance(call.args[0], ast.Constant)
    }


def leads_somewhere(document: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = document.parent / path if path else document
    if not target.exists() or not anchor:
        return target.exists()
    headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
    return anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_known(named: tuple[str, str], known: set[tuple[str, str]]) -> bool:
    """`{id}` may stand for any parameter."""
    method, path = named
    if path in NOT_IN_THE_SPECIFICATION:
        return True
    pattern = re.sub(r"\\\{\w+\\\}", r"\\{\\w+\\}", re.escape(path))
    return any(method == other and re.fullmatch(pattern, known_path) for other, known_path in known)
