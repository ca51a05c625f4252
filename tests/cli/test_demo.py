"""`campus demo`: what a newcomer meets first."""

import secrets
from pathlib import Path

import pytest
from sqlalchemy import select

from app.composition import Campus
from app.demo.districts import DEMO_DISTRICTS, PASSWORD
from app.models import Base
from app.portals import Portal
from app.security.signing_keys import SigningKeyPair
from app.services.activate import ActivationRequest
from app.services.login import LoginRequest
from tests.cli.counter import behind_the_counter
from tests.support.shell import Shell
from tests.support.sign_in import sign_in

Dump = dict[str, list[str]]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell over demo districts that are there already."""
    folder = tmp_path_factory.mktemp("filled")
    shell = Shell(folder, {"CAMPUS_DATABASE_URL": f"sqlite:///{folder}/campus.db"})
    shell.campus("demo")
    return shell


def test_a_second_run_changes_nothing(any_shell: Shell) -> None:
    first = any_shell.json("demo")
    before, files = dump(any_shell), contents(any_shell.folder)
    assert any_shell.json("demo") == first
    assert dump(any_shell) == before
    assert contents(any_shell.folder) == files
    assert any_shell.campus("demo", "--unused-key") == f"{first['unused_key']}\n"


def test_it_says_all_that_a_newcomer_needs(filled: Shell) -> None:
    summary = filled.json("demo")
    said = filled.campus("demo")
    assert list(summary) == ["logins", "unused_key", "urls"]
    assert [login["username"] for login in summary["logins"] if login["username"] not in said] == []
    assert summary["unused_key"] in said
    assert [url for url in summary["urls"].values() if url not in said] == []
    assert {login["district"] for login in summary["logins"]} == {district.id for district in DEMO_DISTRICTS}


def test_every_login_that_it_prints_signs_in_and_the_key_is_unused(filled: Shell) -> None:
    summary = filled.json("demo")

    async def try_them_all(campus: Campus) -> None:
        for login in summary["logins"]:
            assert login["password"] == PASSWORD
            who = LoginRequest(login["district"], Portal(login["portal"]), login["username"], login["password"])
            await sign_in(campus, who)
        await campus.activation.verify("jackson-ga", summary["unused_key"])

    behind_the_counter(filled, try_them_all)


def test_a_key_that_was_used_is_not_offered_again(filled: Shell) -> None:
    key = filled.campus("demo", "--unused-key").strip()

    async def lose(campus: Campus) -> None:
        offer = await campus.activation.verify("jackson-ga", key)
        request = ActivationRequest("jackson-ga", key, f"{offer.first_name}2026", PASSWORD, PASSWORD)
        await campus.activation.activate(request)

    behind_the_counter(filled, lose)
    other = filled.campus("demo", "--unused-key").strip()
    assert other not in {"", key}


def test_it_needs_no_migration_before_it(tmp_path: Path) -> None:
    """`make dev` is the first command on a new machine."""
    shell = Shell(tmp_path)
    assert shell.json("demo")["unused_key"]
    assert sorted(path.name for path in (tmp_path / "var").iterdir()) == sorted(
        ["campus.db", "dev-secret-key", *(f"demo-keys-{district.id}.csv" for district in DEMO_DISTRICTS)]
    )
    assert [path.name for path in (tmp_path / "var").iterdir() if path.stat().st_mode & 0o077] == []


def test_it_does_not_belong_into_production(tmp_path: Path) -> None:
    production = {
        "CAMPUS_ENV": "production",
        "CAMPUS_SECRET_KEYS": secrets.token_urlsafe(48),
        "CAMPUS_SIGNING_KEYS": SigningKeyPair.generate().private_pem,
    }
    code, complaint = Shell(tmp_path, production).refused("demo")
    assert (code, complaint) == (2, "campus: CAMPUS_ENV: demo data does not belong into production\n")
    assert list(tmp_path.iterdir()) == []


def dump(shell: Shell) -> Dump:
    """Every row of every table."""

    async def read(campus: Campus) -> Dump:
        async with campus.database.reading() as connection:
            return {
                name: sorted(str(tuple(row)) for row in await connection.execute(select(table)))
                for name, table in Base.metadata.tables.items()
            }

    return behind_the_counter(shell, read)


def contents(folder: Path) -> dict[str, str]:
    """The files of keys, as they are on disk."""
    return {path.name: path.read_text() for path in folder.rglob("demo-keys-*.csv")}
