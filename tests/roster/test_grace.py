"""Days of grace: who is only missing from a bulk package keeps access until the day comes."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from app.models import District
from app.services.roster import DaysOfGrace
from tests.roster.office import NOTHING, Office, faults
from tests.roster.packages import Changes, Package

GRACE = timedelta(days=30)


def town(folder: Path, *missing: str) -> Package:
    """Ana and her mother, and eleven other students, without those who are `missing`."""
    package = Package(folder)
    for name in ("ana", *(f"student-{number}" for number in range(11))):
        if name not in missing:
            package.student(name)
    if "maria" not in missing:
        package.adult("maria", agents="" if "ana" in missing else "ana")
    return package


@pytest.fixture
async def office(office: Office, tmp_path: Path) -> Office:
    """With thirty days of grace, and the whole town."""
    await give_grace(office, GRACE.days)
    await office.accept(town(tmp_path / "town").write())
    office.clock.advance(timedelta(days=1))
    return office


async def give_grace(office: Office, days: int) -> None:
    async with office.database.transaction() as session:
        await session.execute(update(District).values(settings={"roster": {"grace_days": days}}))


async def end_those_over(office: Office) -> int:
    return await DaysOfGrace(office.database, office.clock).end_those_over()


async def test_access_ends_when_the_day_comes(office: Office, tmp_path: Path) -> None:
    session = await office.sign_in("maria", "parent")
    without_maria = town(tmp_path / "2", "maria").write()

    report = await office.accept(without_maria)

    assert (report.leaving, report.ended) == ({**NOTHING, "guardians": 1}, NOTHING)
    maria = (await office.people())["maria"]
    assert (maria.ended_at, maria.leaves_at) == (None, office.clock.now() + GRACE)
    assert (await office.relationships())["maria", "ana"].ended_at is None

    office.clock.advance(GRACE - timedelta(seconds=1))
    assert await end_those_over(office) == 0
    assert (await office.accept(without_maria)).changes == 0, "a later package does not prolong it"
    assert await office.ended_sessions() == {}

    office.clock.advance(timedelta(seconds=1))
    assert await end_those_over(office) == 1
    assert await office.ended_sessions() == {session: office.clock.now()}
    maria = (await office.people())["maria"]
    assert (maria.ended_at, maria.leaves_at) == (office.clock.now(), None)
    assert (await office.relationships())["maria", "ana"].ended_at == office.clock.now()
    assert (await office.people())["ana"].ended_at is None
    assert await end_those_over(office) == 0
    assert (await office.accept(without_maria)).changes == 0


async def test_an_import_on_the_day_ends_it_too(office: Office, tmp_path: Path) -> None:
    await office.accept(town(tmp_path / "2", "maria", "ana").write())
    office.clock.advance(GRACE)

    report = await office.accept(town(tmp_path / "3", "maria", "ana").write(), allow_ending_percent=0)

    assert report.ended == {**NOTHING, "students": 1, "guardians": 1, "relationships": 1}


async def test_who_comes_back_in_time_was_never_away(office: Office, tmp_path: Path) -> None:
    before = await office.people(), await office.relationships(), await office.enrollments()
    await office.accept(town(tmp_path / "2", "ana", "maria").write())
    office.clock.advance(timedelta(days=29))

    report = await office.accept(town(tmp_path / "3").write())

    assert report.updated == {**NOTHING, "students": 1, "guardians": 1}
    assert (await office.people(), await office.relationships(), await office.enrollments()) == before
    office.clock.advance(timedelta(days=29))
    assert await end_those_over(office) == 0


async def test_a_delta_brings_somebody_back_and_leaves_the_others(office: Office, tmp_path: Path) -> None:
    await office.accept(town(tmp_path / "2", "ana", "maria").write())

    report = await office.accept(Changes(tmp_path / "3").student("ana").write())

    assert report.updated == {**NOTHING, "students": 1}
    people = await office.people()
    assert (people["ana"].leaves_at, people["maria"].leaves_at) == (None, office.clock.now() + GRACE)
    assert (await office.relationships())["maria", "ana"].ended_at is None


async def test_what_is_said_to_be_deleted_ends_at_once(office: Office, tmp_path: Path) -> None:
    await office.accept(town(tmp_path / "2", "maria").write())

    report = await office.accept(Changes(tmp_path / "3").gone("users", "maria").gone("users", "ana").write())

    assert report.ended == {**NOTHING, "students": 1, "guardians": 1, "relationships": 1}
    assert (await office.people())["maria"].ended_at == office.clock.now()


async def test_a_relationship_that_is_taken_back_has_no_grace(office: Office, tmp_path: Path) -> None:
    later = town(tmp_path / "2")
    later.tables["users"][-1]["agentSourcedIds"] = ""

    report = await office.accept(later.write())

    assert report.ended == {**NOTHING, "relationships": 1}


async def test_too_many_missing_are_refused_all_the_same(office: Office, tmp_path: Path) -> None:
    smaller = town(tmp_path / "2", "student-1", "student-2", "student-3").write()

    report = await office.roster(smaller)

    assert faults(report) == [("users.csv", None, None, "too_many_ended")]
    assert report.leaving["students"] == 3
    assert (await office.accept(smaller, allow_ending_percent=30)).leaving["students"] == 3
    assert (await office.accept(smaller, allow_ending_percent=0)).changes == 0, "they were counted when they left"


async def test_a_shorter_grace_holds_from_the_next_package_on(office: Office, tmp_path: Path) -> None:
    folder = town(tmp_path / "2", "maria").write()
    await office.accept(folder)

    await give_grace(office, 2)
    assert (await office.accept(folder)).leaving == {**NOTHING, "guardians": 1}
    assert (await office.people())["maria"].leaves_at == office.clock.now() + timedelta(days=2)

    await give_grace(office, 0)
    assert (await office.accept(folder)).ended == {**NOTHING, "guardians": 1, "relationships": 1}


async def test_who_comes_back_on_the_day_itself_is_there_whoever_is_first(office: Office, tmp_path: Path) -> None:
    await office.accept(town(tmp_path / "2", "maria").write())
    office.clock.advance(GRACE)
    everybody = town(tmp_path / "3").write()

    await asyncio.gather(end_those_over(office), end_those_over(office), office.accept(everybody))

    maria = (await office.people())["maria"]
    assert (maria.ended_at, maria.leaves_at) == (None, None)
    assert (await office.relationships())["maria", "ana"].ended_at is None
    assert await end_those_over(office) == 0
