"""Packages that hold only changes: what they say changes, and what they do not say stays."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from app.models import Relationship
from tests.roster.office import NOTHING, Office, faults, warnings
from tests.roster.packages import Changes, Package
from tests.support.engines import sqlite_only


def town(folder: Path, version: str) -> Package:
    """Ana and her mother Maria, who is named by Ana's row only; Tom, a teacher; nine others so that one who leaves is not too many."""
    package = Package(folder, version).org("middle").student("ana", agents="maria").adult("maria")
    package.adult("tom", role="teacher", orgs="school")
    for number in range(9):
        package.student(f"student-{number}")
    return package


@pytest.fixture
async def version(office: Office, package: Package, tmp_path: Path) -> str:
    """1.1, then 1.2; the town has been imported in it."""
    await office.accept(town(tmp_path / "town", package.version).write())
    office.clock.advance(timedelta(days=1))
    return package.version


@pytest.fixture
async def town_1_2(office: Office, tmp_path: Path) -> None:
    await office.accept(town(tmp_path / "town", "1.2").write())


async def test_a_family_that_moves_in(office: Office, version: str, tmp_path: Path) -> None:
    delta = Changes(tmp_path / "delta", version).student("ben", agents="maria,jose").adult("jose")

    report = await office.accept(delta.write())

    assert report.created == {**NOTHING, "students": 1, "guardians": 1, "relationships": 2}
    assert (report.updated, report.ended) == (NOTHING, NOTHING)
    assert report.unchanged == {"schools": 2, "students": 10, "guardians": 1, "staff": 1, "relationships": 1}
    assert set(await office.relationships()) == {("maria", "ana"), ("maria", "ben"), ("jose", "ben")}
    assert ("ben", "school", True) in await office.enrollments()
    before = await office.everything()
    assert (await office.accept(delta.write())).changes == 0
    assert await office.everything() == before


async def test_a_row_replaces_the_row_and_nothing_else(office: Office, version: str, tmp_path: Path) -> None:
    """Ana's row comes with another name, without a number, and as ever without a birth date: that is in another file."""
    before = (await office.people())["ana"]
    delta = Changes(tmp_path / "delta", version).student("ana", agents="maria", givenName="Anna", identifier="")
    delta.tables["demographics"].clear()

    report = await office.accept(delta.write())

    assert report.updated == {**NOTHING, "students": 1}
    ana = (await office.people())["ana"]
    assert (ana.first_name, ana.student_number) == ("Anna", None)
    assert (ana.id, ana.birth_date, ana.is_student) == (before.id, before.birth_date, True)
    assert ("ana", "school", True) in await office.enrollments()
    assert (await office.relationships())["maria", "ana"].ended_at is None


async def test_a_birth_date_of_somebody_whose_row_is_not_sent(office: Office, version: str, tmp_path: Path) -> None:
    delta = Changes(tmp_path / "delta", version).row("demographics", sourcedId="ana", birthDate="2013-01-31")
    assert (await office.accept(delta.write())).updated == {**NOTHING, "students": 1}
    assert str((await office.people())["ana"].birth_date) == "2013-01-31"

    await office.accept(Changes(tmp_path / "later", version).gone("demographics", "ana").write())

    assert (await office.people())["ana"].birth_date is None


async def test_who_is_deleted_is_signed_out_and_comes_back_as_he_was(
    office: Office, version: str, tmp_path: Path
) -> None:
    """Maria's row does not name Ana: when Maria comes back, Ana's row, which was never sent again, still does."""
    session = await office.sign_in("maria", "parent")
    before = await office.relationships()
    leaves = Changes(tmp_path / "delta", version).gone("users", "maria").write()

    report = await office.accept(leaves)

    assert report.ended == {**NOTHING, "guardians": 1, "relationships": 1}
    assert await office.ended_sessions() == {session: office.clock.now()}
    assert (await office.people())["maria"].ended_at == office.clock.now()
    assert (await office.accept(leaves)).changes == 0

    back = Changes(tmp_path / "back", version).adult("maria")
    back.tables.pop("roles", None)  # her role was not deleted, so that it need not be sent
    assert (await office.accept(back.write())).updated == {**NOTHING, "guardians": 1, "relationships": 1}
    assert await office.relationships() == before


async def test_a_portal_flag_that_is_off_stays_off(office: Office, version: str, tmp_path: Path) -> None:
    async with office.database.transaction() as session:
        await session.execute(update(Relationship).values(portal=False))

    await office.accept(Changes(tmp_path / "1", version).student("ana", agents="maria").write())
    await office.accept(Changes(tmp_path / "2", version).gone("users", "maria").write())
    await office.accept(Changes(tmp_path / "3", version).adult("maria", agents="ana").write())
    await office.accept(town(tmp_path / "4", version).write())

    relationship = (await office.relationships())["maria", "ana"]
    assert (relationship.ended_at, relationship.portal) == (None, False)


async def test_a_relationship_lasts_until_neither_row_says_it(office: Office, version: str, tmp_path: Path) -> None:
    async def after(name: str, sourced_id: str, agents: str) -> tuple[str | None, bool]:
        delta = Changes(tmp_path / name, version)
        family = (
            delta.student(sourced_id, agents=agents) if sourced_id == "ana" else delta.adult("maria", agents=agents)
        )
        await office.accept(family.write())
        row = (await office.relationships())["maria", "ana"]
        return row.said_by, row.ended_at is None

    assert await after("1", "maria", "ana") == ("both", True)
    assert await after("2", "ana", "") == ("guardian", True)
    assert await after("3", "maria", "") == (None, False)
    assert await after("4", "maria", "ana") == ("guardian", True)
    assert await after("5", "ana", "maria") == ("both", True)


async def test_what_a_row_takes_back_does_not_come_back_with_the_person(
    office: Office, version: str, tmp_path: Path
) -> None:
    await office.accept(Changes(tmp_path / "1", version).gone("users", "maria").write())
    await office.accept(Changes(tmp_path / "2", version).student("ana", agents="").write())

    await office.accept(Changes(tmp_path / "3", version).adult("maria").write())

    assert (await office.relationships())["maria", "ana"].ended_at is not None


@pytest.mark.usefixtures("town_1_2")
async def test_a_role_of_its_own_row_is_changed_and_ended(office: Office, tmp_path: Path) -> None:
    """Tom's role, role-0-tom, moves to another school; then he gets a second one and loses the first."""
    moved = Changes(tmp_path / "1", "1.2").row("roles", **role("role-0-tom", "tom", "aide", "middle"))
    assert (await office.accept(moved.write())).updated == {**NOTHING, "staff": 1}
    assert {row for row in await office.enrollments() if row[0] == "tom"} == {("tom", "middle", True)}

    parent = role("role-tom", "tom", "parent", "district")
    await office.accept(Changes(tmp_path / "2", "1.2").row("roles", **parent).gone("roles", "role-0-tom").write())

    tom = (await office.people())["tom"]
    assert (tom.is_staff, tom.is_guardian, tom.relation) == (False, True, "parent")
    assert {row for row in await office.enrollments() if row[0] == "tom"} == set()
    assert (await office.people())["ana"].is_student


@pytest.mark.usefixtures("town_1_2")
async def test_who_loses_the_role_loses_the_children_until_it_comes_back(office: Office, tmp_path: Path) -> None:
    await office.accept(Changes(tmp_path / "1", "1.2").gone("roles", "role-0-maria").write())
    assert (await office.relationships())["maria", "ana"].ended_at is not None

    again = Changes(tmp_path / "2", "1.2").row("roles", **role("role-new", "maria", "guardian", "district"))
    await office.accept(again.write())

    relationship = (await office.relationships())["maria", "ana"]
    assert (relationship.ended_at, relationship.relation) == (None, "guardian")


@pytest.mark.usefixtures("town_1_2")
async def test_what_is_deleted_with_somebody_does_not_come_back_with_him(office: Office, tmp_path: Path) -> None:
    """Maria's role goes together with her, Ana's birth date later; neither is there when the two return."""
    gone = Changes(tmp_path / "1", "1.2").gone("users", "maria").gone("roles", "role-0-maria").gone("users", "ana")
    await office.accept(gone.write())
    await office.accept(Changes(tmp_path / "2", "1.2").gone("demographics", "ana").write())

    people = await office.people()
    assert (people["maria"].ended_at, people["ana"].ended_at) == (office.clock.now(), office.clock.now())
    assert people["ana"].birth_date is None

    back = Changes(tmp_path / "3", "1.2").student("ana", agents="maria").adult("maria", role="")
    back.tables["demographics"].clear()
    await office.accept(back.write())

    people = await office.people()
    assert (people["maria"].is_guardian, people["ana"].birth_date) == (False, None)
    assert (await office.relationships())["maria", "ana"].ended_at is not None


@pytest.mark.usefixtures("town_1_2")
async def test_a_student_between_two_roles_keeps_number_and_birth_date(office: Office, tmp_path: Path) -> None:
    """One school lets Ana go tonight, the other one takes her tomorrow."""
    before = (await office.people())["ana"]
    await office.accept(Changes(tmp_path / "1", "1.2").gone("roles", "role-0-ana").write())
    assert not (await office.people())["ana"].is_student

    new = Changes(tmp_path / "2", "1.2").row("roles", **role("role-new", "ana", "student", "middle"))
    await office.accept(new.write())

    ana = (await office.people())["ana"]
    assert (ana.student_number, ana.birth_date) == (before.student_number, before.birth_date)
    assert ("ana", "middle", True) in await office.enrollments()


async def test_schools_open_and_close(office: Office, version: str, tmp_path: Path) -> None:
    opened = Changes(tmp_path / "1", version).org("new").student("ben", orgs="new")
    assert (await office.accept(opened.write())).created == {**NOTHING, "schools": 1, "students": 1}

    report = await office.accept(Changes(tmp_path / "2", version).gone("orgs", "middle").write())

    assert report.ended == {**NOTHING, "schools": 1}
    assert (await office.schools())["middle"].ended_at == office.clock.now()


async def test_one_file_whole_and_another_as_changes(office: Office, version: str, tmp_path: Path) -> None:
    """What orgs.csv does not have ends, as it is bulk; users.csv says only what changes."""
    mixed = Changes(tmp_path / "1", version, modes={"orgs": "bulk"})
    mixed.org("school", name="Grand Bend High").org("district", kind="district").adult("jose", agents="ana")

    report = await office.accept(mixed.write())

    assert report.updated == {**NOTHING, "schools": 1}
    assert report.ended == {**NOTHING, "schools": 1}
    assert report.created == {**NOTHING, "guardians": 1, "relationships": 1}


@pytest.mark.usefixtures("town_1_2")
async def test_all_users_and_changes_of_the_rest(office: Office, tmp_path: Path) -> None:
    """Everybody is sent but one student; roles and birth dates stay those that are stored."""
    whole = Changes(tmp_path / "1", "1.2", modes={"users": "bulk"})
    whole.tables["users"] = town(tmp_path / "unused", "1.2").tables["users"][:-1]
    whole.gone("demographics", "ana")

    report = await office.accept(whole.write())

    assert report.ended == {**NOTHING, "students": 1}
    assert report.updated == {**NOTHING, "students": 1}


async def test_references_may_point_to_what_is_stored_but_not_to_nothing(
    office: Office, version: str, tmp_path: Path
) -> None:
    before = await office.everything()
    delta = Changes(tmp_path / "delta", version).student("ben", agents="nobody,maria", orgs="nowhere")
    delta.row("demographics", sourcedId="nobody", birthDate="2014-11-13")

    report = await office.roster(delta.write())

    at_school = ("roles.csv", 2, "orgSourcedId") if version == "1.2" else ("users.csv", 2, "orgSourcedIds")
    assert faults(report) == sorted(
        [
            (*at_school, "dangling_reference"),
            ("users.csv", 2, "agentSourcedIds", "dangling_reference"),
            ("demographics.csv", 3, "sourcedId", "dangling_reference"),
        ],
        key=lambda place: (place[0], place[1], place[2] or ""),
    )
    assert await office.everything() == before


@sqlite_only
@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("status", "", "required_value_missing"),
        ("status", "deleted", "bad_enum"),
        ("dateLastModified", "", "required_value_missing"),
        ("dateLastModified", "yesterday", "bad_datetime"),
    ],
)
async def test_every_row_says_status_and_moment(
    office: Office, version: str, tmp_path: Path, column: str, value: str, code: str
) -> None:
    delta = Changes(tmp_path / "delta", version).student("ben", **{column: value})

    assert faults(await office.roster(delta.write())) == [("users.csv", 2, column, code)]


async def test_inactive_is_an_old_word_for_deleted(office: Office, version: str, tmp_path: Path) -> None:
    report = await office.accept(Changes(tmp_path / "delta", version).gone("users", "tom", "inactive").write())

    assert report.ended == {**NOTHING, "staff": 1}
    assert warnings(report)["inactive_as_deleted"] == 1


async def test_too_many_deleted_are_refused(office: Office, version: str, tmp_path: Path) -> None:
    delta = Changes(tmp_path / "delta", version)
    for number in range(3):
        delta.gone("users", f"student-{number}")

    assert faults(await office.roster(delta.write())) == [("users.csv", None, None, "too_many_ended")]
    assert (await office.accept(delta.write(), allow_ending_percent=25)).ended["students"] == 3


async def test_a_bulk_after_deltas_says_what_it_always_said(office: Office, version: str, tmp_path: Path) -> None:
    before = await office.everything()
    await office.accept(Changes(tmp_path / "1", version).adult("maria", agents="ana", givenName="Mary").write())

    await office.accept(town(tmp_path / "2", version).write())

    after = await office.everything()
    for events in (before, after):
        del events["audit_events"]
    assert after == before


def role(sourced_id: str, user: str, name: str, org: str) -> dict[str, str]:
    return {"sourcedId": sourced_id, "userSourcedId": user, "roleType": "primary", "role": name, "orgSourcedId": org}
