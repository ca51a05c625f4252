"""Rosters made by others, where their folder lies beside the checkout. The stories with packages of our own need none of them."""

from pathlib import Path

import pytest

from tests.roster.office import NOTHING, Office, faults, warnings
from tests.support.engines import sqlite_only

SETS = Path(__file__).resolve().parents[3] / "shared" / "data" / "oneroster"
LONGSIGHT = SETS / "longsight-v1.2-conformance"
# What is wrong in each package of the conformance sets, of those that are about files which a portal reads.
LONGSIGHT_FAULTS = {
    "invalid-csv-quote-failure": ("users.csv", 2, None, "broken_quoting"),
    "invalid-delta-lifecycle-datetime-failure": ("manifest.csv", 24, "value", "delta_not_supported"),
    "invalid-delta-lifecycle-required-failure": ("manifest.csv", 24, "value", "delta_not_supported"),
    "invalid-duplicate-sourcedid-failure": ("users.csv", 3, "sourcedId", "duplicate_sourced_id"),
    "invalid-field-parser-failures": ("users.csv", 2, "enabledUser", "bad_boolean"),
    "invalid-invalid-manifest-header": ("manifest.csv", 1, None, "bad_header"),
    "invalid-manifest-marks-present-file-absent": ("users.csv", None, None, "absent_file_present"),
    "invalid-manifest-marks-supplied-file-missing": ("users.csv", None, None, "declared_file_missing"),
    "invalid-unknown-zip-entry": ("extra.csv", None, None, "unknown_file"),
    "valid-rostering-delta-package": ("manifest.csv", 24, "value", "delta_not_supported"),
}


def present(*names: str) -> list[str]:
    return [name for name in names if (SETS / name).is_dir()]


@pytest.mark.parametrize("name", present("edfi-grandbend-v1.1", "edfi-grandbend-v1.2"))
async def test_grand_bend_comes_in_whole_and_only_once(office: Office, name: str) -> None:
    report = await office.accept(SETS / name)

    assert report.created == {"schools": 3, "students": 960, "guardians": 1873, "staff": 62, "relationships": 1872}
    students = [person for person in (await office.people()).values() if person.is_student]
    assert all(student.student_number and student.birth_date for student in students)
    assert all(link.portal for link in (await office.relationships()).values())
    assert (await office.accept(SETS / name)).changes == 0


@pytest.mark.parametrize(
    "names", [tuple(present("edfi-grandbend-v1.1", "edfi-grandbend-v1.2"))] if SETS.is_dir() else []
)
async def test_grand_bend_is_the_same_in_both_versions(office: Office, names: tuple[str, ...]) -> None:
    reports = [await office.accept(SETS / name) for name in names]

    assert [report.changes == 0 for report in reports] == [False, True]


@pytest.mark.parametrize("name", present("generated-v1.1-district-small", "generated-v1.1-district-medium"))
async def test_a_bulk_with_filled_lifecycle_columns_comes_in_with_warnings(office: Office, name: str) -> None:
    report = await office.accept(SETS / name)

    assert warnings(report)["lifecycle_in_bulk"] > 100
    assert report.created["guardians"] == 0
    assert report.created["students"] > 100
    assert (await office.accept(SETS / name)).changes == 0


@sqlite_only
@pytest.mark.parametrize("name", [name for name in LONGSIGHT_FAULTS if (LONGSIGHT / name).is_dir()])
async def test_each_invalid_package_is_refused_for_its_fault(office: Office, name: str) -> None:
    report = await office.roster(LONGSIGHT / name)

    assert LONGSIGHT_FAULTS[name] in faults(report)
    assert report.created == NOTHING


@sqlite_only
@pytest.mark.parametrize(
    "name",
    [
        name
        for name in ("valid-rostering-bulk-package", "valid-full-bulk-package", "invalid-semantic-validation-failure")
        if (LONGSIGHT / name).is_dir()
    ],
)
async def test_valid_packages_and_faults_of_grade_books_come_in(office: Office, name: str) -> None:
    report = await office.accept(LONGSIGHT / name)

    assert (report.created["schools"], report.created["staff"]) == (1, 2)
