"""Rosters made by others, where their folder lies beside the checkout. The stories with packages of our own need none of them."""

from pathlib import Path

import pytest

from tests.roster.office import Office, warnings

SETS = Path(__file__).resolve().parents[3] / "shared" / "data" / "oneroster"


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
