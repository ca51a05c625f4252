"""The number that changes with the directory of districts, by which processes notice what others have changed."""

import asyncio
from dataclasses import dataclass, field

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Database, Statement
from app.models import DirectoryVersion

_NUMBER = Statement(select(DirectoryVersion.number))


async def directory_changed(session: AsyncSession) -> None:
    """To be called last in each transaction that changes what the directory shows: all such transactions queue for this row."""
    await session.execute(update(DirectoryVersion).values(number=DirectoryVersion.number + 1))


@dataclass
class SharedVersion:
    """The number as it is now, read once for all who ask at about the same time."""

    database: Database
    _reading: "asyncio.Task[int] | None" = field(default=None, init=False)
    _next: "asyncio.Task[int] | None" = field(default=None, init=False)

    async def now(self) -> int:
        """Never older than the call: who comes while it is being read waits for the next reading.

        Raises:
            Overloaded: the database is gone, or too busy.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._read_after(self._reading))
        return await asyncio.shield(self._next)

    async def _read_after(self, reading: "asyncio.Task[int] | None") -> int:
        if reading:
            await asyncio.wait([reading])
        self._reading, self._next = self._next, None
        row = await self.database.first(_NUMBER, {})
        return int(row.number) if row else 0
