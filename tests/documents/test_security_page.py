"""The page for those who look for a weakness: its lists of doors, of mechanisms and of data are whole."""

import ast
import re
from collections.abc import Iterator
from typing import Any

from app.models import Base
from tests.documents.blocks import ROOT, specification

PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
MECHANISMS = {"argon2", "bcrypt", "cryptography", "hashlib", "hmac", "jose", "nacl", "passlib", "secrets"}


def test_every_way_into_an_account_is_listed() -> None:
    """Whatever answers with a session, or takes a new password."""
    listed = re.findall(r"^\| `([A-Z]+ /\S+)` \|", section("Ways into an account"), re.MULTILINE)
    assert sorted(listed) == sorted(ways_in(specification()))


def ways_in(document: dict[str, Any]) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answers = str({status: answer for status, answer in operation["responses"].items() if status < "300"})
            taken = re.findall(r"schemas/(\w+)", str(operation.get("requestBody", "")))
            fields = {name for kind in taken for name in document["components"]["schemas"][kind]["properties"]}
            if "schemas/SessionAnswer'" in answers or "password_confirm" in fields:
                yield f"{method.upper()} {path}"


def test_every_module_that_computes_with_secrets_is_listed() -> None:
    listed = set(re.findall(r"`(app/[\w/]+\.py)`", section("Cryptography")))
    assert listed == {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "app").rglob("*.py")
        if imported_by(ast.parse(path.read_text(encoding="utf-8"))) & MECHANISMS
    }


def imported_by(tree: ast.Module) -> set[str]:
    """Top-level packages."""
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    return {module.partition(".")[0] for module in modules}


def test_every_table_has_one_class_of_data() -> None:
    tables = [row.rsplit("|", 2)[1] for row in section("Classes of data").splitlines() if row.startswith("| ")]
    assert sorted(re.findall(r"`(\w+)`", "".join(tables))) == sorted(Base.metadata.tables)


def section(title: str) -> str:
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]
