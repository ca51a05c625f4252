"""Workers say every minute that they are there, so that somebody notices when none is."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app import __version__
from app.clock import Clock
from app.database import Database
from app.models import WorkerBeat

EVERY_S = 60
MISSED_AFTER = timedelta(minutes=5)
KEPT = timedelta(days=1)
"""Of a worker that died."""


@dataclass(frozen=True)
class WorkerBeats:
    database: Database
    clock: Clock
    worker_id: UUID = field(default_factory=uuid4)
    """This process'."""

    async def beat(self) -> None:
        now = self.clock.now()
        async with self.database.transaction() as session:
            mine = update(WorkerBeat).where(WorkerBeat.id == self.worker_id).values(seen_at=now)
            if await session.scalar(mine.returning(WorkerBeat.id)) is None:
                session.add(WorkerBeat(id=self.worker_id, release=__version__, started_at=now, seen_at=now))

    async def end(self) -> None:
        async with self.database.transaction() as session:
            await session.execute(delete(WorkerBeat).where(WorkerBeat.id == self.worker_id))


async def last_beat(connection: AsyncConnection) -> datetime | None:
    """Of any worker."""
    return await connection.scalar(select(func.max(WorkerBeat.seen_at)))
