"""How often something happened within minutes, from one address or to one account.

The window begins with the first and ends at a fixed time; unlike rate limits it survives a restart and a lost Redis.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import Insert, Integer, Table, bindparam, case, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.database import Statement, Unit
from app.database.statements import among, places
from app.models import WindowCount
from app.models.base import UtcDateTime
from app.security.digests import Digests

TEN_MINUTES = timedelta(minutes=10)
_NO_LIMIT = 2**31 - 1

# The table itself: see sign_in_ladder.py.
_COUNTS = cast("Table", WindowCount.__table__)


@dataclass(frozen=True)
class WindowCounts:
    digests: Digests

    async def count(
        self,
        session: Unit,
        purpose: str,
        subject: str,
        now: datetime,
        *,
        free: int | None,
        window: timedelta = TEN_MINUTES,
    ) -> bool:
        """One more, counted and decided in one statement; False where `free` of them are used up, and this one does not count."""
        values = {
            "key": await self._key(session, purpose, subject, now),
            "now": now,
            "new_end": now + window,
            "free": _NO_LIMIT if free is None else free,
        }
        return await _COUNT.scalar(session, values) is not None

    async def take_back(self, session: Unit, purpose: str, subject: str) -> None:
        """One less: what was counted beforehand did not happen."""
        candidates = self._candidates(purpose, subject)
        await _take_back(len(candidates)).soon(session, places("key", candidates))

    async def _key(self, session: Unit, purpose: str, subject: str, now: datetime) -> str:
        """While secret keys rotate a window stays under the key that it was begun with, whichever a process has first."""
        candidates = self._candidates(purpose, subject)
        if len(candidates) == 1:
            return candidates[0]
        begun = await _begun(len(candidates)).scalar(session, {**places("key", candidates), "now": now})
        return begun or candidates[0]

    def _candidates(self, purpose: str, subject: str) -> list[str]:
        return self.digests.candidates("window-count", purpose, subject)


@cache
def _begun(keys: int) -> Statement:
    """The same one to everybody, should two have begun at the same moment."""
    live = among(_COUNTS.c.digest, "key", keys), _COUNTS.c.ends_at > bindparam("now", type_=UtcDateTime())
    return Statement(select(_COUNTS.c.digest).where(*live).order_by(_COUNTS.c.digest).limit(1))


def _count(dialect: Any) -> Insert:
    now, new_end = bindparam("now", type_=UtcDateTime()), bindparam("new_end", type_=UtcDateTime())
    is_over = _COUNTS.c.ends_at <= now
    counted: Insert = (
        dialect.insert(_COUNTS)
        .values(digest=bindparam("key"), count=1, ends_at=new_end)
        .on_conflict_do_update(
            index_elements=[_COUNTS.c.digest],
            set_={
                "count": case((is_over, 1), else_=_COUNTS.c.count + 1),
                "ends_at": case((is_over, new_end), else_=_COUNTS.c.ends_at),
            },
            where=or_(is_over, _COUNTS.c.count < bindparam("free", type_=Integer())),
        )
        .returning(_COUNTS.c.count)
    )
    return counted


_COUNT = Statement(_count(postgresql), for_sqlite=_count(sqlite))


@cache
def _take_back(keys: int) -> Statement:
    counted = among(_COUNTS.c.digest, "key", keys), _COUNTS.c.count > 0
    return Statement(update(_COUNTS).where(*counted).values(count=_COUNTS.c.count - 1))
