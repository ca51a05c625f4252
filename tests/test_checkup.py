"""What goes wrong with a service that runs is found before a parent finds it."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from app.clock import ManualClock
from app.settings import Settings
from tests.mail.smtp_server import HOST, Postmaster, mail_server
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server, serving
from tests.support.shell import Shell

SECRET = "a-newer-key-that-takes-the-place-of-the-one-before"


async def test_what_goes_wrong_while_it_runs_is_found(settings: Settings, clock: ManualClock) -> None:
    """No worker: mails wait, nothing is sealed; a roster of last month; and the clock of this machine, which stands still."""
    async with serving(settings, clock) as server:
        office = await Office.open(server)
        maria = await office.parent()
        assert (await maria.activate()).status_code == 201
        who = {"district": maria.district, "portal": maria.portal, "username": maria.username}
        assert (await maria.http.post("/password-reset", json=who)).status_code == 202
        clock.advance(timedelta(minutes=20))
        found = await found_by(server)
        skewed = set() if settings.is_sqlite else {"clock.skew", "database_role.owner"}
        assert found == skewed | {"worker.none", "outbox.late", "audit.late", "rosters.stale"}
        await server.campus.worker_beats.beat()
        await server.campus.audit_sealing.seal()
        clock.advance(timedelta(minutes=3))
        assert await found_by(server) == skewed | {"outbox.late", "rosters.stale"}
        clock.advance(timedelta(minutes=3))
        assert "worker.none" in await found_by(server)
        await server.campus.worker_beats.beat()
        await server.campus.worker_beats.end()
        assert "worker.none" in await found_by(server)


async def found_by(server: Server) -> set[str]:
    checks = await server.campus.checkup.checks()
    assert json.dumps([dict(check.facts) for check in checks], default=str)
    return {finding.id for check in checks for finding in check.findings}


@sqlite_only
async def test_secret_keys_that_want_something_done_are_found(settings: Settings, clock: ManualClock) -> None:
    async with serving(settings, clock) as server:
        await (await Office.open(server)).parent()
    both = settings.model_copy(update={"secret_keys": (SecretStr(SECRET), *settings.secret_keys)})
    async with serving(both, clock) as server:
        assert "secret_keys.reseal" in await found_by(server)
        await server.campus.resealing.reseal()
        assert "secret_keys.spare" in await found_by(server)
    lost = settings.model_copy(update={"secret_keys": (SecretStr(f"{SECRET}-lost"),)})
    async with serving(lost, clock) as server:
        assert "secret_keys.missing" in await found_by(server)


async def test_the_mail_server_is_greeted_if_asked(sqlite_url: str, tmp_path: Path) -> None:
    postmaster = Postmaster()
    async with mail_server(postmaster) as port:
        settings = {"CAMPUS_DATABASE_URL": sqlite_url, "CAMPUS_MAIL_URL": f"smtp://{HOST}:{port}"}
        shell = Shell(tmp_path, settings)
        told = (await asyncio.to_thread(shell.run, "doctor", "--mail", "--json")).json
        assert told["checks"]["mail"] == {"state": "ok"}
        assert postmaster.commands == []
    printed = await asyncio.to_thread(shell.run, "doctor", "--mail", "--strict")
    assert (printed.code, "the mail server cannot be used" in printed.out) == (1, True)
