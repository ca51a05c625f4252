"""The office's page, held to the code."""

import re
from pathlib import Path

import pytest

from app.services.roster.codes import FORBIDDEN, FaultCode, WarningCode
from app.services.roster.layout import DEMOGRAPHICS, ORGS, ROLES, USERS_1_1, USERS_1_2, Layout

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "roster.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \|(?: (fault)? ?\|)? (.*) \|$", PAGE, re.MULTILINE)


def test_every_code_stands_there_with_its_advice_and_no_other() -> None:
    assert {code.value: code.advice for code in (*FaultCode, *WarningCode)} == {
        code: advice for code, _, advice in ROWS
    }


def test_what_the_standard_forbids_is_marked() -> None:
    assert {code.value for code in FORBIDDEN} == {code for code, mark, _ in ROWS if mark}


@pytest.mark.parametrize("layout", [ORGS, USERS_1_1, USERS_1_2, ROLES, DEMOGRAPHICS])
def test_every_column_that_is_read_stands_there(layout: Layout) -> None:
    columns = (*layout.filled, *layout.optional, *layout.metadata)
    assert [column for column in columns if f"`{column}`" not in PAGE] == []
