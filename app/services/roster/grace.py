"""The end of those who were missing from a bulk package, when the district's days of grace are over.

Until then nothing of them has ended, so that nobody else need ask for the day: whoever has left has `ended_at`.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.models import Person, Relationship
from app.services.clerk import service_of
from app.services.portal_access import end_sessions_without_access
from app.services.roster.roster_import import lock_roster


@dataclass(frozen=True)
class DaysOfGrace:
    database: Database
    clock: Clock

    async def end_those_over(self) -> int:
        """Ends the people whose day has come, one transaction a district, and says how many there were."""
        due = select(Person.district_id).where(Person.leaves_at <= self.clock.now()).distinct()
        async with self.database.reading() as connection:
            districts = (await connection.scalars(due)).all()
        return sum([await self._end(district_id) for district_id in sorted(districts)])

    async def _end(self, district_id: str) -> int:
        """Takes the turn of an import, which may bring some of them back."""
        async with self.database.transaction() as session:
            await lock_roster(session, district_id)
            now = self.clock.now()
            people = await _end_people(session, district_id, now)
            if people:
                worker = service_of(district_id, "worker")
                sessions = await end_sessions_without_access(session, district_id, now, worker)
                worker.record(session, "roster:grace_over", at=now, people=people, sessions=sessions)
        return people


async def _end_people(session: AsyncSession, district_id: str, now: datetime) -> int:
    over = (Person.district_id == district_id, Person.leaves_at <= now)
    people = select(Person.id).where(*over)
    theirs = or_(Relationship.guardian_id.in_(people), Relationship.student_id.in_(people))
    await session.execute(
        update(Relationship)
        .where(Relationship.district_id == district_id, Relationship.ended_at.is_(None), theirs)
        .values(ended_at=now, said_by=None)
        .execution_options(synchronize_session=False)
    )
    ended = await session.execute(
        update(Person).where(*over).values(ended_at=now, leaves_at=None).execution_options(synchronize_session=False)
    )
    return ended.rowcount if isinstance(ended, CursorResult) else 0
