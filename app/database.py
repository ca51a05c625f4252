"""Engine, transaction, reading: the one place that makes an engine.

Both engines get the same two doors. `transaction()` is a short unit of work: returning commits, raising rolls back.
`reading()` sees committed data, one statement at a time, and never waits for a writer.

SQLite: WAL; one writing connection, so that waiters queue fairly here instead of colliding in SQLite; it begins IMMEDIATE, since a
deferred transaction that turns into a writer fails at once under load. Readers are deferred and may not write.
PostgreSQL: READ COMMITTED for transactions, autocommit for reading (no BEGIN and COMMIT round trips).
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Select, create_engine, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import greenlet_spawn

from app.errors import Overloaded
from app.settings import Settings, SettingsError

BUSY_TIMEOUT_MS = 5_000
SQLITE_READERS = 4
_SQLITE_MAGIC = b"SQLite format 3\0"
# Far longer than the worst queue of writers seen under load (1.6 s for 1,000 waiters), no longer than a client's patience.
POOL_TIMEOUT_S = 30
CONNECT_TIMEOUT_S = 5
STATEMENT_TIMEOUT_S = 30
"""The server's own; the driver's, for a server that no longer answers at all, comes a little later."""
# PostgreSQL: lost connection, no such database (yet), deadlock, serialisation failure, cancelled by timeout, server shutting down or starting, out of connections.
_PASSING_STATES = ("08", "3D", "40", "53", "57")
_PASSING_SQLITE_CODES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}


class Database:
    def __init__(self, settings: Settings) -> None:
        self.is_sqlite = settings.is_sqlite
        if settings.is_sqlite:
            self.writer, self.reader = _sqlite_engines(settings)
            self._row_reader: Engine | None = _sqlite_row_reader(settings)
        else:
            self.writer, self.reader = _postgresql_engines(settings)
            self._row_reader = None
        self._row_threads = ThreadPoolExecutor(
            SQLITE_READERS, thread_name_prefix="sqlite-row"
        )  # starts none before it is asked

    @property
    def engines(self) -> list[Engine]:
        """All that statements go through, for those who watch them."""
        return [self.writer.sync_engine, self.reader.sync_engine, *([self._row_reader] if self._row_reader else [])]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A unit of work: commits when the block ends, rolls back when it raises.

        Raises:
            Overloaded: the database is gone, or too busy to begin.
        """
        with passing_faults_as_overloaded():
            async with AsyncSession(self.writer, expire_on_commit=False) as session, session.begin():
                with lost_server_as_overloaded():
                    await session.connection()
                yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for SELECTs, each of which sees what was committed before it.

        Raises:
            Overloaded: the database is gone, or too busy.
        """
        with passing_faults_as_overloaded():
            with lost_server_as_overloaded():
                connection = await self.reader.connect()
            try:
                yield connection
            finally:
                await connection.close()

    async def read_row(self, query: Select[Any], values: Mapping[str, object]) -> Row[Any] | None:
        """The one row that `query` selects, or None: `reading` for what every request asks.

        On PostgreSQL connecting, asking and giving back share one greenlet, which takes a tenth off the whole request. On SQLite they
        share one hop to another thread, where aiosqlite makes five.

        Raises:
            Overloaded: the database is gone, or too busy.
        """
        with passing_faults_as_overloaded(), lost_server_as_overloaded():
            if self._row_reader is None:
                return await greenlet_spawn(_read_row, self.reader.sync_engine, query, values)
            # With the context of the request, in which its span lies.
            ask = partial(copy_context().run, _read_row, self._row_reader, query, values)
            return await asyncio.get_running_loop().run_in_executor(self._row_threads, ask)

    async def close(self) -> None:
        if self._row_reader is not None:
            self._row_threads.shutdown()
            self._row_reader.dispose()
        await self.writer.dispose()
        await self.reader.dispose()


def _read_row(engine: Engine, query: Select[Any], values: Mapping[str, object]) -> Row[Any] | None:
    with engine.connect() as connection:
        row: Row[Any] | None = connection.execute(query, values).one_or_none()
        return row


@contextmanager
def lost_server_as_overloaded() -> Iterator[None]:
    """Drivers raise a bare OSError where no server listens; only while connecting, so that no other file's fault is mistaken for it."""
    try:
        yield
    except OSError as fault:
        raise Overloaded from fault


@contextmanager
def passing_faults_as_overloaded() -> Iterator[None]:
    """What heals by itself (a lost server, a full pool, a deadlock) becomes a refusal that says: try again."""
    try:
        yield
    except (PoolTimeoutError, TimeoutError) as fault:
        raise Overloaded from fault
    except DBAPIError as fault:
        if _is_passing(fault):
            raise Overloaded from fault
        raise


def _is_passing(fault: DBAPIError) -> bool:
    code = getattr(fault.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _PASSING_SQLITE_CODES
    state = getattr(fault.orig, "sqlstate", None) or ""
    return isinstance(fault, InterfaceError) or fault.connection_invalidated or state.startswith(_PASSING_STATES)


def _sqlite_engines(settings: Settings) -> tuple[AsyncEngine, AsyncEngine]:
    _make_private_file(settings.sqlite_path)
    url = _aiosqlite_url(settings)
    common: dict[str, Any] = {
        "max_overflow": 0,
        "pool_timeout": POOL_TIMEOUT_S,
        "connect_args": {"timeout": BUSY_TIMEOUT_MS / 1000},
    }
    writer = create_async_engine(url, pool_size=1, **common)
    reader = create_async_engine(url, pool_size=SQLITE_READERS, isolation_level="AUTOCOMMIT", **common)
    event.listen(writer.sync_engine, "connect", _configure_sqlite_writer)
    event.listen(writer.sync_engine, "begin", _begin_immediate)
    event.listen(reader.sync_engine, "connect", _configure_sqlite_reader)
    return writer, reader


def _sqlite_row_reader(settings: Settings) -> Engine:
    reader = create_engine(
        f"sqlite:///{settings.sqlite_path}",
        pool_size=SQLITE_READERS,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        isolation_level="AUTOCOMMIT",
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000},
    )
    event.listen(reader, "connect", _configure_sqlite_reader)
    return reader


def _configure_sqlite_writer(connection: Any, _: object) -> None:
    connection.isolation_level = None  # sqlite3 begins nothing by itself; `_begin_immediate` does
    # busy_timeout comes first: the switch to WAL can itself meet a lock.
    _pragmas(connection, f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON")


def _configure_sqlite_reader(connection: Any, _: object) -> None:
    connection.isolation_level = None
    _pragmas(connection, f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "query_only=ON")


def _pragmas(connection: Any, *pragmas: str) -> None:
    cursor = connection.cursor()
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _postgresql_engines(settings: Settings) -> tuple[AsyncEngine, AsyncEngine]:
    url = _asyncpg_url(settings)
    common: dict[str, Any] = {
        "pool_size": settings.database_pool_size,
        "max_overflow": 0,
        "pool_timeout": POOL_TIMEOUT_S,
        "connect_args": {
            "timeout": CONNECT_TIMEOUT_S,
            "command_timeout": STATEMENT_TIMEOUT_S + 2,
            "server_settings": {
                "application_name": "campus",
                "jit": "off",
                "timezone": "UTC",
                "statement_timeout": f"{STATEMENT_TIMEOUT_S}s",
            },
        },
    }
    writer = create_async_engine(url, **common)
    reader = create_async_engine(url, isolation_level="AUTOCOMMIT", **common)
    for engine in (writer, reader):
        event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return writer, reader


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    """A restarted server leaves closed connections in the pool; this finds them without a round trip."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError("the server closed this connection")


def migration_engine(settings: Settings) -> AsyncEngine:
    """An engine for changing the schema: one connection, begun as a writer.

    SQLite's foreign keys stay off, for a table that is rebuilt must not take its referring rows along.
    """
    if not settings.is_sqlite:
        return create_async_engine(_asyncpg_url(settings), poolclass=NullPool)
    _make_private_file(settings.sqlite_path)
    engine = create_async_engine(_aiosqlite_url(settings), poolclass=NullPool)
    event.listen(engine.sync_engine, "connect", _configure_sqlite_migration)
    event.listen(engine.sync_engine, "begin", _begin_immediate)
    return engine


def _configure_sqlite_migration(connection: Any, _: object) -> None:
    connection.isolation_level = None
    _pragmas(connection, f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "foreign_keys=OFF")


def _make_private_file(path: Path) -> None:
    """SQLite would create it readable for everybody; its WAL files inherit the mode.

    Raises:
        SettingsError: the file or its folder cannot be made, or the file is something else.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
    except OSError as fault:
        raise SettingsError([f"CAMPUS_DATABASE_URL: cannot make {path} ({fault.strerror})"]) from fault
    with path.open("rb") as file:
        if file.read(len(_SQLITE_MAGIC)) not in {b"", _SQLITE_MAGIC}:
            raise SettingsError([f"CAMPUS_DATABASE_URL: {path} is there, but it is no SQLite database"])


def _aiosqlite_url(settings: Settings) -> str:
    return f"sqlite+aiosqlite:///{settings.sqlite_path}"


def _asyncpg_url(settings: Settings) -> str:
    return settings.database_url.replace("postgresql://", "postgresql+asyncpg://", 1)
