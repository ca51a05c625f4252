"""A district of 5,000 students and 8,000 guardians: its roster as a OneRoster package, and accounts for all guardians."""

import csv
import time
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import chain
from pathlib import Path

from sqlalchemy import insert, select

from app.composition import Campus
from app.models import Account, Person
from app.portals import Portal
from app.security.passwords import PasswordHasher
from app.services.clerk import operator_of
from app.text import fold
from tests.bench.http_client import post

DISTRICT = "bench"
SCHOOLS = 10
STUDENTS = 5_000
GUARDIANS = 8_000
GUARDIANS_A_STUDENT = 2
PASSWORD = "correct horse battery 9"

_FILES = (
    *("academicSessions", "categories", "classes", "classResources", "courses", "courseResources", "demographics"),
    *("enrollments", "lineItems", "orgs", "resources", "results", "users"),
)
_ORGS = "sourcedId status dateLastModified name type identifier parentSourcedId"
_USERS = (
    "sourcedId status dateLastModified enabledUser orgSourcedIds role username userIds givenName familyName middleName identifier "
    "email sms phone agentSourcedIds grades password"
)
_DEMOGRAPHICS = (
    "sourcedId status dateLastModified birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican "
    "nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces hispanicOrLatinoEthnicity countryOfBirthCode "
    "stateOfBirthAbbreviation cityOfBirth publicSchoolResidenceStatus"
)
_FIRST_NAMES = ("Maria", "José", "Amara", "Bao", "Chloë", "Dmitri", "Esi")
_LAST_NAMES = (
    "Lopez",
    "O'Neill",
    "Nguyễn",
    "Smith-Jones",
    "Okafor",
    "Bumblebee",
    "Quillfeather",
    "Kowalski",
    "Yang",
    "Jensen",
    "Abdi",
)


def write_roster(folder: Path, *, students: int = STUDENTS, guardians: int = GUARDIANS, edition: int = 0) -> Path:
    """A OneRoster 1.1 bulk package in a new folder, the same at every run. In the next edition everybody has another name and school."""
    folder.mkdir()
    sent = {"orgs", "users", "demographics"}
    files = [(f"file.{name}", "bulk" if name in sent else "absent") for name in _FILES]
    _write(
        folder / "manifest.csv",
        "propertyName value",
        [("manifest.version", "1.0"), ("oneroster.version", "1.1"), *files],
    )
    _write(
        folder / "orgs.csv",
        _ORGS,
        [("district", "", "", "Bench County Schools", "district"), *map(_school, range(SCHOOLS))],
    )
    pupils = (_student(number, students, guardians, edition) for number in range(students))
    _write(folder / "users.csv", _USERS, chain(pupils, (_guardian(number, edition) for number in range(guardians))))
    _write(folder / "demographics.csv", _DEMOGRAPHICS, map(_demographics, range(students)))
    return folder


async def open_district(campus: Campus) -> None:
    await campus.district_office.add(district_id=DISTRICT, name="Bench County", state="GA", timezone="America/New_York")


async def seconds_to_import(campus: Campus, package: Path) -> float:
    begun = time.monotonic()
    report = await campus.roster_import.run(operator_of(DISTRICT), package)
    seconds = time.monotonic() - begun
    if report.errors or report.created["guardians"] != GUARDIANS:
        raise RuntimeError(f"the roster was not taken: {report}")
    return seconds


async def give_accounts(campus: Campus) -> None:
    """Every guardian gets an account, all with the same password, whose hash is computed once."""
    now = campus.clock.now()
    common = {
        "district_id": DISTRICT,
        "portal": Portal.PARENT.value,
        "password_hash": PasswordHasher().hash(PASSWORD),
        "password_changed_at": now,
        "created_at": now,
    }
    async with campus.database.transaction() as session:
        guardians = await session.execute(select(Person.id, Person.sourced_id).where(Person.is_guardian.is_(True)))
        rows = [{"person_id": row.id, **_username(row.sourced_id), **common} for row in guardians]
        await session.execute(insert(Account), rows)


def sign_ins(numbers: Iterable[int] = range(GUARDIANS), portal: Portal = Portal.PARENT) -> list[bytes]:
    """A request for each of these accounts, all from their owners' homes."""
    return [
        post(
            "/login",
            {"district": DISTRICT, "portal": portal.value, "username": guardian_id(number), "password": PASSWORD},
            address=home(place),
        )
        for place, number in enumerate(numbers)
    ]


def home(number: int) -> str:
    """An address for each; for up to 65,536 people."""
    return f"10.0.{number // 256}.{number % 256}"


def _username(sourced_id: str) -> dict[str, str]:
    return {"username": sourced_id, "username_folded": fold(sourced_id)}


def _write(path: Path, header: str, rows: Iterable[Sequence[str]]) -> None:
    """Rows may be shorter than the header: the rest is blank."""
    columns = header.split()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([*row, *[""] * (len(columns) - len(row))] for row in rows)


def _school(number: int) -> Sequence[str]:
    return (f"school{number}", "", "", f"School {number}", "school", f"10{number:02}", "district")


def _student(number: int, students: int, guardians: int, edition: int) -> Sequence[str]:
    agents = ",".join(guardian_id((number + n * students) % guardians) for n in range(GUARDIANS_A_STUDENT))
    first, last = _name(number + edition)
    place = f"school{(number + edition) % SCHOOLS}"
    student_number = f"{number:07}"
    return (
        *(
            f"student{number}",
            "",
            "",
            "true",
            place,
            "student",
            f"student{number}",
            f"{{GTID:{number:010}}}",
            first,
            last,
            "",
        ),
        *(student_number, "", "", "", agents, f"{number % 12 + 1:02}"),
    )


def _guardian(number: int, edition: int) -> Sequence[str]:
    name = guardian_id(number)
    return (
        name,
        "",
        "",
        "true",
        "district",
        "parent",
        name,
        "",
        *_name(number + 3 + edition),
        "",
        "",
        f"{name}@example.org",
    )


def guardian_id(number: int) -> str:
    """Also the username of the account."""
    return f"guardian{number}"


def _demographics(number: int) -> Sequence[str]:
    return (f"student{number}", "", "", (date(2008, 9, 1) + timedelta(days=number)).isoformat())


def _name(number: int) -> tuple[str, str]:
    return _FIRST_NAMES[number % len(_FIRST_NAMES)], _LAST_NAMES[number % len(_LAST_NAMES)]
