"""The disk under the database is full, and has room again: on a small disk of its own, which only root can make."""

import asyncio
import errno
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]  # it ships no types

from tests.drills.faults.scene import MeansMissing, Seen, Stage, scene
from tests.support.postgresql_guard import UNPRIVILEGED_USER

CALM_S = 1.0
DISK = "64m"
PIECE = 65_536
UNTIL_REFUSED_S = 30


async def full(stage: Stage) -> Seen:
    """Who would have written is told to come again, whoever reads is served, and nothing is written half."""
    with _small_disk(stage.folder) as disk:
        async with _database_on(disk, stage) as moved, scene(moved) as told:
            for _ in range(1 if stage.is_short else 3):
                await asyncio.sleep(CALM_S)
                ballast = disk / "ballast"
                try:
                    _fill(ballast)
                    before = told.crowd.numbers.answers["503 overloaded"]
                    async with asyncio.timeout(UNTIL_REFUSED_S):
                        while told.crowd.numbers.answers["503 overloaded"] == before:
                            _fill(ballast)  # what was freed meanwhile, by PostgreSQL or a checkpoint of SQLite
                            await asyncio.sleep(0.1)
                    await asyncio.sleep(CALM_S if stage.is_short else 5)
                finally:
                    ballast.unlink()
                await told.recovers()
    return told.seen


def _fill(ballast: Path) -> None:
    with ballast.open("ab", buffering=0) as file:
        try:
            while file.write(bytes(PIECE)) == PIECE:
                pass
        except OSError as fault:
            if fault.errno != errno.ENOSPC:
                raise


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path]:
    """Gone at the end of the block.

    Raises:
        MeansMissing: this machine lets nobody make a disk.
    """
    disk = Path(mkdtemp(prefix="campus-disk-", dir=folder))
    if shutil.which("mount") is None:
        raise MeansMissing("there is no mount, which makes a small disk")
    mounted = subprocess.run(  # noqa: S603  # our own words
        ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0755", "campus-drill", str(disk)],  # noqa: S607  # wherever the machine has it
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        raise MeansMissing(f"only root can make a small disk ({mounted.stderr.decode().strip()})")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)  # noqa: S603, S607  # our own words


@asynccontextmanager
async def _database_on(disk: Path, stage: Stage) -> AsyncIterator[Stage]:
    if stage.engine == "SQLite":
        shutil.copy(stage.database_url.removeprefix("sqlite:///"), disk / "campus.db")
        yield replace(stage, database_url=f"sqlite:///{disk / 'campus.db'}")
        return
    shutil.chown(disk, UNPRIVILEGED_USER)
    _open_way_to(disk)
    name = urlsplit(stage.database_url).path.removeprefix("/")
    connection = await asyncpg.connect(urlsplit(stage.database_url)._replace(path="/postgres").geturl())
    space = f"space_{name}"
    try:
        await connection.execute(f"CREATE TABLESPACE {space} LOCATION '{disk}'")
        await connection.execute(f"ALTER DATABASE {name} SET TABLESPACE {space}")
        try:
            yield stage
        finally:
            await connection.execute(f"ALTER DATABASE {name} SET TABLESPACE pg_default")
            await connection.execute(f"DROP TABLESPACE {space}")
    finally:
        await connection.close()


def _open_way_to(disk: Path) -> None:
    """The server runs as somebody else, and must get there."""
    for folder in disk.parents:
        if folder.stat().st_uid == os.geteuid() and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
