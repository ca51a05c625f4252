"""The hot paths on SQLite, on the event loop: such a statement takes less time than a hop to another thread and back.

What could take long does hop: waiting for another process that writes, and moving what was written from the log into the database file.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from app.database.bundle import Runnable
from app.database.engines import BUSY_TIMEOUT_MS, configure_sqlite_reader, configure_sqlite_writer
from app.database.group_commit import GroupCommit
from app.database.patience import POOL_TIMEOUT_S, patience_s
from app.database.statements import Statement, Values
from app.database.work import Listener, Work

T = TypeVar("T")

CHECKPOINT_EVERY = 100
"""Transactions. By itself SQLite does it every thousand pages, within the commit of whoever comes then."""


class SqliteLane:
    """One connection that writes and one that reads; statements never overlap, as none of them waits."""

    def __init__(self, path: Path, turn: asyncio.Lock, listeners: list[Listener]) -> None:
        """`turn` is held by whoever writes in this process."""
        self._path = path
        self._groups = GroupCommit(turn, self._begun)
        self._listeners = listeners
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="sqlite")  # starts none before it is asked
        self._transactions = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Work]:
        async with self._groups.member() as writer:
            work = Work(partial(_run, writer), "sqlite", self._listeners)
            yield work
            await work.flush()
        self._note_transaction()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Work]:
        yield self._reading_work()

    async def first(self, statement: Statement, values: Values) -> Any | None:
        return await statement.first(self._reading_work(), values)

    def _reading_work(self) -> Work:
        self._reader = self._reader or self._connect(configure_sqlite_reader)
        return Work(partial(self._read, self._reader), "sqlite", self._listeners)

    async def close(self) -> None:
        await self._groups.close()
        self._threads.shutdown()
        for connection in (self._writer, self._reader):
            if connection:
                connection.close()

    def _connect(self, configure: Callable[[Any, object], None]) -> sqlite3.Connection:
        """A connection that waits for nobody."""
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        configure(connection, None)
        connection.execute("PRAGMA busy_timeout=0")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        return connection

    async def _begun(self) -> sqlite3.Connection:
        """The writer, with a transaction on it."""
        writer = self._writer = self._writer or self._connect(configure_sqlite_writer)
        try:
            writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as fault:
            if not _is_busy(fault):
                raise
            waiting = asyncio.ensure_future(self._in_thread(partial(_begin_patiently, writer)))
            try:
                await asyncio.shield(waiting)
            except asyncio.CancelledError:
                await waiting
                writer.execute("ROLLBACK")
                raise
        return writer

    async def _read(self, reader: sqlite3.Connection, runnable: Runnable, arguments: list[object]) -> list[Any]:
        try:
            return await _run(reader, runnable, arguments)
        except sqlite3.OperationalError as fault:
            if not _is_busy(fault):
                raise
        # Another process has just opened the file, or closes it.
        return runnable.rows(await self._in_thread(partial(_read_patiently, self._path, runnable.text, arguments)))

    def _note_transaction(self) -> None:
        self._transactions += 1
        if self._transactions % CHECKPOINT_EVERY == 0:
            self._threads.submit(_checkpoint, self._path)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


@asynccontextmanager
async def turn_of(turn: asyncio.Lock) -> AsyncIterator[None]:
    """Holds it for the block. Raises TimeoutError where it does not become free."""
    async with asyncio.timeout(patience_s() or POOL_TIMEOUT_S):
        await turn.acquire()
    try:
        yield
    finally:
        turn.release()


async def _run(connection: sqlite3.Connection, runnable: Runnable, arguments: list[object]) -> list[Any]:
    return runnable.rows(connection.execute(runnable.text, arguments).fetchall())


def _begin_patiently(writer: sqlite3.Connection) -> None:
    writer.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    try:
        writer.execute("BEGIN IMMEDIATE")
    finally:
        writer.execute("PRAGMA busy_timeout=0")


def _read_patiently(path: Path, text: str, arguments: list[object]) -> list[Any]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        configure_sqlite_reader(connection, None)
        return connection.execute(text, arguments).fetchall()


def _checkpoint(path: Path) -> None:
    """As much as can be moved while others read and write; the rest waits for the next time."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _is_busy(fault: sqlite3.OperationalError) -> bool:
    return fault.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
