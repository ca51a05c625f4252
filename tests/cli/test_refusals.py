"""A command that cannot do its work says why in one sentence, on standard error, and its exit code tells a script."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.grand_bend import ID, GrandBend
from tests.support.postgresql import Cluster
from tests.support.shell import Shell

ADD = ("districts", "add", "--id", "gb", "--name", "Grand Bend", "--state", "TX", "--timezone", "America/Chicago")
SET = ("districts", "set", ID)
ANNOUNCE = ("districts", "announce", ID, "--title", "Snow day", "--body", "Schools are closed.")
KEYS = ("keys", "issue", "--district", ID, "--csv", "keys.csv")
STAFF = ("staff", "add", "--district", ID, "--person-name", "Dana Reed", "--username", "dreed26", "--role", "help_desk")
COMMANDS = {
    "an id with a slash": ((*ADD, "--id", "g/b"), "the id 'g/b'"),
    "an id without end": ((*ADD, "--id", "g" * 65), "must be 1 to 64"),
    "no name": ((*ADD, "--name", ""), "the name"),
    "a state by name": ((*ADD, "--state", "Texas"), "the state 'Texas'"),
    "an invented time zone": ((*ADD, "--timezone", "Texas/Austin"), "'Texas/Austin' is not an IANA time zone"),
    "a city without end": ((*ADD, "--city", "x" * 101), "the city"),
    "a policy out of range": ((*SET, "password_policy.min_length=5"), "password_policy.min_length: "),
    "a word for a number": ((*SET, "activation_key.days=many"), "activation_key.days: "),
    "a network wider than a school": ((*SET, "networks.shared=10.0.0.0/7"), "networks.shared.0: "),
    "no assignment": ((*SET, "features.claim"), "There is no setting 'features.claim'"),
    "settings of no district": (("districts", "set", "nowhere", "features.claim=true"), "district_not_found"),
    "a notice of no district": (
        ("districts", "announce", "nowhere", "--title", "t", "--body", "b"),
        "district_not_found",
    ),
    "a notice without a title": ((*ANNOUNCE, "--title", ""), "title"),
    "a title without end": ((*ANNOUNCE, "--title", "x" * 201), "title"),
    "a notice that ends before it begins": (
        (*ANNOUNCE, "--from", "2026-08-02", "--until", "2026-08-01"),
        "end before it begins",
    ),
    "a link that is no link": ((*ANNOUNCE, "--link", "javascript:alert(1)"), "--link 'javascript:alert(1)'"),
    "a roster of no district": (("roster", "import", "--district", "nowhere", "package"), "district_not_found"),
    "keys of no district": ((*KEYS, "--district", "nowhere"), "district_not_found"),
    "keys of no school": ((*KEYS, "--school", "Hogwarts"), "there is no school 'Hogwarts' in gb"),
    "keys of nobody": ((*KEYS, "--replace", "nobody"), "there is nobody 'nobody' in gb"),
    "a parent's key for a student": ((*KEYS, "--replace", "ana"), "there is nobody 'ana' in gb"),
    "keys into a file below a file": ((*KEYS, "--csv", "package/users.csv/keys.csv"), "package/users.csv"),
    "staff of no district": ((*STAFF, "--district", "nowhere"), "district_not_found"),
    "a username without a digit": ((*STAFF, "--username", "dreed"), "username: Use at least one digit."),
    "staff of no school": ((*STAFF, "--school", "Hogwarts"), "school_ids: There is no such school here."),
    "a list of no office": (("staff", "list", "--district", "nowhere"), "district_not_found"),
    "nobody's part in the office": (("staff", "remove", "--district", ID, "nobody1"), "the username 'nobody1'"),
    "a trail of no district": (("audit", "export", "--district", "nowhere", "--csv", "a.csv"), "district_not_found"),
    "a trail over another file": (
        ("audit", "export", "--district", ID, "--csv", "campus.db"),
        "campus.db: File exists",
    ),
    "an account of no district": (("accounts", "show", "--district", "nowhere", "maria"), "district_not_found"),
}
DIRECTORIES = {
    "no columns": ("a,b\n1,2\n", "the columns nces_id (or id), name, state and city are needed"),
    "nothing at all": ("", "are needed"),
    "a state that is none": ("id,name,state,city\n1,Grand Bend,Texas,\n", "directory.csv, line 2: the state 'TEXAS'"),
    "an id that stands twice": (
        "id,name,state,city\n1,A,TX,\n1,B,TX,\n",
        "directory.csv, line 3: the id 1 stands twice",
    ),
    "a name without end": (f"id,name,state,city\n1,{'x' * 201},TX,\n", "directory.csv, line 2: the name"),
    "a city without end": (f"id,name,state,city\n1,A,TX,{'x' * 101}\n", "directory.csv, line 2: the city"),
    "half a quotation": ('id,name,state,city\n1,"A,TX,\n', "directory.csv: cannot be read as CSV in UTF-8"),
    "another encoding": ("id,name,state,city\n1,Cañon,CO,\n", "directory.csv: cannot be read as CSV in UTF-8"),
}


@pytest.mark.parametrize(("words", "reason"), COMMANDS.values(), ids=COMMANDS)
def test_a_mistake_is_named(grand_bend: GrandBend, words: tuple[str, ...], reason: str) -> None:
    code, complaint = grand_bend.shell.refused(*words)
    assert code == 1
    assert_one_sentence(complaint, reason)


@pytest.mark.parametrize(("text", "reason"), DIRECTORIES.values(), ids=DIRECTORIES)
def test_a_directory_that_cannot_be_used_changes_nothing(shell: Shell, text: str, reason: str) -> None:
    (shell.folder / "directory.csv").write_text(text, encoding="latin-1")
    code, complaint = shell.refused("districts", "import", "directory.csv")
    assert code == 1
    assert_one_sentence(complaint, reason)
    (shell.folder / "directory.csv").write_text("id,name,state,city\n1,A,TX,\n")
    assert shell.json("districts", "import", "directory.csv")["created"] == 1


@pytest.mark.parametrize("words", [ADD, (*SET, "features.claim=true"), KEYS], ids=lambda words: " ".join(words[:2]))
def test_a_database_that_was_not_migrated_is_named(tmp_path: Path, words: tuple[str, ...]) -> None:
    shell = Shell(tmp_path, {"CAMPUS_DATABASE_URL": f"sqlite:///{tmp_path}/new.db"})
    code, complaint = shell.refused(*words)
    assert code == 1
    assert_one_sentence(complaint, "campus migrate")


def test_an_empty_postgresql_is_named(tmp_path: Path, postgresql: Cluster) -> None:
    url = postgresql.create_database()
    _, complaint = Shell(tmp_path, {"CAMPUS_DATABASE_URL": url}).refused(*ADD)
    postgresql.drop_database(url)
    assert_one_sentence(complaint, "campus migrate")


@pytest.mark.parametrize(
    "words", [ADD, ("migrate",), ("demo",), ("serve", "--port", "1024")], ids=lambda words: words[0]
)
def test_a_database_that_is_away_is_named(tmp_path: Path, words: tuple[str, ...]) -> None:
    shell = Shell(tmp_path, {"CAMPUS_DATABASE_URL": "postgresql://campus:hunter2@127.0.0.1:1/campus"})
    code, complaint = shell.refused(*words)
    assert code == 1
    assert "database" in complaint.splitlines()[0]
    assert "hunter2" not in complaint
    assert [line for line in complaint.splitlines() if not line.startswith("campus: ")] == []


@pytest.mark.parametrize("words", [("migrate",), ADD, ("doctor",)], ids=lambda words: words[0])
def test_a_file_that_is_no_database_is_named(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "letter.db").write_text("Dear parents, our schools are closed tomorrow.\n" * 100)
    printed = Shell(tmp_path, {"CAMPUS_DATABASE_URL": "sqlite:///letter.db"}).run(*words)
    assert printed.code in {1, 2}
    assert "Traceback" not in printed.err
    assert "database" in printed.out + printed.err


@pytest.mark.parametrize("words", [("migrate",), ADD], ids=lambda words: words[0])
def test_a_database_of_a_newer_release_is_named(shell: Shell, words: tuple[str, ...]) -> None:
    """After an operator went back to an older release, which cannot know how to go down from there."""
    with closing(sqlite3.connect(shell.folder / "campus.db", isolation_level=None)) as database:
        database.execute("UPDATE alembic_version SET version_num = '2126_01_01_from_the_future'")
    code, complaint = shell.refused(*words)
    assert code == 1
    assert_one_sentence(complaint, "2126_01_01_from_the_future")
    assert "campus migrate" not in complaint


@pytest.mark.parametrize("words", [("migrate",), ("demo",), ("serve",), ADD], ids=lambda words: words[0])
def test_settings_that_cannot_be_used_are_named_all_of_them(tmp_path: Path, words: tuple[str, ...]) -> None:
    wrong = {"CAMPUS_WORKERS": "many", "CAMPUS_DATABASE_URL": "mysql://db"}
    code, complaint = Shell(tmp_path, wrong).refused(*words)
    assert code == 2
    assert [line.split()[1] for line in complaint.splitlines()] == ["CAMPUS_DATABASE_URL:", "CAMPUS_WORKERS:"]


def assert_one_sentence(complaint: str, reason: str) -> None:
    assert complaint.startswith("campus: ")
    assert reason in complaint
    assert len(complaint.splitlines()) == 1
