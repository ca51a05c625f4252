"""An operator backs up while people come and go, loses the database, and restores it."""

import asyncio
import json
import stat
import tarfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from app import migrate
from app.clock import SystemClock
from app.settings import Settings
from tests.cli.counter import behind_the_counter
from tests.conftest import SECRET_KEY
from tests.documents.test_operations import POSTGRESQL_PROGRAMS
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import User, serving
from tests.support.processes import server_processes
from tests.support.shell import Shell

PROGRAMS = str(POSTGRESQL_PROGRAMS["pg_dump"].parent)


@pytest.fixture
def shell(settings: Settings, tmp_path: Path) -> Shell:
    variables = {"CAMPUS_DATABASE_URL": settings.database_url, "CAMPUS_SECRET_KEYS": SECRET_KEY, "PATH": PROGRAMS}
    return Shell(tmp_path, variables)


async def people(settings: Settings) -> tuple[User, User]:
    """Maria has an account, and Paul a key."""
    async with serving(settings, SystemClock()) as server:
        maria, paul = await (await Office.open(server)).parents(2)
        assert (await maria.activate()).status_code == 201
        return maria, paul


def credentials(person: User) -> dict[str, object]:
    return {
        "district": person.district,
        "portal": person.portal,
        "username": person.username,
        "password": person.password,
    }


def test_a_backup_under_way_stops_nobody_and_its_restore_is_whole(
    settings: Settings, shell: Shell, tmp_path: Path
) -> None:
    maria, paul = asyncio.run(people(settings))
    with server_processes(settings, tmp_path) as (server,):
        running = shell.start("backup", "campus.backup", "--json")
        statuses = [server.post("/login", credentials(maria)).status_code]
        while running.process.is_alive():
            statuses.append(server.post("/login", credentials(maria)).status_code)
        made = running.finish()
        assert (made.code, made.err, set(statuses)) == (0, "", {200})
        session = server.post("/login", credentials(maria)).json()
        assert server.post("/activate", paul.activation()).status_code == 201
        assert "stop" in shell.refused("restore", "campus.backup", "--replace")[1]
    file = tmp_path / "campus.backup"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made.json["manifest"]["counts"]["accounts"] == 1
    assert "is not empty (1 districts, 2 accounts" in shell.refused("restore", "campus.backup")[1]
    assert "exists" in shell.refused("backup", "campus.backup")[1]
    assert SECRET_KEY.encode() not in file.read_bytes()

    report = shell.json("restore", "campus.backup", "--replace")
    assert (report["ok"], report["trail"]) == (True, {})
    assert shell.json("audit", "verify")["ok"] is True
    asyncio.run(as_it_was(settings, maria, paul, session))
    assert shell.campus("backup", "again.backup").startswith("again.backup holds 1 districts and 2 accounts")
    report = shell.json("restore", "again.backup", "--replace", "--keep-sessions")
    assert (report["sessions_ended"], report["manifest"]["counts"]["accounts"]) == (0, 2)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


async def as_it_was(settings: Settings, maria: User, paul: User, session: dict[str, Any]) -> None:
    """At the time of the backup, but that everybody has to sign in."""
    async with serving(settings, SystemClock()) as server:
        maria.server = paul.server = server
        for token in (session["refresh_token"], maria.session["refresh_token"]):
            assert (await maria.refresh(token)).status_code == 401
        assert (await maria.sign_in()).status_code == 200
        assert (await paul.activate()).status_code == 201, "the key is unused again"


def test_a_backup_of_the_release_before_moves_to_the_schema_of_this_one(settings: Settings, shell: Shell) -> None:
    migrate.downgrade(settings, "2026_11_22_zz_year_households")
    shell.campus("backup", "before.backup")
    report = shell.json("restore", "before.backup")
    assert report["manifest"]["revision"] == "2026_11_22_zz_year_households"
    assert shell.campus("migrate") == f"The database is at {migrate.newest_revision()}.\n"
    assert migrate.differences(settings) == []


def changed(source: Path, into: Path, change: Callable[[str, bytes], bytes]) -> str:
    """The same file with other contents."""
    with tarfile.open(source) as read, tarfile.open(into, "w") as write:
        for member in read.getmembers():
            stream = read.extractfile(member)
            assert stream is not None
            content = change(member.name, stream.read())
            member.size = len(content)
            write.addfile(member, BytesIO(content))
    return into.name


@sqlite_only
def test_what_cannot_be_trusted_is_not_restored(settings: Settings, shell: Shell, tmp_path: Path) -> None:
    """And the database is left as it was."""
    asyncio.run(people(settings))
    behind_the_counter(shell, lambda campus: campus.audit_sealing.seal())
    shell.campus("backup", "good.backup")
    good, database = tmp_path / "good.backup", settings.sqlite_path

    def promote(name: str, content: bytes) -> bytes:
        if name != "manifest.json":
            return content
        return json.dumps({**json.loads(content), "made_at": "2030-01-01T00:00:00Z"}).encode()

    def spoil(name: str, content: bytes) -> bytes:
        return content[:-1] + b"x" if name == "database" else content

    (tmp_path / "text.backup").write_text("no backup at all")
    (tmp_path / "half.backup").write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    refusals = {
        "text.backup": "is no backup of this service",
        "half.backup": "damaged",
        changed(good, tmp_path / "promoted.backup", promote): "manifest of the backup was damaged or changed",
        changed(good, tmp_path / "spoilt.backup", spoil): "is not what was backed up",
        "missing.backup": "No such file",
    }
    for name, complaint in refusals.items():
        assert complaint in shell.refused("restore", name, "--replace")[1]
    other = replace(shell, variables={**shell.variables, "CAMPUS_SECRET_KEYS": "another-key-of-an-operator-0123456789"})
    assert "under the secret key" in other.refused("restore", "good.backup", "--replace")[1]
    url = "postgresql://nobody@127.0.0.1:1/none"
    elsewhere = replace(shell, variables={**shell.variables, "CAMPUS_DATABASE_URL": url})
    assert "the backup is one of sqlite" in elsewhere.refused("restore", "good.backup")[1]
    without = replace(elsewhere, variables={**elsewhere.variables, "PATH": str(tmp_path)})
    assert "pg_dump is not found; install" in without.refused("backup", "other.backup")[1]
    assert not (tmp_path / "other.backup").exists()
    assert database.exists()
    assert "accounts" in shell.refused("restore", "good.backup")[1], "what was there is still there"
    assert "FINDINGS" in other.run("restore", "good.backup", "--replace", "--lost-keys").out, "of another key"
    assert "a secret key that is not listed" in other.run("audit", "verify").out
