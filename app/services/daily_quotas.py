"""How often somebody may do something on a day of his district: counted for everybody, known or not."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Asks, Statement
from app.database.statements import among, places
from app.models import DailyQuota
from app.security.digests import Digests


@dataclass(frozen=True)
class LocalDay:
    """A day as a district's wall clock shows it; 23 or 25 hours long when the clocks change."""

    date: str
    ends_at: datetime

    @classmethod
    def of(cls, now: datetime, timezone: str) -> "LocalDay":
        local = now.astimezone(ZoneInfo(timezone))
        midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        return cls(local.date().isoformat(), midnight.astimezone(now.tzinfo))

    def seconds_left(self, now: datetime) -> int:
        return max(1, -int((now - self.ends_at).total_seconds() // 1))


@dataclass(frozen=True)
class DailyQuotas:
    digests: Digests

    async def count(self, session: AsyncSession, purpose: str, district_id: str, subject: str, day: LocalDay) -> int:
        """One more, atomically; gives how many there have been today."""
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        digest = await self._key(session, self._candidates(purpose, district_id, subject, day))
        statement = dialect.insert(DailyQuota).values(digest=digest, count=1, ends_at=day.ends_at)
        counted = await session.execute(
            statement.on_conflict_do_update(
                index_elements=[DailyQuota.digest], set_={"count": DailyQuota.count + 1}
            ).returning(DailyQuota.count)
        )
        return int(counted.scalar_one())

    async def counted(
        self,
        connection: Asks,
        purpose: str,
        district_id: str,
        subjects: Collection[str],
        day: LocalDay,
    ) -> dict[str, int]:
        """How often each of the subjects did it that day, in one statement."""
        digests = {
            digest: subject for subject in subjects for digest in self._candidates(purpose, district_id, subject, day)
        }
        counts = dict.fromkeys(subjects, 0)
        for row in await _counted(len(digests)).all(connection, places("digest", digests)):
            counts[digests[row.digest]] += row.times
        return counts

    @staticmethod
    async def _key(session: AsyncSession, candidates: Sequence[str]) -> str:
        """While secret keys rotate a day's count stays under the key that it was begun with, whichever a process has first."""
        if len(candidates) == 1:
            return candidates[0]
        begun = select(DailyQuota.digest).where(DailyQuota.digest.in_(candidates)).order_by(DailyQuota.digest)
        return (await session.scalar(begun.limit(1))) or candidates[0]

    def _candidates(self, purpose: str, district_id: str, subject: str, day: LocalDay) -> list[str]:
        return self.digests.candidates("daily-quota", purpose, district_id, subject, day.date)


@lru_cache(200)
def _counted(count: int) -> Statement:
    query = select(DailyQuota.digest, DailyQuota.count.label("times"))
    return Statement(query.where(among(DailyQuota.digest, "digest", count)))
