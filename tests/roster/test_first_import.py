"""A district joins: its first roster."""

from datetime import date, timedelta

import pytest

from app.errors import DistrictNotFound
from app.models import AuditEvent, District
from tests.roster.office import NOTHING, Office, warnings
from tests.roster.packages import Package


async def test_schools_people_and_relationships_come_in(office: Office, package: Package) -> None:
    package.student("ana", agents="maria").adult("maria").adult("tom", role="teacher", orgs="school")

    report = await office.accept(package.write())

    assert report.created == {"schools": 1, "students": 1, "guardians": 1, "staff": 1, "relationships": 1}
    assert (report.updated, report.ended, report.unchanged) == (NOTHING, NOTHING, NOTHING)
    ana = (await office.people())["ana"]
    assert (ana.is_student, ana.is_guardian, ana.is_staff, ana.enabled) == (True, False, False, True)
    assert (ana.first_name, ana.last_name, ana.student_number, ana.birth_date) == (
        "Ana",
        "Lopez",
        "number-ana",
        date(2014, 11, 13),
    )
    assert (ana.first_seen_at, ana.ended_at) == (office.clock.now(), None)
    school = (await office.schools())["school"]
    assert (school.name, school.ended_at) == ("Grand Bend High School", None)


async def test_a_zip_says_the_same_as_a_folder(office: Office, package: Package) -> None:
    package.student("ana", agents="maria").adult("maria")
    await office.accept(package.zip())

    report = await office.accept(package.write())

    assert report.changes == 0


async def test_the_same_package_again_changes_no_row(office: Office, package: Package) -> None:
    package.student("ana", agents="maria").adult("maria").adult("tom", role="teacher", orgs="school")
    await office.accept(package.write())
    before = await office.everything()

    office.clock.advance(timedelta(days=1))
    report = await office.accept(package.write())

    assert report.changes == 0
    assert report.unchanged == {"schools": 1, "students": 1, "guardians": 1, "staff": 1, "relationships": 1}
    assert await office.everything() == before


async def test_a_dry_run_says_what_would_happen_and_writes_nothing(office: Office, package: Package) -> None:
    package.student("ana", agents="maria").adult("maria")
    before = await office.everything()

    report = await office.accept(package.write(), dry_run=True)

    assert (report.dry_run, report.created["students"], report.created["relationships"]) == (True, 1, 1)
    assert await office.everything() == before


async def test_the_audit_trail_tells_counts_and_no_names(office: Office, package_1_1: Package) -> None:
    await office.accept(package_1_1.student("ana").write())

    rows = (await office.everything())[AuditEvent.__tablename__]

    assert len(rows) == 1
    assert "operator:roster:imported" in rows[0]
    assert "'students': 1" in rows[0]
    assert "Lopez" not in rows[0]


async def test_people_of_a_first_import_count_as_entered_long_ago(office: Office, package_1_1: Package) -> None:
    await office.accept(package_1_1.student("ana").write())
    await office.accept(package_1_1.student("ben").write())

    people = await office.people()

    assert (people["ana"].in_first_import, people["ben"].in_first_import) == (True, False)


async def test_an_operator_may_treat_them_as_new(office: Office, package_1_1: Package) -> None:
    await office.accept(package_1_1.student("ana").write(), as_new=True)

    assert (await office.people())["ana"].in_first_import is False


async def test_a_district_must_be_open(office: Office, package_1_1: Package) -> None:
    async with office.database.transaction() as session:
        session.add(District(id="closed", name="Closed", state="TX", name_words="closed"))
    folder = package_1_1.student("ana").write()

    for district in ("closed", "nowhere"):
        with pytest.raises(DistrictNotFound):
            await Office(office.database, office.clock, office.digests, district).roster(folder)


async def test_two_districts_may_use_the_same_sourced_ids(office: Office, package_1_1: Package) -> None:
    other = Office(office.database, office.clock, office.digests, "other")
    await other.open()
    folder = package_1_1.student("ana", agents="maria").adult("maria").write()

    first, second = await office.accept(folder), await other.accept(folder)

    assert first.created == second.created
    assert (await office.accept(folder)).changes == 0


async def test_progress_runs_from_nothing_to_all_in_every_phase(office: Office, package_1_1: Package) -> None:
    steps: list[tuple[str, int, int]] = []
    await office.accept(package_1_1.adult("maria").student("ana", agents="maria").write())

    again = package_1_1.student("ben").write()
    await office.accept(again, progress=lambda *step: steps.append(step))

    assert list(dict.fromkeys(phase for phase, _, _ in steps)) == ["reading", "comparing", "writing"]
    for phase in ("reading", "comparing", "writing"):
        done = [(done, total) for name, done, total in steps if name == phase]
        assert done[0][0] == 0
        assert done[-1][0] == done[-1][1] > 0


async def test_what_is_incomplete_is_told_and_taken(office: Office, package_1_1: Package) -> None:
    package_1_1.student("ana", identifier="", born="", orgs="district").student("ben", identifier="7")
    package_1_1.student("cleo", identifier="7").adult("maria")

    report = await office.accept(package_1_1.write())

    assert warnings(report) == {
        "student_without_number": 1,
        "student_without_birth_date": 1,
        "student_without_school": 1,
        "student_number_shared": 1,
        "guardian_without_student": 1,
    }
    assert set(await office.people()) == {"ana", "ben", "cleo", "maria"}
