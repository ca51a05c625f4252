"""SQLAlchemy's engines, and the one place that makes them.

SQLite: WAL; whoever writes holds the process' one turn, so that waiters queue fairly here instead of colliding in SQLite; he begins IMMEDIATE, since a
deferred transaction that turns into a writer fails at once under load. Readers are deferred and may not write.
PostgreSQL: READ COMMITTED for transactions, autocommit for reading (no BEGIN and COMMIT round trips).
"""

from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from app.database.patience import POOL_TIMEOUT_S
from app.settings import Settings, SettingsError

BUSY_TIMEOUT_MS = 5_000
SQLITE_READERS = 4
_SQLITE_MAGIC = b"SQLite format 3\0"
CONNECT_TIMEOUT_S = 5


def engines_of(settings: Settings, statement_timeout_s: float) -> tuple[AsyncEngine, AsyncEngine]:
    """The one that writes and the one that only reads."""
    return _sqlite_engines(settings) if settings.is_sqlite else _postgresql_engines(settings, statement_timeout_s)


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
    event.listen(writer.sync_engine, "connect", configure_sqlite_writer)
    event.listen(writer.sync_engine, "begin", _begin_immediate)
    event.listen(reader.sync_engine, "connect", configure_sqlite_reader)
    return writer, reader


def configure_sqlite_writer(connection: Any, _: object) -> None:
    connection.isolation_level = None  # sqlite3 begins nothing by itself; `_begin_immediate` does
    # busy_timeout comes first: the switch to WAL can itself meet a lock.
    _pragmas(connection, f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON")


def configure_sqlite_reader(connection: Any, _: object) -> None:
    connection.isolation_level = None
    _pragmas(connection, f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "query_only=ON")


def _pragmas(connection: Any, *pragmas: str) -> None:
    cursor = connection.cursor()
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def short_share(pool_size: int) -> int:
    """Of the connections for reading, and of those for writing, so many are the hot paths' own; the others' are one at least."""
    return (pool_size + 1) // 2


def short_engine(settings: Settings, statement_timeout_s: float) -> AsyncEngine:
    """One that makes the connections of PostgreSQL's hot paths, and keeps none."""
    return create_async_engine(
        _asyncpg_url(settings), poolclass=NullPool, connect_args=_asyncpg_arguments(statement_timeout_s)
    )


def _postgresql_engines(settings: Settings, statement_timeout_s: float) -> tuple[AsyncEngine, AsyncEngine]:
    common: dict[str, Any] = {
        "pool_size": max(1, settings.database_pool_size - short_share(settings.database_pool_size)),
        "max_overflow": 0,
        "pool_timeout": POOL_TIMEOUT_S,
        "pool_use_lifo": True,  # the one that was used last: its server has the plans and pages of the last request at hand
        "connect_args": _asyncpg_arguments(statement_timeout_s),
    }
    url = _asyncpg_url(settings)
    writer = create_async_engine(url, **common)
    reader = create_async_engine(url, isolation_level="AUTOCOMMIT", **common)
    for engine in (writer, reader):
        event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return writer, reader


def _asyncpg_arguments(statement_timeout_s: float) -> dict[str, Any]:
    from app.database.postgresql_connection import Connection as OneThatIsGivenUp  # noqa: PLC0415  # the driver is loaded where it is needed

    return {
        "connection_class": OneThatIsGivenUp,
        "timeout": CONNECT_TIMEOUT_S,
        "command_timeout": statement_timeout_s + 2,
        "server_settings": {
            "application_name": "campus",
            "client_connection_check_interval": "1s",  # so that nothing is held by a statement that was given up
            "jit": "off",
            "timezone": "UTC",
            "statement_timeout": f"{statement_timeout_s * 1000:.0f}ms",
        },
    }


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
