"""Whoever does not know a command can ask it."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from app.cli import app
from tests.support.shell import Shell

Words = tuple[str, ...]


def commands() -> Iterator[Words]:
    """Every command and every group of commands."""

    def walk(command: Any, words: Words) -> Iterator[Words]:
        yield words
        for name, child in getattr(command, "commands", {}).items():
            yield from walk(child, (*words, name))

    return walk(typer.main.get_command(app), ())


COMMANDS = {
    (),
    *(("serve",), ("migrate",), ("doctor",), ("demo",), ("openapi",)),
    *(("districts",), ("districts", "add"), ("districts", "import"), ("districts", "set"), ("districts", "announce")),
    *(("roster",), ("roster", "import")),
    *(("keys",), ("keys", "issue"), ("keys", "list"), ("keys", "revoke"), ("keys", "import")),
    *(("accounts",), ("accounts", "show"), ("accounts", "disable"), ("accounts", "enable"), ("accounts", "reset")),
    *(
        ("accounts", "search"),
        ("accounts", "import"),
        ("relationships",),
        ("relationships", "search"),
        ("relationships", "set"),
    ),
    *(("staff",), ("staff", "add"), ("staff", "list"), ("staff", "remove"), ("audit",), ("audit", "export")),
    *(("audit", "verify"), ("audit", "head"), ("audit", "adopt"), ("accounts", "erase")),
}


def test_the_commands_are_those_of_the_readme() -> None:
    assert set(commands()) >= COMMANDS


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_explains_itself_and_its_options(words: Words) -> None:
    told = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert told.exit_code == 0
    assert "Usage:" in told.output
    assert "--help" in told.output
    assert len([line for line in told.output.splitlines() if line.strip()]) > 3


def test_scripts_can_read_what_every_command_found_or_did() -> None:
    """But for those that run for ever, or whose exit code says all."""
    told = {words: CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"}).output for words in leaves()}
    without = {words for words, text in told.items() if "--json" not in text}
    assert without == {("serve",), ("worker",), ("migrate",), ("openapi",)}


@pytest.mark.parametrize("words", [(), ("districts",), ("keys",)], ids=" ".join)
def test_a_group_without_a_command_shows_what_there_is(shell: Shell, words: Words) -> None:
    printed = shell.run(*words)
    assert printed.code == 2
    assert "Usage:" in printed.out + printed.err


@pytest.mark.parametrize(
    "words",
    [
        ("migrat",),
        ("districts", "add", "--id", "gb"),
        ("districts", "import", "no-such-file.csv"),
        ("keys", "issue", "--district", "gb", "--csv", "k.csv", "--portal", "teachers"),
        ("serve", "--port", "0"),
        ("districts", "announce", "gb", "--title", "t", "--body", "b", "--from", "tomorrow"),
    ],
    ids=" ".join,
)
def test_words_that_are_not_understood_are_explained(shell: Shell, words: Words) -> None:
    code, complaint = shell.refused(*words)
    assert code == 2
    assert "Usage:" in complaint


def leaves() -> list[Words]:
    """Commands that are no groups."""
    every = list(commands())
    return [words for words in every if not any(other[: len(words)] == words for other in every if other != words)]
