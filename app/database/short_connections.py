"""Connections of asyncpg for the hot paths on PostgreSQL, in no pool of SQLAlchemy's.

Its pool wraps each one anew each time that it is lent, in a coroutine of greenlet's: a tenth of a `GET /me` and of a switch.
"""

import asyncio
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import greenlet_spawn

from app.database.patience import POOL_TIMEOUT_S


class ShortConnections:
    """At most `size`, for whoever asked first; the one that was used last is lent next."""

    def __init__(self, engine: AsyncEngine, size: int) -> None:
        """`engine` makes them and keeps none."""
        self._engine = engine.sync_engine
        self._places = asyncio.Semaphore(size)
        self._idle: list[Any] = []

    async def take(self) -> Any:
        """One that is open, as far as anybody knows.

        Raises:
            TimeoutError: none became free.
            OSError: there is no server.
        """
        await self._place()
        try:
            while self._idle:
                connection = self._idle.pop()
                if not connection.is_closed():  # a restarted server leaves such
                    return connection
            return await greenlet_spawn(self._made)
        except BaseException:
            self._places.release()
            raise

    def give_back(self, connection: Any) -> None:
        if not connection.is_closed():
            self._idle.append(connection)
        self._places.release()

    async def close(self) -> None:
        """Those that are lent are closed by nobody."""
        while self._idle:
            await self._idle.pop().close()

    async def _place(self) -> None:
        if not self._places.locked():
            await self._places.acquire()  # does not wait
            return
        async with asyncio.timeout(POOL_TIMEOUT_S):
            await self._places.acquire()

    def _made(self) -> Any:
        lent = self._engine.raw_connection()
        connection = lent.driver_connection
        lent.detach()  # the engine forgets it
        return connection
