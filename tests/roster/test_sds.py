"""Packages of Microsoft School Data Sync: no manifest, other columns, relationships in a file of their own."""

from pathlib import Path

import pytest

from tests.roster.office import Office, faults, warnings
from tests.support.engines import sqlite_only

pytestmark = sqlite_only  # nothing here depends on the engine

FILES = {
    "orgs.csv": "sourcedId,name,type,parentSourcedId\nd,Grand Bend,ministryOfEducation,\ns,High,school,d\nc,College,College,d\n",
    "users.csv": "sourcedId,username,givenName,familyName,password,activeDirectoryMatchId,email,phone,sms\n"
    "ana,ana@gb.test,Ana,Lopez,secret,ana@gb.test,,,\n"
    "ben,ben@gb.test,Ben,Lopez,,,,,\n"
    "maria,maria,Maria,Lopez,,,maria@example.com,+11234567890,\n"
    "tom,tom@gb.test,Tom,Bell,,,,,\n",
    "roles.csv": "userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary\n"
    "ana,s,Student,y,10,TRUE\nana,c,student,y,10,FALSE\nben,c,student,y,10,TRUE\ntom,s,officeStaff,y,,TRUE\ntom,d,teacher,y,,FALSE\n",
    "relationships.csv": "userSourcedId,relationshipUserSourcedId,relationshipRole\nana,maria,Guardian\nben,maria,relative\nben,tom,doctor\n",
    "demographics.csv": "userSourcedId,sex,birthDate\nana,f,2014-11-13\nben,m,2015-11-13\n",
    "userFlags.csv": "userSourcedId,flag\nana,freeLunch\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


def edit(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


async def test_a_family_comes_in_with_a_relation_for_each_child(office: Office, folder: Path) -> None:
    report = await office.accept(folder)

    assert warnings(report) == {
        "agent_not_linked": 1,
        "microsoft_sds": 1,
        "password_dropped": 1,
        "student_without_number": 2,
    }
    assert report.created == {"schools": 2, "students": 2, "guardians": 1, "staff": 1, "relationships": 2}
    relationships = await office.relationships()
    assert {pair: (row.relation, row.portal) for pair, row in relationships.items()} == {
        ("maria", "ana"): ("guardian", True),
        ("maria", "ben"): ("relative", False),
    }
    people = await office.people()
    assert (str(people["ana"].birth_date), people["ana"].enabled) == ("2014-11-13", True)
    assert await office.enrollments() == {
        ("ana", "s", True),
        ("ana", "c", False),
        ("ben", "c", True),
        ("tom", "s", True),
    }
    assert (await office.accept(folder)).changes == 0


async def test_of_two_relations_of_one_pair_the_weaker_counts(office: Office, folder: Path) -> None:
    edit(folder, "relationships.csv", "ana,maria,Guardian\n", "ana,maria,relative\nana,maria,Guardian\n")

    await office.accept(folder)

    relationship = (await office.relationships())["maria", "ana"]
    assert (relationship.relation, relationship.portal) == ("relative", False)


async def test_the_older_kind_has_roles_and_orgs_with_the_users(office: Office, folder: Path) -> None:
    for name in ("roles.csv", "relationships.csv", "demographics.csv", "userFlags.csv"):
        (folder / name).unlink()
    (folder / "users.csv").write_text(
        "sourcedId,orgSourcedIds,givenName,familyName,username,password,role,grade\n"
        "ana,s,Ana,Lopez,ana,,STUDENT,6\ntom,s,Tom,Bell,tom,,Lecturer,6\n"
    )

    report = await office.accept(folder)

    assert (report.created["students"], report.created["staff"]) == (1, 1)
    assert await office.enrollments() == {("ana", "s", True), ("tom", "s", True)}


async def test_strictly_it_is_no_package(office: Office, folder: Path) -> None:
    assert faults(await office.roster(folder, strict=True)) == [("manifest.csv", None, None, "missing_manifest")]


async def test_faults_are_told_in_the_files_where_they_are(office: Office, folder: Path) -> None:
    edit(folder, "relationships.csv", "ben,tom", "ben,nobody")
    edit(folder, "demographics.csv", "ben,", "ana,")
    edit(folder, "users.csv", "Tom", "")
    edit(folder, "roles.csv", "tom,d,teacher", "tom,d,wizard")
    (folder / "orgs.csv").unlink()

    assert faults(await office.roster(folder)) == [
        ("demographics.csv", 3, "userSourcedId", "duplicate_sourced_id"),
        ("orgs.csv", None, None, "required_file_absent"),
        ("relationships.csv", 4, "relationshipUserSourcedId", "dangling_reference"),
        ("roles.csv", 6, "role", "bad_enum"),
        ("users.csv", 5, "givenName", "required_value_missing"),
    ]
