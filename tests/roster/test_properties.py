"""Whatever the order, the quoting and the line ends of an export, it is the same roster; and however it is damaged, it comes in whole or not at all."""

import asyncio
import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from uuid import uuid4

from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from app.clock import ManualClock
from app.database import Database
from app.security.digests import Digests
from app.settings import Settings
from tests.roster.conftest import SECRET_KEY
from tests.roster.office import Office, faults, warnings
from tests.roster.packages import Package
from tests.support.engines import sqlite_only

pytestmark = sqlite_only  # what is written is written in one transaction on either engine, which other tests see

EXAMPLES = partial(examples, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), min_size=1, max_size=8).filter(
    str.strip
)
CHANCES = st.randoms(use_true_random=False)
BYTES = [b'"', b",", b"\n", b"\r", b"\0", b"\xff", b"\xc3\xa4", b"{", b"/", b" ", b""]
WORDS = [
    "",
    " ",
    "true",
    "student",
    "relative",
    "delta",
    "absent",
    "tobedeleted",
    "2014-02-30",
    "school",
    '"',
    "a,b",
    "a\nb",
    "x" * 300,
]


@dataclass(frozen=True)
class Family:
    """A student's adults, by number; the student's second school, if any; a name that may hold anything."""

    adults: list[int]
    has_second_school: bool
    says_it_itself: bool
    name: str


FAMILIES = st.lists(
    st.builds(Family, st.lists(st.integers(0, 3), unique=True), st.booleans(), st.booleans(), NAMES),
    min_size=1,
    max_size=4,
)


@contextmanager
def open_office(given_settings: Settings, clock: ManualClock) -> Iterator[tuple[asyncio.Runner, Office]]:
    """One district for all examples, in a loop of its own."""
    with asyncio.Runner() as runner:
        database = Database(given_settings)
        office = Office(database, clock, Digests([SECRET_KEY]))
        runner.run(office.open())
        try:
            yield runner, office
        finally:
            runner.run(database.close())


def roster_of(families: list[Family], folder: Path, version: str) -> Package:
    package = Package(folder, version).org("other", name="Another school")
    students: dict[int, list[str]] = {}
    for number, family in enumerate(families):
        student = f"student-{number}"
        agents = ",".join(f"adult-{adult}" for adult in family.adults) if family.says_it_itself else ""
        orgs = "school,other" if family.has_second_school and version == "1.1" else "school"
        package.student(student, agents=agents, orgs=orgs, givenName=family.name)
        if family.has_second_school and version == "1.2":
            package.role(student, "student", "other", kind="secondary")
        for adult in family.adults:
            students.setdefault(adult, []).append(student)
    for adult, theirs in students.items():
        package.adult(f"adult-{adult}", agents=",".join(theirs), role="relative" if adult == 0 else "parent")
    return package


def shuffle(folder: Path, chance: Random) -> None:
    """The same values, as another system would have written them."""
    for file in folder.glob("*.csv"):
        header, *rows = csv.reader(io.StringIO(file.read_text(encoding="utf-8"), newline=""))
        columns = list(range(len(header)))
        if file.name != "manifest.csv":
            chance.shuffle(columns)
        chance.shuffle(rows)
        text = io.StringIO()
        quoting = chance.choice(["unix", "excel"])  # every field, or those that need it
        writer = csv.writer(text, quoting, lineterminator=chance.choice(["\n", "\r\n"]))
        writer.writerows([[row[column] for column in columns] for row in (header, *rows)])
        file.write_text(text.getvalue(), encoding=chance.choice(["utf-8", "utf-8-sig"]), newline="")


def test_a_roster_is_the_same_in_any_order(settings: Settings, clock: ManualClock, tmp_path: Path) -> None:
    with open_office(settings, clock) as (runner, office):

        @EXAMPLES(max_examples=15)
        @given(FAMILIES, st.sampled_from(["1.1", "1.2"]), CHANCES)
        def check(families: list[Family], version: str, chance: Random) -> None:
            folder = roster_of(families, tmp_path / uuid4().hex, version).write()
            first = runner.run(office.accept(folder, allow_ending_percent=100))
            shuffle(folder, chance)
            again = runner.run(office.accept(folder, allow_ending_percent=100))
            assert (again.changes, again.unchanged["students"]) == (0, len(families))
            assert warnings(again).items() >= warnings(first).items()

        check()


def test_a_damaged_roster_comes_in_whole_or_not_at_all(settings: Settings, clock: ManualClock, tmp_path: Path) -> None:
    ends = set()
    with open_office(settings, clock) as (runner, office):

        @EXAMPLES(max_examples=40)
        @given(FAMILIES, st.sampled_from(["1.1", "1.2"]), CHANCES, st.booleans(), st.booleans())
        def check(families: list[Family], version: str, chance: Random, is_zip: bool, is_strict: bool) -> None:
            path = roster_of(families, tmp_path / uuid4().hex, version).write()
            damaged_cell(path, chance) if chance.random() < 0.6 else damaged_byte(
                chance.choice(sorted(path.iterdir())), chance
            )
            if is_zip:
                path = zipped(path)
                if chance.random() < 0.5:
                    damaged_byte(path, chance)
            before = runner.run(office.everything())
            report = runner.run(office.roster(path, strict=is_strict, allow_ending_percent=100))
            if faults(report):
                assert runner.run(office.everything()) == before
            else:
                assert runner.run(office.accept(path, allow_ending_percent=100)).changes == 0
            ends.add(bool(faults(report)))

        check()
    assert ends == {True, False}


def damaged_cell(folder: Path, chance: Random) -> None:
    file = chance.choice(sorted(folder.glob("*.csv")))
    rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"), newline="")))
    row = chance.choice(rows)
    row[chance.randrange(len(row))] = chance.choice(WORDS)
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    file.write_text(text.getvalue(), encoding="utf-8", newline="")


def damaged_byte(path: Path, chance: Random) -> None:
    content = path.read_bytes()
    place = chance.randrange(len(content))
    path.write_bytes(content[:place] + chance.choice(BYTES) + content[place + chance.randint(0, 1) :])


def zipped(folder: Path) -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:  # stored, so that a damaged byte is one of a row or of the directory
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    return path
