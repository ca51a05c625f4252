"""What many exports get wrong and an import forgives, with one counted warning for each file, column and code."""

import pytest

from tests.roster.office import Office, faults, warnings
from tests.roster.packages import Package
from tests.support.engines import sqlite_only

pytestmark = sqlite_only  # nothing here depends on the engine


@pytest.fixture
def family(package_1_1: Package) -> Package:
    """Written out, without any warning."""
    package_1_1.student("ana", agents="maria").adult("maria")
    package_1_1.write()
    return package_1_1


async def test_a_clean_package_has_no_warning(office: Office, family: Package) -> None:
    assert warnings(await office.accept(family.folder)) == {}


async def test_a_byte_order_mark(office: Office, family: Package) -> None:
    for name in ("manifest.csv", "users.csv"):
        family.write_file(name, b"\xef\xbb\xbf" + (family.folder / name).read_bytes())

    report = await office.accept(family.folder)

    assert [(warned.file, warned.row, warned.code.value) for warned in report.warnings] == [
        ("manifest.csv", 1, "byte_order_mark"),
        ("users.csv", 1, "byte_order_mark"),
    ]


async def test_either_line_end_and_none_at_the_end_of_the_file(office: Office, family: Package) -> None:
    for name in ("manifest.csv", "orgs.csv", "users.csv"):
        family.edit(name, "\r\n", "\n")
    family.write_file("users.csv", (family.folder / "users.csv").read_bytes().rstrip())

    assert warnings(await office.accept(family.folder)) == {}


async def test_capitals_of_a_spreadsheet_program(office: Office, family: Package) -> None:
    report = await office.accept(family.edit("users.csv", ",true,", ",TRUE,").folder)

    assert [(w.file, w.row, w.column, w.code.value, w.count) for w in report.warnings] == [
        ("users.csv", 2, "enabledUser", "not_lower_case", 2)
    ]
    assert (await office.people())["ana"].enabled is True


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        ("2026-08-20T12:00:00.000Z", {}),
        ("2017-05-06 08:01:05", {"loose_moment": 1}),
        ("2017-05-06", {"bare_date": 1}),
    ],
)
async def test_lifecycle_columns_filled_in_bulk(
    office: Office, package_1_1: Package, moment: str, code: dict[str, int]
) -> None:
    package_1_1.student("ana", status="active", dateLastModified=moment)

    found = warnings(await office.accept(package_1_1.write()))

    assert found.pop("lifecycle_in_bulk") == 2
    assert found == code


@pytest.mark.parametrize("status", ["tobedeleted", "inactive"])
async def test_rows_marked_as_deleted_count_as_not_sent(office: Office, package_1_1: Package, status: str) -> None:
    package_1_1.student("ana", agents="maria").adult("maria", status=status, agents="ana")

    report = await office.accept(package_1_1.write())

    assert set(await office.people()) == {"ana"}
    assert warnings(report) == {"lifecycle_in_bulk": 1, "marked_deleted": 1}


async def test_columns_in_another_order_and_columns_of_ones_own(office: Office, family: Package) -> None:
    lines = (family.folder / "orgs.csv").read_text().splitlines()
    turned = [",".join(reversed(line.split(","))) + ",x" for line in lines]
    family.write_file("orgs.csv", "\n".join(turned).replace(",x", ",county,metadata.ncesId", 1).replace(",x", ",x,y"))

    report = await office.accept(family.folder)

    assert warnings(report) == {"columns_out_of_order": 1, "extra_column": 1}
    assert (await office.schools())["school"].name == "Grand Bend High School"


async def test_columns_that_nobody_needs_may_be_missing(office: Office, family: Package) -> None:
    family.edit("orgs.csv", ",parentSourcedId\r\n", "\r\n").edit("orgs.csv", ",\r\n", "\r\n")

    report = await office.accept(family.folder)

    assert [(w.file, w.column, w.code.value) for w in report.warnings] == [
        ("orgs.csv", "parentSourcedId", "missing_optional_column")
    ]


async def test_blank_lines(office: Office, family: Package) -> None:
    family.write_file("orgs.csv", (family.folder / "orgs.csv").read_text() + ",,,,,,\r\n\r\n")

    assert warnings(await office.accept(family.folder)) == {"blank_line": 2}


async def test_a_manifest_that_forgets_a_file_or_says_more(office: Office, family: Package) -> None:
    family.edit("manifest.csv", "file.lineItems,absent\r\n", "source.note,hello\r\nsource.systemName,SIS\r\n")

    report = await office.accept(family.folder)

    assert warnings(report) == {"undeclared_file": 1, "unknown_property": 1}


async def test_files_of_others_and_folders_beside_them(office: Office, family: Package) -> None:
    family.write_file("LICENSE.txt", "free")
    family.write_file("guardianData.csv", "of another system")
    (family.folder / "old").mkdir()

    assert warnings(await office.accept(family.folder)) == {"other_file_ignored": 2, "unknown_file": 1}


async def test_files_that_a_portal_does_not_need_are_not_read(office: Office, family: Package) -> None:
    family.write_file("classes.csv", b"\xff\x00 nothing that could be read")
    family.edit("manifest.csv", "file.classes,absent", "file.classes,bulk")

    assert warnings(await office.accept(family.folder)) == {}


async def test_a_package_that_sends_nothing_changes_nothing(office: Office, family: Package) -> None:
    await office.accept(family.folder)
    for file in family.folder.glob("*.csv"):
        file.unlink()
    family.write_file("manifest.csv", family.manifest().replace(",bulk", ",absent"))

    report = await office.accept(family.folder)

    assert (report.changes, warnings(report)) == (0, {"nothing_to_read": 1})


async def test_demographics_may_be_absent(office: Office, family: Package) -> None:
    (family.folder / "demographics.csv").unlink()
    family.edit("manifest.csv", "file.demographics,bulk", "file.demographics,absent")

    report = await office.accept(family.folder)

    assert warnings(report) == {"student_without_birth_date": 1}


async def test_quoted_fields_with_commas_quotes_and_accents(office: Office, family: Package) -> None:
    family.edit("users.csv", "Ana,Lopez", '"Zoë ""Zo""","Núñez, Jr."')

    await office.accept(family.folder)

    ana = (await office.people())["ana"]
    assert (ana.first_name, ana.last_name) == ('Zoë "Zo"', "Núñez, Jr.")


async def test_a_warning_is_one_line_however_often_it_is_due(office: Office, package_1_1: Package) -> None:
    for number in range(50):
        package_1_1.student(f"student-{number}", status="active")

    report = await office.accept(package_1_1.write())

    assert [(w.row, w.column, w.count) for w in report.warnings] == [(2, "status", 50)]
    assert faults(report) == []
