"""Papers that the code writes itself: settings, languages, problems, what shows each row of ASVS, the Postman collection."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.documents.asvs import asvs_page
from app.documents.languages import languages_table
from app.documents.postman import collection
from app.documents.problems import catalogue
from app.documents.settings import settings_table
from app.main import create_app
from app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
POSTMAN = ROOT / "examples" / "postman" / "campus-accounts.postman_collection.json"
PROBLEMS = ROOT / "docs" / "problems.md"
OPERATIONS = ROOT / "docs" / "operations.md"
ASVS = ROOT / "docs" / "asvs.md"
LANGUAGES = ROOT / "docs" / "languages.md"
FRONT_END = ROOT / "examples" / "spa" / "src" / "words"


def specification() -> dict[str, Any]:
    """As the code has it today; what operations share stands in each of them, only schemas are still referred to."""
    document = create_app(Settings()).openapi()
    return {**document, "paths": _spelled_out(document["paths"], document["components"])}


def papers() -> Iterator[tuple[Path, str]]:
    """Every file that is written, whole or in part, from the code: where it lies, and its text as it should be."""
    document = specification()
    yield PROBLEMS, catalogue(document)
    yield POSTMAN, json.dumps(collection(document), indent=1, ensure_ascii=False) + "\n"
    yield ASVS, asvs_page(ASVS.with_suffix(".tsv"))
    yield OPERATIONS, _with_table(OPERATIONS, "settings", settings_table())
    yield LANGUAGES, _with_table(LANGUAGES, "languages", languages_table(FRONT_END))


def outdated() -> list[tuple[Path, str]]:
    """Those that differ from the code."""
    return [(file, text) for file, text in papers() if not file.exists() or file.read_text(encoding="utf-8") != text]


def _spelled_out(node: Any, components: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_spelled_out(member, components) for member in node]
    if not isinstance(node, dict):
        return node
    _, _, kind, *name = str(node.get("$ref", "#//")).split("/")
    if name and kind != "schemas":
        return _spelled_out(components[kind][name[0]], components)
    return {key: _spelled_out(member, components) for key, member in node.items()}


def _with_table(page: Path, subject: str, table: str) -> str:
    begin, end = f"<!-- {subject}, written by make docs -->\n", f"<!-- end of {subject} -->\n"
    before, rest = page.read_text(encoding="utf-8").split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}{table}{end}{after}"
