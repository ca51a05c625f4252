"""What will change is told before it changes, by kind and by school, without a name of anybody."""

from pathlib import Path

from tests.roster.office import Office, faults
from tests.roster.packages import Changes, Package

KINDS = ("schools", "students", "staff", "relationships")


def counts(*numbers: int) -> dict[str, int]:
    return dict(zip(KINDS, numbers, strict=True))


def town(folder: Path) -> Package:
    """A high school with Ana, her mother and a teacher, and a middle school with ten students."""
    package = (
        Package(folder).org("middle", name="Grand Bend Middle School").student("ana", agents="maria").adult("maria")
    )
    package.adult("tom", role="teacher", orgs="school")
    for number in range(10):
        package.student(f"student-{number}", orgs="middle")
    return package


async def test_a_dry_run_tells_school_by_school(office: Office, tmp_path: Path) -> None:
    report = await office.accept(town(tmp_path / "town").write(), dry_run=True)

    nothing = counts(0, 0, 0, 0)
    others = {"updated": nothing, "ended": nothing, "leaving": nothing, "unchanged": nothing}
    assert report.as_json()["by_school"] == [
        {"sourced_id": "middle", "name": "Grand Bend Middle School", "created": counts(1, 10, 0, 0), **others},
        {"sourced_id": "school", "name": "Grand Bend High School", "created": counts(1, 1, 1, 1), **others},
    ]
    assert await office.people() == {}


async def test_only_schools_with_changes_are_told_of(office: Office, tmp_path: Path) -> None:
    await office.accept(town(tmp_path / "town").write())
    delta = Changes(tmp_path / "delta").student("ben", orgs="middle", agents="maria").gone("users", "student-3")
    delta.student("student-4", orgs="middle", identifier="4711")

    report = await office.accept(delta.write(), dry_run=True)

    (middle,) = report.by_school
    assert middle.sourced_id == "middle"
    assert middle.counts == {
        "created": counts(0, 1, 0, 1),
        "updated": counts(0, 1, 0, 0),
        "ended": counts(0, 1, 0, 0),
        "leaving": counts(0, 0, 0, 0),
        "unchanged": counts(1, 8, 0, 0),
    }
    assert "Lopez" not in str(report.as_json())
    await office.accept(delta.write())
    assert (await office.accept(delta.write())).by_school == []


async def test_a_school_that_closes_and_a_mother_who_leaves(office: Office, tmp_path: Path) -> None:
    await office.accept(town(tmp_path / "town").write())
    delta = Changes(tmp_path / "delta").gone("users", "maria").gone("users", "ana").gone("orgs", "middle")

    report = await office.accept(delta.write())

    ended = {school.sourced_id: school.counts["ended"] for school in report.by_school}
    assert ended == {"school": counts(0, 1, 0, 1), "middle": counts(1, 0, 0, 0)}


async def test_a_package_that_ends_too_many_is_told_of_too(office: Office, tmp_path: Path) -> None:
    await office.accept(town(tmp_path / "town").write())
    delta = Changes(tmp_path / "delta")
    for number in range(4):
        delta.gone("users", f"student-{number}")

    report = await office.roster(delta.write())

    assert faults(report) == [("users.csv", None, None, "too_many_ended")]
    assert [school.counts["ended"]["students"] for school in report.by_school] == [4]
