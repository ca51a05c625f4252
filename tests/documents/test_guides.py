"""The pages for districts and their offices, done from the top to the bottom."""

import csv
import shlex
from pathlib import Path
from uuid import uuid4

import pytest

from tests.cli.grand_bend import GrandBend
from tests.documents.blocks import block
from tests.support.shell import Shell


@pytest.fixture
def grand_bend(tmp_path: Path, sqlite_url: str) -> GrandBend:
    """Not open yet; its roster lies there as a zip."""
    grand_bend = GrandBend(Shell(tmp_path, {"CAMPUS_DATABASE_URL": sqlite_url}))
    grand_bend.roster().zip().rename(tmp_path / "roster.zip")
    return grand_bend


def test_from_the_roster_to_the_letters(grand_bend: GrandBend) -> None:
    shell = grand_bend.shell
    run(shell, block("a district opens"))
    run(shell, block("a district chooses"))
    assert "Dry run: nothing was written." in run(shell, block("a rehearsal"))
    run(shell, block("the roster for good"))
    run(shell, block("an announcement"))
    run(shell, block("keys for letters"))
    with (shell.folder / "parents.csv").open(encoding="utf-8") as lines:
        letters = sorted(csv.DictReader(lines), key=lambda letter: letter["first_name"])
    assert list(letters[0]) == ["person_id", "first_name", "last_name", "portal", "activation_key", "expires_at"]
    assert [letter["first_name"] for letter in letters] == ["Maria", "Paul"]
    grand_bend.activate(letters[0], "maria2026")
    Path(shell.folder, "secret.txt").write_text("a-secret-of-the-provider\n", encoding="utf-8")
    assert "/login/sso/gb/google/callback" in run(shell, block("single sign-on"))
    run(shell, block("the networks of schools"))
    assert "maria2026" in run(shell, block("why can she not get in"))


def test_the_commands_of_the_other_pages(grand_bend: GrandBend) -> None:
    shell = grand_bend.shell
    grand_bend.open()
    run(shell, block("a roster"))
    Path(shell.folder, "households.csv").write_text("household_id,person_id\nh1,maria\nh1,ana\n", encoding="utf-8")
    assert "New households: 1" in run(shell, block("where families live"))
    run(shell, block("the first admin"))
    assert "Grand Bend High School" in run(shell, block("the school year"))
    Path(shell.folder, "accounts.csv").write_text("person_id,portal,username\npaul,parent,Paul.L\n", encoding="utf-8")
    run(shell, block("accounts of another system"))
    Path(shell.folder, "printed.csv").write_text(
        f"person_id,portal,activation_key\nana,student,{uuid4()}\n", encoding="utf-8"
    )
    run(shell, block("keys on paper"))


def run(shell: Shell, script: str) -> str:
    """What the commands print, none of which may fail."""
    said = []
    for line in script.splitlines():
        program, *words = shlex.split(line, comments=True)
        assert program == "campus"
        said.append(shell.campus(*words))
    return "".join(said)
