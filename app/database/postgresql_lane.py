"""The hot paths on PostgreSQL: asyncpg itself, on the connections of SQLAlchemy's pools."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import greenlet_spawn

from app.database.faults import lost_server_as_overloaded
from app.database.statements import Compiled
from app.database.work import Listener, Work
from app.errors import Overloaded


class PostgresqlLane:
    def __init__(self, writer: AsyncEngine, reader: AsyncEngine, listeners: list[Listener]) -> None:
        self._writer = writer
        self._reader = reader
        self._listeners = listeners

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Work]:
        async with _connection_of(self._writer) as connection:
            await connection.execute("BEGIN")
            try:
                work = self._work(connection)
                yield work
                await work.flush()
            except BaseException:
                if not connection.is_closed():
                    await connection.execute("ROLLBACK")
                raise
            if await connection.execute("COMMIT") != "COMMIT":
                raise RuntimeError("a statement of this transaction failed, and somebody passed over it")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Work]:
        async with _connection_of(self._reader) as connection:
            yield self._work(connection)

    async def close(self) -> None:
        """The engines are closed by whoever made them."""

    def _work(self, connection: Any) -> Work:
        async def run(compiled: Compiled, arguments: list[object]) -> list[Any]:
            return compiled.rows(await connection.fetch(compiled.text, *arguments))

        return Work(run, "postgresql", self._listeners)


@asynccontextmanager
async def _connection_of(engine: AsyncEngine) -> AsyncIterator[Any]:
    """A connection of asyncpg, for the length of the block.

    Raises:
        Overloaded: it was lost meanwhile.
    """
    with lost_server_as_overloaded():
        borrowed = await greenlet_spawn(engine.sync_engine.raw_connection)
    connection: Any = borrowed.driver_connection
    try:
        yield connection
    except asyncio.CancelledError:
        connection.terminate()  # nobody knows what it was doing
        raise
    except Exception as fault:
        if connection.is_closed():
            raise Overloaded from fault
        raise
    finally:
        if connection.is_closed():
            borrowed.invalidate()
        else:
            await greenlet_spawn(borrowed.close)
