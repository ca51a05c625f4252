"""The office's page, held to the code."""

import re
from pathlib import Path

import pytest

from app.services.roster.codes import FaultCode, WarningCode
from app.services.roster.layout import DEMOGRAPHICS, ORGS, ROLES, USERS_1_1, USERS_1_2, Layout

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "roster.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, re.MULTILINE))


def test_every_code_stands_there_with_its_advice_and_no_other() -> None:
    assert {code.value: code.advice for code in (*FaultCode, *WarningCode)} == ROWS


@pytest.mark.parametrize("layout", [ORGS, USERS_1_1, USERS_1_2, ROLES, DEMOGRAPHICS])
def test_every_column_that_is_read_stands_there(layout: Layout) -> None:
    columns = (*layout.filled, *layout.optional, *layout.metadata)
    assert [column for column in columns if f"`{column}`" not in PAGE] == []
