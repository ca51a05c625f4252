"""Who is a student, a guardian, staff; and who is whose adult."""

import pytest

from tests.roster.office import Office, warnings
from tests.roster.packages import Package
from tests.support.engines import sqlite_only

pytestmark = sqlite_only  # nothing here depends on the engine
ON = (True, True, True, True)
OFF = (False, False, False, False)


async def flags_of_everybody(office: Office) -> dict[str, tuple[bool, bool, bool]]:
    return {key: (row.is_student, row.is_guardian, row.is_staff) for key, row in (await office.people()).items()}


async def flags_of_links(office: Office) -> dict[tuple[str, str], tuple[str, tuple[bool, ...]]]:
    return {
        pair: (row.relation, (row.guardian, row.mailing, row.portal, row.messenger))
        for pair, row in (await office.relationships()).items()
    }


@pytest.mark.parametrize("role", ["administrator", "aide", "proctor", "teacher"])
async def test_staff_roles_of_1_1(office: Office, package_1_1: Package, role: str) -> None:
    await office.accept(package_1_1.student("ana").adult("tom", role=role, orgs="school").write())

    assert (await flags_of_everybody(office))["tom"] == (False, False, True)
    assert ("tom", "school", True) in await office.enrollments()


@pytest.mark.parametrize(
    "role",
    ["aide", "counselor", "districtAdministrator", "principal", "proctor", "siteAdministrator", "systemAdministrator"],
)
async def test_staff_roles_of_1_2(office: Office, package_1_2: Package, role: str) -> None:
    await office.accept(package_1_2.student("ana").adult("tom", role=role, orgs="school").write())

    assert (await flags_of_everybody(office))["tom"] == (False, False, True)


async def test_one_person_may_be_guardian_and_staff(office: Office, package_1_2: Package) -> None:
    package_1_2.student("ana", agents="maria").adult("maria").role("maria", "teacher", kind="secondary")

    report = await office.accept(package_1_2.write())

    assert (await flags_of_everybody(office))["maria"] == (False, True, True)
    assert (report.created["guardians"], report.created["staff"]) == (1, 1)
    assert ("maria", "school", True) in await office.enrollments()


@pytest.mark.parametrize(("role", "flags"), [("parent", ON), ("guardian", ON), ("relative", OFF)])
async def test_parents_and_guardians_begin_with_everything_and_relatives_with_nothing(
    office: Office, package: Package, role: str, flags: tuple[bool, ...]
) -> None:
    await office.accept(package.student("ana", agents="maria").adult("maria", role=role).write())

    assert await flags_of_links(office) == {("maria", "ana"): (role, flags)}


@pytest.mark.parametrize(("ana_says", "maria_says"), [("maria", ""), ("", "ana"), ("maria", "ana")])
async def test_a_link_counts_from_either_side_or_both(
    office: Office, package: Package, ana_says: str, maria_says: str
) -> None:
    await office.accept(package.student("ana", agents=ana_says).adult("maria", agents=maria_says).write())

    assert set(await office.relationships()) == {("maria", "ana")}


async def test_lists_may_have_spaces_and_repetitions(office: Office, package: Package) -> None:
    package.student("ana", agents="maria, jose,maria ,").adult("maria").adult("jose")

    await office.accept(package.write())

    assert set(await office.relationships()) == {("maria", "ana"), ("jose", "ana")}


async def test_only_adults_of_students_are_linked_and_the_rest_is_told(office: Office, package: Package) -> None:
    package.student("ana", agents="tom,ben,ana").student("ben").adult("tom", role="teacher", orgs="school")
    package.adult("maria", agents="tom")

    report = await office.accept(package.write())

    assert await office.relationships() == {}
    assert warnings(report)["agent_not_linked"] == 4


async def test_a_role_of_ones_own_is_not_used(office: Office, package_1_2: Package) -> None:
    report = await office.accept(package_1_2.student("ana").adult("tom", role="ext:busDriver", orgs="school").write())

    assert (await flags_of_everybody(office))["tom"] == (False, False, False)
    assert warnings(report) == {"ext_role_ignored": 1, "user_without_role": 1}


@pytest.mark.parametrize(
    ("role", "relation", "flags"),
    [
        ("ext:primaryGuardian", "guardian", ON),
        ("ext:stepParent", "parent", ON),
        ("ext:grandparent", "relative", OFF),
    ],
)
async def test_a_role_of_ones_own_that_says_parent_or_guardian_is_one(
    office: Office, package_1_2: Package, role: str, relation: str, flags: tuple[bool, ...]
) -> None:
    report = await office.accept(package_1_2.student("ana", agents="maria").adult("maria", role=role).write())

    assert await flags_of_links(office) == {("maria", "ana"): (relation, flags)}
    assert warnings(report) == {"ext_role_as_guardian": 1}


async def test_a_relative_who_is_also_a_parent_opens_no_student_by_herself(
    office: Office, package_1_2: Package
) -> None:
    """The roster does not say whose parent, so that the office has to."""
    package_1_2.student("ana", agents="maria").student("ben", agents="maria").adult("maria").role("maria", "relative")

    report = await office.accept(package_1_2.write())

    assert {flags for _, flags in (await flags_of_links(office)).values()} == {OFF}
    assert warnings(report) == {"mixed_adult_roles": 1}


async def test_somebody_without_a_role_is_kept_without_a_portal(office: Office, package_1_2: Package) -> None:
    report = await office.accept(package_1_2.student("ana").adult("tom", role="").write())

    assert (await flags_of_everybody(office))["tom"] == (False, False, False)
    assert report.created["others"] == 1
    assert warnings(report) == {"user_without_role": 1}


async def test_orgs_that_are_no_schools_are_known_but_not_stored(office: Office, package: Package) -> None:
    package.org("sports", kind="department").student("ana", orgs="school").adult("tom", role="teacher", orgs="sports")

    await office.accept(package.write())

    assert set(await office.schools()) == {"school"}
    assert await office.enrollments() == {("ana", "school", True)}


async def test_guardians_are_not_enrolled(office: Office, package: Package) -> None:
    await office.accept(package.student("ana", agents="maria").adult("maria", orgs="school").write())

    assert await office.enrollments() == {("ana", "school", True)}


async def test_the_first_school_of_1_1_is_the_primary_one(office: Office, package_1_1: Package) -> None:
    await office.accept(package_1_1.org("art").student("ana", orgs="district,art,school").write())

    assert await office.enrollments() == {("ana", "art", True), ("ana", "school", False)}


async def test_the_primary_org_of_1_2_is_the_primary_school(office: Office, package_1_2: Package) -> None:
    package_1_2.org("art").student("ana", orgs="school", primaryOrgSourcedId="art").role(
        "ana", "student", "art", "secondary"
    )

    await office.accept(package_1_2.write())

    assert await office.enrollments() == {("ana", "art", True), ("ana", "school", False)}


async def test_else_the_primary_role_of_1_2_is(office: Office, package_1_2: Package) -> None:
    package_1_2.org("art").person("ana", "", "").role("ana", "student", "art", "secondary").role("ana", "student")

    await office.accept(package_1_2.write())

    assert await office.enrollments() == {("ana", "art", False), ("ana", "school", True)}


@pytest.mark.parametrize(
    ("column", "value", "state_id"),
    [
        ("userIds", "{GTID:1234567890}", "1234567890"),
        ("userIds", "{LDAP:ana},{stateId: 42 }", "42"),
        ("userIds", "{SSID:7},{gtid:8}", "8"),
        ("userIds", "{LDAP:ana}", None),
        ("metadata.stateId", "99", "99"),
        ("metadata.gtid", "1234567890", "1234567890"),
    ],
)
async def test_the_states_number_of_a_student(
    office: Office, package: Package, column: str, value: str, state_id: str | None
) -> None:
    await office.accept(package.student("ana", **{column: value}).write())

    assert (await office.people())["ana"].state_id == state_id


async def test_numbers_and_birth_dates_are_kept_of_students_only(office: Office, package: Package) -> None:
    package.student("ana").adult("tom", role="teacher", orgs="school", identifier="staff-1", userIds="{state:5}")
    package.row("demographics", sourcedId="tom", birthDate="1980-01-01")

    await office.accept(package.write())

    tom = (await office.people())["tom"]
    assert (tom.student_number, tom.state_id, tom.birth_date) == (None, None, None)


async def test_usernames_may_be_empty_and_e_mail_addresses_are_tidied(office: Office, package: Package) -> None:
    package.student("ana").adult("maria", username="", email="  maria@example.org ").adult(
        "jose", email="not an address"
    )

    report = await office.accept(package.write())

    people = await office.people()
    assert (people["maria"].email, people["jose"].email) == ("maria@example.org", None)
    assert warnings(report)["email_dropped"] == 1


@pytest.mark.parametrize("roles", [("parent", "guardian"), ("guardian", "parent")])
async def test_the_order_of_the_rows_does_not_say_whether_she_is_parent_or_guardian(
    office: Office, package_1_2: Package, roles: tuple[str, str]
) -> None:
    package_1_2.student("ana", agents="maria").adult("maria", role=roles[0]).role("maria", roles[1], "district")

    await office.accept(package_1_2.write())

    assert (await office.people())["maria"].relation == "parent"
