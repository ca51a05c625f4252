"""The hot paths on PostgreSQL: asyncpg itself, on connections of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from app.database.bundle import Runnable
from app.database.patience import while_patient
from app.database.short_connections import ShortConnections
from app.database.statements import Statement, Values
from app.database.work import Listener, Work
from app.errors import Overloaded


class PostgresqlLane:
    def __init__(self, engine: AsyncEngine, size: int, listeners: list[Listener]) -> None:
        """`engine` makes the connections: at most `size` for transactions, and as many for reading."""
        self._writer = ShortConnections(engine, size)
        self._reader = ShortConnections(engine, size)
        self._listeners = listeners

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Work]:
        async with while_patient(), _connection_of(self._writer) as connection:
            await connection.execute("BEGIN")
            try:
                work = self._work(connection)
                yield work
                await work.flush()
            except BaseException as fault:
                if isinstance(fault, asyncio.CancelledError):
                    connection.terminate()  # nobody knows what it was doing
                if not connection.is_closed():
                    await connection.execute("ROLLBACK")
                raise
            if await connection.execute("COMMIT") != "COMMIT":
                raise RuntimeError("a statement of this transaction failed, and somebody passed over it")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Work]:
        async with while_patient(), _connection_of(self._reader) as connection:
            yield self._work(connection)

    async def first(self, statement: Statement, values: Values) -> Any | None:
        async with while_patient(), _connection_of(self._reader) as connection:
            return await statement.first(self._work(connection), values)

    async def close(self) -> None:
        await self._writer.close()
        await self._reader.close()

    def _work(self, connection: Any) -> Work:
        async def run(runnable: Runnable, arguments: list[object]) -> list[Any]:
            return runnable.rows(await connection.fetch(runnable.text, *arguments))

        return Work(run, "postgresql", self._listeners)


class _connection_of:  # noqa: N801  # used as a function; a generator would cost every request a few microseconds more
    """A connection of asyncpg, for the length of the block.

    Raises:
        Overloaded: it was lost meanwhile.
    """

    def __init__(self, connections: ShortConnections) -> None:
        self._connections = connections

    async def __aenter__(self) -> Any:
        try:
            self._connection: Any = await self._connections.take()
        except OSError as fault:
            raise Overloaded from fault
        return self._connection

    async def __aexit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        if isinstance(fault, asyncio.CancelledError):
            self._connection.terminate()  # nobody knows what it was doing
        self._connections.give_back(self._connection)
        if isinstance(fault, Exception) and self._connection.is_closed():
            raise Overloaded from fault
