"""Households from the student information system: all of a file or nothing, and each fault with its place."""

from pathlib import Path
from typing import Any

import pytest

from app.portals import Portal
from app.services.office.household_import import HOUSEHOLDS_AT_ONCE
from tests.support.engines import sqlite_only
from tests.support.office import Office

HEADER = "household_id,person_id,street,city,state,postal_code,phones,emails"
OAK = "12 Oak Lane,Jefferson,GA,30549,706-555-0134; 706-555-0135,maria@home.example"


def write(path: Path, *lines: str) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


async def imported(office: Office, path: Path, *rows: str, header: str = HEADER, **options: Any) -> dict[str, Any]:
    write(path, header, *rows)
    return (await office.campus.household_import.run(office.operator, path, **options)).as_json()


def counted(report: dict[str, Any]) -> tuple[int, int, int]:
    assert report["errors"] == []
    return report["created"], report["changed"], report["unchanged"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "households.csv"


async def test_a_file_of_households_is_what_guardians_see(office: Office, path: Path) -> None:
    ana, ben = await office.student("Ana Lopez"), await office.student("Ben Lopez")
    maria = await office.user(await office.guardian("Maria Lopez", [ana, ben]), Portal.PARENT)
    assert (await maria.activate()).status_code == 201
    rows = [f"h1,{maria.person_id},{OAK}", f"h1,{ana},,,,,,", f"h1,{ben},{OAK}"]
    assert counted(await imported(office, path, *rows, dry_run=True)) == (1, 0, 0)
    assert (await maria.ask("GET", "/me/household")).json()["items"] == []
    assert counted(await imported(office, path, *rows)) == (1, 0, 0)
    (home,) = (await maria.ask("GET", "/me/household")).json()["items"]
    assert home["address"] == {"street": "12 Oak Lane", "city": "Jefferson", "state": "GA", "postal_code": "30549"}
    assert home["phones"] == ["706-555-0134", "706-555-0135"]
    assert [student["first_name"] for student in home["students"]] == ["Ana", "Ben"]
    assert counted(await imported(office, path, *rows)) == (0, 0, 1)
    rows = [f"h2,{ben},,,,,404-555-0199,", f"h1,{maria.person_id},{OAK.replace('12', '14')}", f"h1,{ana},,,,,,"]
    assert counted(await imported(office, path, *rows)) == (1, 1, 0)
    (home,) = (await maria.ask("GET", "/me/household")).json()["items"]
    assert (home["version"], home["address"]["street"], len(home["students"])) == (2, "14 Oak Lane", 1)
    many = [f"n{number},{ana},,,,,404-555-0100," for number in range(HOUSEHOLDS_AT_ONCE + 1)]
    assert counted(await imported(office, path, *many)) == (HOUSEHOLDS_AT_ONCE + 1, 0, 0)


@sqlite_only
async def test_faults_are_told_and_nothing_is_written(office: Office, path: Path) -> None:
    ana = await office.student("Ana Lopez")
    rows = [
        f"h1,{ana},12 Oak Lane,Jefferson,Georgia,30549,,",
        f"h2,{ana},12 Oak Lane,,GA,30549,,",
        "h3,nobody,,,,,,",
        f"h4,{ana},,,,,call me,",
        f"h4,{ana},,,,,404-555-0100,",
        f"h1,{ana},,,,,,",
        f",{ana},,,,,,",
        f"h5,{ana},,,,,,",
    ]
    report = await imported(office, path, *rows)
    assert [(fault["row"], fault["column"], fault["code"]) for fault in report["errors"]] == [
        (2, "state", "bad_household_value"),
        (3, "city", "bad_household_value"),
        (4, "person_id", "person_not_found"),
        (5, "phones", "bad_household_value"),
        (6, "phones", "household_differs"),
        (7, "household_id", "household_apart"),
        (8, "household_id", "required_value_missing"),
    ]
    assert (await office.campus.household_desk.page(office.operator)).items == []
    for header, faults in {
        "person_id,street": [(1, "household_id", "missing_column")],
        "household_id,person_id,city,city": [(1, "city", "duplicate_column")],
        HEADER: [(None, None, "no_rows")],
    }.items():
        report = await imported(office, path, header=header)
        assert [(fault["row"], fault["column"], fault["code"]) for fault in report["errors"]][:1] == faults
