"""What the standard forbids and an import forgives: faults on demand, also in files and columns that a portal does not need."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.roster.office import Office, Places, faults, warnings
from tests.roster.packages import Package
from tests.support.engines import sqlite_only

pytestmark = sqlite_only  # nothing here depends on the engine

Damage = Callable[[Package], object]
SESSIONS = "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\n"
CLASSES = (
    "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,"
    "termSourcedIds,subjects,subjectCodes,periods\n"
)
YEAR = "y1,,,2026,schoolYear,2026-08-15,2027-06-10,,2027\n"
TERM = "t1,,,Fall,term,2026-08-15,2026-12-20,y1,2027\n"


@pytest.fixture
def family(package_1_2: Package) -> Package:
    """As the standard wants it, with academic sessions; the term stands before its year."""
    package_1_2.student("ana", agents="maria").adult("maria")
    package_1_2.write()
    return with_file(package_1_2, "academicSessions", SESSIONS + TERM + YEAR)


def with_file(package: Package, name: str, content: str | bytes) -> Package:
    package.write_file(f"{name}.csv", content)
    return package.edit("manifest.csv", f"file.{name},absent", f"file.{name},bulk")


async def strictly(office: Office, folder: Path) -> Places:
    """The faults of a strict import, after a look that nothing was written; a lenient one accepts the package."""
    before = await office.everything()
    report = await office.roster(folder, strict=True)
    assert await office.everything() == before
    await office.accept(folder)
    return faults(report)


async def test_what_is_as_the_standard_wants_it_is_accepted(office: Office, family: Package) -> None:
    report = await office.accept(family.folder, strict=True)

    assert (report.created["students"], warnings(report)) == (1, {})


async def test_a_byte_order_mark_is_allowed(office: Office, family: Package) -> None:
    family.write_file("users.csv", b"\xef\xbb\xbf" + (family.folder / "users.csv").read_bytes())

    assert warnings(await office.accept(family.folder, strict=True)) == {"byte_order_mark": 1}


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        (lambda p: p.write_file("more.csv", "x"), ("more.csv", None, None, "unknown_file")),
        (
            lambda p: p.edit("manifest.csv", "file.users", "source.note,x\r\nfile.users"),
            ("manifest.csv", 16, "propertyName", "unknown_property"),
        ),
        (
            lambda p: p.edit("manifest.csv", "file.results,absent\r\n", ""),
            ("results.csv", None, None, "undeclared_file"),
        ),
        (lambda p: p.edit("users.csv", "\r\nmaria", "\r\n\r\nmaria"), ("users.csv", 3, None, "blank_line")),
        (lambda p: p.edit("users.csv", ",true,ana", ",TRUE,ana"), ("users.csv", 2, "enabledUser", "not_lower_case")),
        (
            lambda p: p.edit("users.csv", ",true,ana,,", ",true,ana,GTID:17,"),
            ("users.csv", 2, "userIds", "unreadable_user_ids"),
        ),
        (lambda p: p.edit("users.csv", "ana,,,", "ana,active,,"), ("users.csv", 2, "status", "lifecycle_in_bulk")),
        (lambda p: p.edit("users.csv", ",ana,,Ana", ",,,Ana"), ("users.csv", 2, "username", "required_value_missing")),
        (
            lambda p: p.edit("users.csv", "maria,,,,,,,,\r\n", "maria,,,,,,,nowhere,\r\n"),
            ("users.csv", 2, "primaryOrgSourcedId", "dangling_reference"),
        ),
        (
            lambda p: p.edit("demographics.csv", "2014-11-13,", "2014-11-13,f"),
            ("demographics.csv", 2, "sex", "bad_enum"),
        ),
        (lambda p: p.edit("roles.csv", "student,,,", "student,today,,"), ("roles.csv", 2, "beginDate", "bad_date")),
        (
            lambda p: p.edit("academicSessions.csv", ",y1,", ",y2,"),
            ("academicSessions.csv", 2, "parentSourcedId", "dangling_reference"),
        ),
        (
            lambda p: p.edit("academicSessions.csv", "title,type", "type,title"),
            ("academicSessions.csv", 1, None, "columns_out_of_order"),
        ),
        (
            lambda p: p.edit("academicSessions.csv", "\nt1,", "\ny1,"),
            ("academicSessions.csv", 3, "sourcedId", "duplicate_sourced_id"),
        ),
        (
            lambda p: p.edit("academicSessions.csv", "Fall", 'Fa"ll'),
            ("academicSessions.csv", 2, None, "broken_quoting"),
        ),
        (
            lambda p: with_file(p, "classes", CLASSES + 'c1,,,Algebra,9,k1,A1,scheduled,,school,"t1,,y1",,,\n'),
            ("classes.csv", 2, "termSourcedIds", "bad_list"),
        ),
        (
            lambda p: with_file(p, "classes", CLASSES + "c1,,,Algebra,9,k1,A1,scheduled,,school,t1,,,\n"),
            ("classes.csv", 2, "courseSourcedId", "dangling_reference"),
        ),
    ],
)
async def test_a_lapse_is_forgiven_or_refused_where_it_is(
    office: Office, family: Package, damage: Damage, place: tuple[str, int | None, str | None, str]
) -> None:
    damage(family)

    assert place in await strictly(office, family.folder)


async def test_a_file_that_cannot_be_read_is_not_held_against_the_others(office: Office, family: Package) -> None:
    with_file(family, "courses", b"\xff\n")
    with_file(family, "classes", CLASSES + "c1,,,Algebra,9,k1,A1,scheduled,,school,t1,,,\n")

    assert await strictly(office, family.folder) == [("courses.csv", 1, None, "not_utf8")]
