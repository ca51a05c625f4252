"""Every fault is reported with file, row, column and code, none repeats a value, and nothing is written then."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.services.roster.package import MOST_BYTES
from tests.roster.office import Office, Places, faults
from tests.roster.packages import Package
from tests.support.engines import sqlite_only

pytestmark = sqlite_only  # nothing here depends on the engine


@pytest.fixture
def family(package_1_1: Package) -> Package:
    """Ana in row 2 of users.csv, maria in row 3; school in row 3 of orgs.csv; written out, without fault."""
    package_1_1.student("ana", agents="maria").adult("maria")
    package_1_1.write()
    return package_1_1


@pytest.fixture
def family_1_2(package_1_2: Package) -> Package:
    """The same in 1.2; ana's role is row 2 of roles.csv."""
    package_1_2.student("ana", agents="maria").adult("maria")
    package_1_2.write()
    return package_1_2


async def refused(office: Office, folder: Path) -> Places:
    """The faults, after a look that nothing was written."""
    before = await office.everything()
    report = await office.roster(folder)
    assert report.changes == 0
    assert await office.everything() == before
    return faults(report)


@dataclass(frozen=True)
class Case:
    """An edit of one file, and the fault that it makes."""

    file: str
    old: str
    new: str
    row: int | None
    column: str | None
    code: str

    def __str__(self) -> str:
        return f"{self.file}: {self.old!r} to {self.new!r}"


MANIFEST = [
    Case("manifest.csv", "propertyName", "PropertyName", 1, None, "bad_header"),
    Case("manifest.csv", "manifest.version,1.0", "manifest.version,2.0", 2, "value", "unsupported_version"),
    Case("manifest.csv", "oneroster.version,1.1", "oneroster.version,1.0", 3, "value", "unsupported_version"),
    Case("manifest.csv", "oneroster.version,1.1\r\n", "", None, "oneroster.version", "missing_property"),
    Case("manifest.csv", "file.users,bulk", "file.users,Bulk", 16, "value", "bad_mode"),
    Case("manifest.csv", "file.users,bulk", "file.users,bulk,1", 16, None, "ragged_row"),
]

TEXT = [
    Case("users.csv", "Ana", 'A"na', 2, None, "broken_quoting"),
    Case("users.csv", "Ana", '"Ana"a', 2, None, "broken_quoting"),
    Case("users.csv", "Ana", '"Ana', 2, None, "broken_quoting"),
    Case("users.csv", "Ana", '"An\r\na"', 2, None, "line_break_in_field"),
    Case("users.csv", "Ana", "An\x00a", 2, "givenName", "control_character"),
    Case("users.csv", "Ana", "An\ta", 2, "givenName", "control_character"),
    Case("users.csv", "Ana", "An\x9fa", 2, "givenName", "control_character"),
    Case("users.csv", "Ana", "An\ra", 2, "givenName", "control_character"),
    Case("users.csv", "Ana,Lopez", '"An,a",Lo\rpez', 2, None, "control_character"),
    Case("users.csv", "Ana", "Ana,", 2, None, "ragged_row"),
    Case("users.csv", "Ana,Lopez", "Ana", 2, None, "ragged_row"),
    Case("users.csv", "Ana", "A" * 140_000, 2, None, "line_too_long"),
]

HEADERS = [
    Case("users.csv", "agentSourcedIds", "agentSourceIds", 1, "agentSourcedIds", "missing_column"),
    Case("users.csv", "agentSourcedIds", "agentsourcedids", 1, "agentSourcedIds", "bad_header"),
    Case("users.csv", "middleName", "givenName", 1, "givenName", "duplicate_column"),
    Case("users.csv", "sourcedId,", "sourceID,", 1, "sourcedId", "bad_header"),
    Case("orgs.csv", "identifier", "metadata.ssn", 1, "metadata.ssn", "ssn_last4_only"),
]

VALUES = [
    Case("orgs.csv", ",school,", ",School,", 3, "type", "bad_enum"),
    Case("orgs.csv", ",school,", ",ext:academy,", 3, "type", "bad_enum"),
    Case("orgs.csv", "Grand Bend High School", "", 3, "name", "required_value_missing"),
    Case("orgs.csv", "Grand Bend High School", "x" * 256, 3, "name", "too_long"),
    Case("users.csv", "Ana", "", 2, "givenName", "required_value_missing"),
    Case("users.csv", "Ana", "   ", 2, "givenName", "required_value_missing"),
    Case("users.csv", "Ana", "x" * 256, 2, "givenName", "too_long"),
    Case("users.csv", "number-ana", "x" * 256, 2, "identifier", "too_long"),
    Case("users.csv", "number-ana", "123-45-6789", 2, "identifier", "ssn_last4_only"),
    Case("users.csv", "true,school,student", "yes,school,student", 2, "enabledUser", "bad_boolean"),
    Case("users.csv", "school,student", "school,Student", 2, "role", "bad_enum"),
    Case("users.csv", "school,student", "school,counselor", 2, "role", "bad_enum"),
    Case("users.csv", "school,student", ",student", 2, "orgSourcedIds", "required_value_missing"),
    Case("users.csv", "school,student", "nowhere,student", 2, "orgSourcedIds", "dangling_reference"),
    Case("users.csv", ",maria,,\r\n", ",nobody,,\r\n", 2, "agentSourcedIds", "dangling_reference"),
    Case("users.csv", "\r\nmaria,", "\r\nana,", 3, "sourcedId", "duplicate_sourced_id"),
    Case("users.csv", "ana,,,true", "ana,gone,,true", 2, "status", "bad_enum"),
    Case("users.csv", "ana,,,true", "ana,,1/05/2023,true", 2, "dateLastModified", "bad_datetime"),
    Case("demographics.csv", "\r\nana,", "\r\nben,", 2, "sourcedId", "dangling_reference"),
    Case("demographics.csv", "2014-11-13", "11/13/2014", 2, "birthDate", "bad_date"),
    Case("demographics.csv", "2014-11-13", "2014-02-30", 2, "birthDate", "bad_date"),
    Case("demographics.csv", "2014-11-13", "20141113", 2, "birthDate", "bad_date"),
]

ROLES = [
    Case("roles.csv", "primary,student", "first,student", 2, "roleType", "bad_enum"),
    Case("roles.csv", "primary,student", "primary,pupil", 2, "role", "bad_enum"),
    Case("roles.csv", ",ana,primary", ",ben,primary", 2, "userSourcedId", "dangling_reference"),
    Case("roles.csv", ",,school,", ",,nowhere,", 2, "orgSourcedId", "dangling_reference"),
    Case("roles.csv", "role-0-maria", "role-0-ana", 3, "sourcedId", "duplicate_sourced_id"),
    Case("roles.csv", ",ana,primary", ",,primary", 2, "userSourcedId", "required_value_missing"),
]


@pytest.mark.parametrize("case", MANIFEST + TEXT + HEADERS + VALUES, ids=str)
async def test_a_fault_of_1_1_is_found_where_it_is(office: Office, family: Package, case: Case) -> None:
    family.edit(case.file, case.old, case.new)

    assert (case.file, case.row, case.column, case.code) in await refused(office, family.folder)


@pytest.mark.parametrize("case", ROLES, ids=str)
async def test_a_fault_of_1_2_is_found_where_it_is(office: Office, family_1_2: Package, case: Case) -> None:
    family_1_2.edit(case.file, case.old, case.new)

    assert (case.file, case.row, case.column, case.code) in await refused(office, family_1_2.folder)


@pytest.mark.parametrize("sourced_id", ["with space", "umläut", "semi;colon", "x" * 256])
async def test_a_sourced_id_has_the_standards_characters(office: Office, package_1_1: Package, sourced_id: str) -> None:
    package_1_1.student(sourced_id, born="")

    assert ("users.csv", 2, "sourcedId", "bad_guid") in await refused(office, package_1_1.write())


@pytest.mark.parametrize(
    ("name", "content", "row", "code"),
    [
        ("users.csv", b"", None, "empty_file"),
        ("users.csv", "Zoë".encode("cp1252"), 1, "not_utf8"),
        ("users.csv", "sourcedId".encode("utf-16"), 1, "not_utf8"),
        ("users.csv", b"ana,,,true,school,student,ana,,Ana,Lopez", 1, "bad_header"),
    ],
)
async def test_a_file_that_is_no_csv_of_users(
    office: Office, family: Package, name: str, content: bytes, row: int | None, code: str
) -> None:
    family.write_file(name, content)

    assert [fault for fault in await refused(office, family.folder) if fault[0] == name] == [
        (name, row, "sourcedId" if code == "bad_header" else None, code)
    ]


async def test_a_file_with_a_header_only(office: Office, family: Package) -> None:
    header, _, _ = (family.folder / "demographics.csv").read_text().partition("\n")
    family.write_file("demographics.csv", header)

    assert await refused(office, family.folder) == [("demographics.csv", None, None, "no_rows")]


async def test_a_required_file_that_is_declared_absent(office: Office, family: Package) -> None:
    (family.folder / "users.csv").unlink()
    family.edit("manifest.csv", "file.users,bulk", "file.users,absent")

    assert await refused(office, family.folder) == [("users.csv", None, None, "required_file_absent")]


async def test_a_file_that_is_too_large_is_not_even_opened(office: Office, family: Package) -> None:
    with (family.folder / "users.csv").open("ab") as file:
        file.truncate(MOST_BYTES + 1)  # a hole, which takes no room

    assert await refused(office, family.folder) == [("users.csv", None, None, "file_too_large")]


async def test_files_and_manifest_must_agree(office: Office, family: Package) -> None:
    (family.folder / "demographics.csv").unlink()
    family.write_file("classes.csv", "x").parent.joinpath("courses.csv").write_text("x")
    family.edit("manifest.csv", "file.courses,absent\r\n", "")

    assert await refused(office, family.folder) == [
        ("classes.csv", None, None, "absent_file_present"),
        ("courses.csv", None, None, "undeclared_file_present"),
        ("demographics.csv", None, None, "declared_file_missing"),
    ]


async def test_a_property_that_stands_twice(office: Office, family: Package) -> None:
    family.edit("manifest.csv", "file.users,bulk", "file.users,bulk\r\nfile.users,absent")

    assert ("manifest.csv", 17, "propertyName", "duplicate_property") in await refused(office, family.folder)


async def test_no_manifest(office: Office, family: Package) -> None:
    (family.folder / "manifest.csv").unlink()

    assert await refused(office, family.folder) == [("manifest.csv", None, None, "missing_manifest")]


async def test_capitals_count_in_file_names(office: Office, family: Package) -> None:
    (family.folder / "demographics.csv").rename(family.folder / "Demographics.csv")

    assert await refused(office, family.folder) == [
        ("Demographics.csv", None, None, "file_name_case"),
        ("demographics.csv", None, None, "declared_file_missing"),
    ]


async def test_nothing_at_the_path(office: Office, tmp_path: Path) -> None:
    assert await refused(office, tmp_path / "nowhere") == [("nowhere", None, None, "package_not_found")]


async def test_all_faults_are_told_at_once_and_in_order(office: Office, family: Package) -> None:
    family.edit("orgs.csv", ",school,", ",academy,")
    family.edit("users.csv", "Ana", "").edit("users.csv", "true,district", "maybe,district")
    family.edit("demographics.csv", "2014-11-13", "soon")

    assert await refused(office, family.folder) == [
        ("demographics.csv", 2, "birthDate", "bad_date"),
        ("orgs.csv", 3, "type", "bad_enum"),
        ("users.csv", 2, "givenName", "required_value_missing"),
        ("users.csv", 3, "enabledUser", "bad_boolean"),
    ]


async def test_a_row_that_cannot_be_read_makes_no_faults_elsewhere(office: Office, family: Package) -> None:
    """Maria is in users.csv, only not readable: that ana points to her is no fault of its own."""
    family.edit("users.csv", "Maria", 'Mar"ia')

    assert await refused(office, family.folder) == [("users.csv", 3, None, "broken_quoting")]


async def test_a_hundred_faults_are_listed_and_all_are_counted(office: Office, package_1_1: Package) -> None:
    for number in range(250):
        package_1_1.student(f"student-{number}", enabledUser="perhaps")

    report = await office.roster(package_1_1.write())

    assert (len(report.errors), report.errors_total) == (100, 250)
    assert report.as_json()["errors_total"] == 250


async def test_no_report_repeats_what_stands_in_a_roster(office: Office, family: Package) -> None:
    """Even where the header is missing, and the first row's people would be taken for columns."""
    family.write_file("users.csv", "ana,,,true,school,student,ana,,Annabel,Lopez,,number-ana,,,,maria,,secret\r\n" * 2)

    report = json.dumps((await office.roster(family.folder)).as_json())

    assert [word for word in ("Annabel", "Lopez", "number-ana", "secret") if word in report] == []
