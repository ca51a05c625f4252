"""The directory of all districts, as a government publishes it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.shell import Shell

PUBLISHED = Path(__file__).resolve().parents[3] / "shared" / "data" / "districts" / "us_school_districts_ccd2019.csv"
"""The Common Core of Data of 2019, where the machine has it: too large to lie here."""


def write_invented(folder: Path) -> tuple[Path, int]:
    """As many districts as make several batches, some with a name like in real life."""
    names = ["Saint Mary's Area", 'The "Old" Union', "Cañon City, RE-1", "Łódź Township"]
    rows = [f'"{number:07}","{names[number % 4].replace(chr(34), chr(34) * 2)}",TX,Austin,9' for number in range(1_203)]
    file = folder / "invented.csv"
    file.write_text("\n".join(["\ufeffnces_id,name,state,city,schools", *rows, ""]), encoding="utf-8")
    return file, len(rows)


def take_published(_: Path) -> tuple[Path, int]:
    return PUBLISHED, 18_607


SOURCES = [write_invented, *([take_published] if PUBLISHED.exists() else [])]


@pytest.fixture(params=SOURCES, ids=lambda source: source.__name__.rpartition("_")[2])
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, int]:
    """A file, and how many districts it has."""
    made: tuple[Path, int] = request.param(tmp_path)
    return made


def test_every_district_is_taken_once(any_shell: Shell, directory: tuple[Path, int]) -> None:
    file, count = directory
    words = ("districts", "import", str(file))
    assert any_shell.json(*words) == {"created": count, "updated": 0, "unchanged": 0}
    assert any_shell.json(*words) == {"created": 0, "updated": 0, "unchanged": count}


def test_an_entry_of_the_directory_does_not_take_part_until_it_is_opened(shell: Shell) -> None:
    (shell.folder / "directory.csv").write_text("id,name,state,city\ngb,Grand Bend,TX,Grand Bend\n")
    assert shell.campus("districts", "import", "directory.csv") == "1 created, 0 updated, 0 unchanged\n"
    code, complaint = shell.refused("districts", "set", "gb", "features.claim=true")
    assert (code, "district_not_found" in complaint) == (1, True)
    with closing(sqlite3.connect(shell.folder / "campus.db")) as database:
        assert database.execute("SELECT id, opened_at FROM districts").fetchall() == [("gb", None)]
