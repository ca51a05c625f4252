"""What a roster may carry and a database must not hold: passwords, and digits of social security numbers."""

import logging
from pathlib import Path

import pytest

from app.security.digests import Digests
from tests.roster.conftest import SECRET_KEY
from tests.roster.office import Office, faults, warnings
from tests.roster.packages import Package
from tests.support.engines import sqlite_only

PASSWORD = "correct-horse-battery"


def digest(office: Office, sourced_id: str, digits: str) -> str:
    return office.digests.digest("ssn-last4", office.district, sourced_id, digits)


def database_files(folder: Path) -> bytes:
    """The whole database, with what is not yet merged into it."""
    return b"".join(path.read_bytes() for path in folder.glob("campus.db*"))


@sqlite_only
async def test_a_password_in_a_roster_reaches_neither_database_nor_log(
    office: Office, package: Package, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    folder = package.student("ana", password=PASSWORD).adult("maria", password=PASSWORD).write()

    report = await office.accept(folder)

    assert warnings(report)["password_dropped"] == 2
    stored = database_files(tmp_path)
    assert b"Maria" in stored
    assert PASSWORD.encode() not in stored
    assert PASSWORD not in caplog.text
    assert PASSWORD not in str(report)


@pytest.mark.parametrize("table", ["users", "demographics"])
async def test_four_digits_are_kept_as_a_digest_of_district_and_student(
    office: Office, package: Package, table: str
) -> None:
    package.student("ana").with_metadata(table, "ana", "metadata.ssnLast4", "6789")

    await office.accept(package.write())

    assert (await office.people())["ana"].ssn_last4_digest == digest(office, "ana", "6789")
    assert "6789'" not in str(await office.everything())


async def test_the_same_digits_of_two_students_look_different(office: Office, package: Package) -> None:
    for name in ("ana", "ben"):
        package.student(name).with_metadata("users", name, "metadata.ssnLast4", "6789")

    await office.accept(package.write())

    assert len({row.ssn_last4_digest for row in (await office.people()).values()}) == 2


async def test_a_new_secret_key_alone_changes_no_row(office: Office, package: Package) -> None:
    folder = package.student("ana").with_metadata("users", "ana", "metadata.ssnLast4", "6789").write()
    await office.accept(folder)
    later = Office(office.database, office.clock, Digests(["a-newer-key-of-the-same-operator-0123456789", SECRET_KEY]))

    assert (await later.accept(folder)).changes == 0


async def test_other_digits_are_a_change_and_none_take_the_digest_away(office: Office, package: Package) -> None:
    package.student("ana").with_metadata("users", "ana", "metadata.ssnLast4", "6789")
    await office.accept(package.write())

    assert (await office.accept(package.with_metadata("users", "ana", "metadata.ssnLast4", "0001").write())).updated[
        "students"
    ] == 1
    assert (await office.people())["ana"].ssn_last4_digest == digest(office, "ana", "0001")

    await office.accept(package.with_metadata("users", "ana", "metadata.ssnLast4", "").write())
    assert (await office.people())["ana"].ssn_last4_digest is None


async def test_digits_of_adults_are_dropped(office: Office, package: Package) -> None:
    package.student("ana").adult("tom", role="teacher", orgs="school")

    report = await office.accept(package.with_metadata("users", "tom", "metadata.ssnLast4", "6789").write())

    assert (await office.people())["tom"].ssn_last4_digest is None
    assert warnings(report) == {"ssn_dropped": 1}


@sqlite_only
@pytest.mark.parametrize("digits", ["123456789", "123-45-6789", "789", "67890", "abcd", "٦٧٨٩"])
@pytest.mark.parametrize("table", ["users", "demographics"])
async def test_anything_but_four_digits_is_refused_and_never_repeated(
    office: Office, package: Package, table: str, digits: str
) -> None:
    package.student("ana").with_metadata(table, "ana", "metadata.ssnLast4", digits)
    before = await office.everything()

    report = await office.roster(package.write())

    assert faults(report) == [(f"{table}.csv", 2, "metadata.ssnLast4", "ssn_last4_only")]
    assert digits not in str(report.as_json())
    assert await office.everything() == before


@pytest.mark.parametrize("column", ["ssn", "metadata.SSN", "metadata.socialSecurityNumber"])
async def test_a_column_of_whole_numbers_is_refused_whatever_is_in_it(
    office: Office, package: Package, column: str
) -> None:
    package.student("ana", **{column: ""})

    assert ("users.csv", 1, column, "ssn_last4_only") in faults(await office.roster(package.write()))
