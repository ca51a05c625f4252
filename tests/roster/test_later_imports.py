"""The whole truth, again and again: a later bulk package changes, ends and brings back."""

import asyncio
from datetime import timedelta
from pathlib import Path

from sqlalchemy import update

from app.models import Relationship, School
from tests.roster.office import NOTHING, Office, faults
from tests.roster.packages import Package
from tests.support.engines import postgresql_only


def package(folder: Path) -> Package:
    """Twelve people: one family, and nine other students so that one who leaves is not too many."""
    package = Package(folder).student("ana", agents="maria").adult("maria").adult("tom", role="teacher", orgs="school")
    for number in range(9):
        package.student(f"student-{number}")
    return package


def without(package: Package, *sourced_ids: str) -> Package:
    """The same package as if these people had never been in it."""
    for name, rows in package.tables.items():
        package.tables[name] = [row for row in rows if row["sourcedId"] not in sourced_ids]
    for row in package.tables["users"]:
        if row.get("agentSourcedIds") in sourced_ids:
            row["agentSourcedIds"] = ""
    return package


async def test_somebody_who_is_not_in_it_is_ended_and_not_erased(office: Office, tmp_path: Path) -> None:
    await office.accept(package(tmp_path / "first").write())
    office.clock.advance(timedelta(days=1))

    report = await office.accept(without(package(tmp_path / "second"), "maria").write())

    assert report.ended == {**NOTHING, "guardians": 1, "relationships": 1}
    assert report.updated == NOTHING
    assert (await office.people())["maria"].ended_at == office.clock.now()
    assert (await office.relationships())["maria", "ana"].ended_at == office.clock.now()
    assert (await office.people())["ana"].ended_at is None


async def test_who_leaves_is_signed_out_at_once(office: Office, tmp_path: Path) -> None:
    await office.accept(package(tmp_path / "first").write())
    sessions = {name: await office.sign_in(name, portal) for name, portal in (("maria", "parent"), ("tom", "staff"))}
    office.clock.advance(timedelta(days=1))

    await office.accept(without(package(tmp_path / "second"), "maria").write())

    ended = await office.ended_sessions()
    assert ended == {sessions["maria"]: office.clock.now()}


async def test_who_has_ended_stays_as_he_was(office: Office, tmp_path: Path) -> None:
    await office.accept(package(tmp_path / "first").write())
    await office.accept(without(package(tmp_path / "second"), "ana").write())
    before = await office.everything()
    office.clock.advance(timedelta(days=1))

    report = await office.accept(without(package(tmp_path / "third"), "ana").write())

    assert report.changes == 0
    assert await office.everything() == before
    assert ("ana", "school", True) in await office.enrollments()


async def test_somebody_who_returns_is_who_he_was(office: Office, tmp_path: Path) -> None:
    await office.accept(package(tmp_path / "first").write())
    before = await office.people(), await office.relationships()
    await switch_portal_off(office)
    await office.accept(without(package(tmp_path / "second"), "ana", "maria").write())

    report = await office.accept(package(tmp_path / "third").write())

    assert report.created == NOTHING
    assert report.updated == {**NOTHING, "students": 1, "guardians": 1, "relationships": 1}
    after = await office.people(), await office.relationships()
    assert after[0] == before[0]
    relationship = after[1]["maria", "ana"]
    assert (relationship.id, relationship.ended_at) == (before[1]["maria", "ana"].id, None)
    assert (relationship.portal, relationship.guardian) == (False, True)


async def test_what_the_district_has_switched_off_stays_off(office: Office, tmp_path: Path) -> None:
    await office.accept(package(tmp_path / "first").write())
    await switch_portal_off(office)

    report = await office.accept(package(tmp_path / "second").write())

    assert report.changes == 0
    assert (await office.relationships())["maria", "ana"].portal is False


async def test_a_relation_follows_the_roster_and_its_flags_do_not(office: Office, tmp_path: Path) -> None:
    await office.accept(package(tmp_path / "first").write())
    changed = package(tmp_path / "second")
    changed.tables["users"][1]["role"] = "relative"

    report = await office.accept(changed.write())

    assert report.updated == {**NOTHING, "guardians": 1, "relationships": 1}
    relationship = (await office.relationships())["maria", "ana"]
    assert (relationship.relation, relationship.portal) == ("relative", True)


async def test_new_names_numbers_and_schools_are_taken_over(office: Office, tmp_path: Path) -> None:
    await office.accept(package(tmp_path / "first").write())
    first = (await office.people())["ana"]
    changed = package(tmp_path / "second").org("middle", name="Grand Bend Middle School")
    changed.tables["orgs"][1]["name"] = "Grand Bend High"
    changed.tables["users"][0] |= {"givenName": "Anna", "identifier": "4711", "orgSourcedIds": "middle,school"}
    office.clock.advance(timedelta(days=1))

    report = await office.accept(changed.write())

    assert report.created == {**NOTHING, "schools": 1}
    assert report.updated == {**NOTHING, "schools": 1, "students": 1}
    ana = (await office.people())["ana"]
    assert (ana.first_name, ana.student_number, ana.first_seen_at) == ("Anna", "4711", first.first_seen_at)
    assert {row for row in await office.enrollments() if row[0] == "ana"} == {
        ("ana", "middle", True),
        ("ana", "school", False),
    }
    assert (await office.schools())["school"].name == "Grand Bend High"


async def test_a_move_to_another_school_is_a_change_of_the_person(office: Office, tmp_path: Path) -> None:
    await office.accept(package(tmp_path / "first").org("middle").write())
    moved = package(tmp_path / "second").org("middle")
    moved.tables["users"][0]["orgSourcedIds"] = "middle"

    report = await office.accept(moved.write())

    assert report.updated == {**NOTHING, "students": 1}
    assert {row for row in await office.enrollments() if row[0] == "ana"} == {("ana", "middle", True)}
    assert (await office.accept(moved.write())).changes == 0


async def test_a_school_that_closes_is_ended(office: Office, tmp_path: Path) -> None:
    await office.accept(package(tmp_path / "first").org("middle").write())

    report = await office.accept(package(tmp_path / "second").write())

    assert report.ended == {**NOTHING, "schools": 1}
    assert (await office.schools())["middle"].ended_at == office.clock.now()
    assert (await office.accept(package(tmp_path / "third").org("middle").write())).updated["schools"] == 1


async def test_a_package_that_would_end_too_many_is_refused(office: Office, tmp_path: Path) -> None:
    await office.accept(package(tmp_path / "first").write())
    before = await office.everything()
    smaller = without(package(tmp_path / "second"), "student-0", "student-1", "student-2").write()

    report = await office.roster(smaller)

    assert faults(report) == [("users.csv", None, None, "too_many_ended")]
    assert report.ended["students"] == 3
    assert await office.everything() == before


async def test_the_limit_is_the_operators(office: Office, tmp_path: Path) -> None:
    await office.accept(package(tmp_path / "first").write())
    smaller = without(package(tmp_path / "second"), "student-0", "student-1", "student-2").write()

    assert faults(await office.roster(smaller, allow_ending_percent=24.9)) != []
    assert (await office.accept(smaller, allow_ending_percent=25)).ended["students"] == 3


def town(folder: Path, version: str = "1.1") -> Package:
    """So many families that what they lose cannot be custody."""
    town = Package(folder, version)
    for number in range(30):
        town.student(f"student-{number}", agents=f"parent-{number}").adult(f"parent-{number}")
    return town


async def test_an_export_without_agents_does_not_lock_the_parents_out(office: Office, tmp_path: Path) -> None:
    await office.accept(town(tmp_path / "first").write())
    forgotten = town(tmp_path / "second")
    for row in forgotten.tables["users"]:
        row["agentSourcedIds"] = ""

    assert faults(await office.roster(forgotten.write())) == [("users.csv", None, None, "too_many_ended")]
    assert (await office.accept(forgotten.write(), allow_ending_percent=100)).ended["relationships"] == 30


async def test_an_export_that_lost_its_roles_does_not_lock_anybody_out(office: Office, tmp_path: Path) -> None:
    await office.accept(town(tmp_path / "first", "1.2").write())
    cut_off = town(tmp_path / "second", "1.2")
    cut_off.tables["roles"] = cut_off.tables["roles"][:10]

    assert faults(await office.roster(cut_off.write())) == [("users.csv", None, None, "too_many_ended")]


async def test_an_export_in_which_nobody_is_enabled_does_not_lock_anybody_out(office: Office, tmp_path: Path) -> None:
    await office.accept(town(tmp_path / "first").write())
    disabled = town(tmp_path / "second")
    for row in disabled.tables["users"]:
        row["enabledUser"] = "FALSE"

    assert faults(await office.roster(disabled.write())) == [("users.csv", None, None, "too_many_ended")]
    assert (await office.accept(disabled.write(), allow_ending_percent=100)).updated["students"] == 30
    assert (await office.accept(disabled.write())).changes == 0, "who is disabled already loses nothing"


async def test_people_may_be_disabled_and_enabled_by_the_school(office: Office, tmp_path: Path) -> None:
    disabled = package(tmp_path / "first")
    disabled.tables["users"][0]["enabledUser"] = "false"
    await office.accept(disabled.write())
    assert (await office.people())["ana"].enabled is False

    report = await office.accept(package(tmp_path / "second").write())

    assert report.updated == {**NOTHING, "students": 1}
    assert (await office.people())["ana"].enabled is True


async def test_two_imports_at_once_give_what_one_gives(office: Office, tmp_path: Path) -> None:
    folder = package(tmp_path / "first").write()

    reports = await asyncio.gather(*(office.accept(folder) for _ in range(4)))

    assert sorted(report.changes for report in reports) == [0, 0, 0, 14]
    assert len(await office.people()) == 12


@postgresql_only
async def test_an_import_makes_no_activation_wait(office: Office, tmp_path: Path) -> None:
    """The district's row is locked against other imports only; rows that point to the district may come in meanwhile."""
    folder = package(tmp_path / "first").write()
    async with office.database.transaction() as session:
        session.add(School(district_id=office.district, sourced_id="office", name="Made by somebody else"))
        await session.flush()
        assert (await asyncio.wait_for(office.accept(folder), 5)).changes == 14


async def switch_portal_off(office: Office) -> None:
    async with office.database.transaction() as session:
        await session.execute(update(Relationship).values(portal=False))
