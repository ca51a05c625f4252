"""A whole district's letters: 10,000 keys, in memory that does not grow, by a command that may be killed at any moment."""

import asyncio
import csv
import gc
import secrets
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, select

from app.clock import ManualClock
from app.composition import Campus, open_campus
from app.models import ActivationKey, Person
from app.portals import Portal
from app.security.activation_codes import is_well_formed, normalise_activation_code
from app.services.keys import BATCH, IssuedKey
from app.settings import Settings
from tests.cli.grand_bend import keys_in
from tests.support.engines import sqlite_only
from tests.support.shell import Running, Shell

ID = "big"
STUDENTS = 10_000
ONE_MIB = 1024 * 1024
WORDS = ("keys", "issue", "--district", ID, "--portal", "student", "--csv")


@pytest.fixture
async def campus(settings: Settings, clock: ManualClock) -> AsyncIterator[Campus]:
    async with open_campus(settings, clock=clock) as campus:
        words = {"name": "Big County Schools", "state": "GA", "timezone": "America/New_York"}
        await campus.district_office.add(district_id=ID, **words)
        names = {"first_name": "Kim", "last_name": "Lee", "is_student": True, "first_seen_at": clock.now()}
        rows = [{"id": uuid4(), "district_id": ID, "sourced_id": f"s{n}", **names} for n in range(STUDENTS)]
        async with campus.database.transaction() as session:
            await session.execute(insert(Person), rows)
        yield campus


@pytest.fixture
def shell(settings: Settings, tmp_path: Path) -> Shell:
    secret = settings.secret_keys[0].get_secret_value()
    return Shell(tmp_path, {"CAMPUS_DATABASE_URL": settings.database_url, "CAMPUS_SECRET_KEYS": secret})


@sqlite_only  # of both engines alike, and to watch the memory takes long
async def test_the_last_batch_needs_no_more_memory_than_the_second(campus: Campus) -> None:
    peaks: list[int] = []

    async def print_letters(_: Sequence[IssuedKey]) -> None:
        peaks.append(tracemalloc.get_traced_memory()[1])
        gc.collect()  # what only waits to be collected is no growth
        tracemalloc.reset_peak()

    tracemalloc.start()
    try:
        issued = await campus.key_issue.issue(ID, print_letters, portals=[Portal.STUDENT])
    finally:
        tracemalloc.stop()
    assert (issued, len(peaks)) == (STUDENTS, STUDENTS // BATCH)
    assert max(peaks[2:]) < peaks[1] + ONE_MIB


async def test_a_command_that_was_killed_is_run_again_and_nobody_is_left_out_or_has_two(
    campus: Campus, shell: Shell, tmp_path: Path
) -> None:
    killed_after = await kill_somewhere(shell.start(*WORDS, "first.csv"), tmp_path / "first.csv")
    report = await asyncio.to_thread(shell.json, *WORDS, "second.csv")
    told = f"killed after {killed_after} lines"
    first, second = whole_keys(tmp_path / "first.csv"), keys_in(tmp_path / "second.csv")
    assert report["issued"] == len(second), told
    digests = {campus.key_issue.digest(ID, key["activation_key"]): key["person_id"] for key in [*first, *second]}
    live = await live_keys(campus)
    assert len(live) == len({row.person_id for row in live}) == STUDENTS, told
    assert [row for row in live if digests.get(row.digest) != str(row.person_id)] == [], told
    assert len(digests) - len(live) in {0, BATCH}, f"{told}: at most one batch is on paper and opens nothing"


async def kill_somewhere(command: Running, file: Path) -> int:
    """At a random point of the file, not waiting for anything to be tidied up."""
    wanted = 1 + secrets.randbelow(STUDENTS - 2 * BATCH)
    while lines_in(file) < wanted and command.process.is_alive():  # noqa: ASYNC110  # a file makes no events
        await asyncio.sleep(0.001)
    await asyncio.sleep(secrets.randbelow(30) / 1000)
    command.process.kill()
    await asyncio.to_thread(command.finish)
    return wanted


def lines_in(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0


def whole_keys(file: Path) -> list[dict[str, Any]]:
    """Without a last line that broke off."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [row for row in rows if is_well_formed(normalise_activation_code(row["activation_key"] or ""))]


async def live_keys(campus: Campus) -> list[Any]:
    query = select(ActivationKey.person_id, ActivationKey.digest).where(
        ActivationKey.used_at.is_(None), ActivationKey.revoked_at.is_(None)
    )
    async with campus.database.reading() as connection:
        return list(await connection.execute(query))
