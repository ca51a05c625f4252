"""The table behind docs/asvs.md: every row of OWASP's standard that it has to have, and nothing in it that is not there."""

import csv
import re
from collections import Counter
from collections.abc import Iterator

from app.documents import ASVS, ROOT
from app.documents.asvs import CHAPTERS, Row, rows
from tests.proofs.families import every_test

KNOWN = list(rows(ASVS.with_suffix(".tsv")))
DESIGN = ROOT.parent / "shared" / "design" / "asvs.tsv"
"""The list that this service was built against; beside the checkout, where there is one."""
OF_LEVEL_3 = {
    "V6.3.5", "V6.3.7", "V6.3.8", "V6.4.6", "V8.3.2", "V11.2.4", "V14.2.6", "V14.2.7", "V15.4.2", "V16.5.4",
}  # fmt: skip
OF_EACH_LEVEL = {"1": 70, "2": 176, "3": len(OF_LEVEL_3)}


def test_every_row_is_there_once_and_in_order() -> None:
    places = [tuple(map(int, re.findall(r"\d+", row.id))) for row in KNOWN]
    assert places == sorted(set(places))
    assert Counter(row.level for row in KNOWN) == OF_EACH_LEVEL
    assert {row.id for row in KNOWN if row.level == "3"} == OF_LEVEL_3
    assert {row.chapter for row in KNOWN} == set(CHAPTERS)
    assert wanted() <= {row.id for row in KNOWN}


def test_no_row_is_empty() -> None:
    for row in KNOWN:
        assert row.requirement, row.id
        assert row.holds in {"yes", "partly", "no", "n/a"}, row.id
        assert row.evidence or row.holds in {"no", "n/a"}, f"{row.id}: nothing shows it"
        assert row.note or row.holds == "yes", f"{row.id}: nothing says why not"


def test_every_test_and_every_file_that_is_named_is_there() -> None:
    tests = every_test()
    named = [(row, each) for row in KNOWN for each in row.evidence]
    assert [(row.id, each) for row, each in named if "::" in each and each not in tests] == []
    assert [(row.id, each) for row, each in named if "::" not in each and not (ROOT / each).is_file()] == []
    assert [row.id for row in KNOWN if repeated(row)] == []


def wanted() -> set[str]:
    return set(_of_the_design()) if DESIGN.exists() else OF_LEVEL_3


def _of_the_design() -> Iterator[str]:
    with DESIGN.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["level"] != "3" or row["id"] in OF_LEVEL_3:
                yield row["id"]


def repeated(row: Row) -> bool:
    return len(set(row.evidence)) < len(row.evidence)
