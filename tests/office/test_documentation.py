"""The page for the office says what the code says."""

import re
from pathlib import Path

from app.main import create_app
from app.services.office.account_diagnosis import REASONS
from app.settings import Settings

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "office.md").read_text(encoding="utf-8")


def rows() -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")]


def test_it_says_for_whom_every_operation_of_the_office_is() -> None:
    written = {row[0].strip("`"): (row[1], row[2] == "yes") for row in rows() if re.match(r"`[A-Z]+ /", row[0])}
    paths = create_app(Settings()).openapi()["paths"]
    stated = {
        f"{method.upper()} {path}": (operation["x-staff-roles"][-1], operation["x-step-up"])
        for path, methods in paths.items()
        for method, operation in methods.items()
        if operation["tags"] == ["Office"]
    }
    assert written == stated


def test_it_explains_every_reason_for_which_somebody_cannot_get_in() -> None:
    explained = [row[0].strip("`") for row in rows() if re.fullmatch(r"`[a-z_]+`", row[0])]
    assert explained == list(REASONS)
