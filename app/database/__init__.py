"""The database: transactions, reading, and the short work of the hot paths.

Both engines get the same doors. `transaction()` is a unit of work: returning commits, raising rolls back. `reading()` sees committed
data, one statement at a time, and never waits for a writer. `brief()` and `asking()` are the same for `Statement`s alone, by the driver
itself: for what every sign-in does and every signed-in request asks. Nobody waits for any of them longer than his `patience`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from typing import Any

from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.database.engines import engines_of, migration_engine, short_engine, short_share
from app.database.faults import lost_server_as_overloaded, passing_faults_as_overloaded
from app.database.patience import STATEMENT_TIMEOUT_S, patience, unhurried, while_patient
from app.database.postgresql_lane import PostgresqlLane
from app.database.sqlite_lane import SqliteLane, turn_of
from app.database.statements import Statement, Values
from app.database.work import Asks, Lane, Listener, Unit, Work, put
from app.settings import Settings

__all__ = [
    "Asks",
    "Database",
    "Statement",
    "Unit",
    "Work",
    "lost_server_as_overloaded",
    "migration_engine",
    "passing_faults_as_overloaded",
    "patience",
    "put",
    "unhurried",
]


class Database:
    def __init__(self, settings: Settings, *, statement_timeout_s: float = STATEMENT_TIMEOUT_S) -> None:
        self.is_sqlite = settings.is_sqlite
        self.writer, self.reader = engines_of(settings, statement_timeout_s)
        self.listeners: list[Listener] = []
        """Who hears each `Statement`; what goes through SQLAlchemy is heard at its engines."""
        self._turn = asyncio.Lock() if settings.is_sqlite else None
        self._lane: Lane = (
            SqliteLane(settings.sqlite_path, self._turn, self.listeners)
            if self._turn
            else PostgresqlLane(
                short_engine(settings, statement_timeout_s), short_share(settings.database_pool_size), self.listeners
            )
        )

    @property
    def engines(self) -> list[Engine]:
        """All that SQLAlchemy's statements go through, for those who watch them."""
        return [self.writer.sync_engine, self.reader.sync_engine]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A unit of work: commits when the block ends, rolls back when it raises.

        Raises:
            Overloaded: the database is gone, or too busy to begin.
        """
        with passing_faults_as_overloaded():
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(turn_of(self._turn) if self._turn else while_patient())
                session = await stack.enter_async_context(AsyncSession(self.writer, expire_on_commit=False))
                await stack.enter_async_context(session.begin())
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
            async with nullcontext() if self.is_sqlite else while_patient():
                with lost_server_as_overloaded():
                    connection = await self.reader.connect()
                try:
                    yield connection
                finally:
                    await connection.close()

    @asynccontextmanager
    async def brief(self) -> AsyncIterator[Work]:
        """`transaction` for a few short `Statement`s.

        Raises:
            Overloaded: the database is gone, or too busy.
        """
        with passing_faults_as_overloaded():
            async with self._lane.transaction() as work:
                yield work

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[Work]:
        """`reading` for a few short `Statement`s.

        Raises:
            Overloaded: the database is gone, or too busy.
        """
        with passing_faults_as_overloaded():
            async with self._lane.reading() as work:
                yield work

    async def first(self, statement: Statement, values: Values) -> Any | None:
        """The first row, if there is one: `asking` for one statement, and the way of every signed-in request.

        Raises:
            Overloaded: the database is gone, or too busy.
        """
        with passing_faults_as_overloaded():
            return await self._lane.first(statement, values)

    async def close(self) -> None:
        await self._lane.close()
        await self.writer.dispose()
        await self.reader.dispose()
