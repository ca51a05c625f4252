"""How often something happened from one address within ten minutes, for CAPTCHA thresholds.

The window begins with the first and ends ten minutes later; unlike rate limits it survives a restart and a lost Redis.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Insert, Integer, Table, bindparam, case, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import CaptchaRequired
from app.models import AddressCount
from app.models.base import UtcDateTime
from app.security.digests import Digests

WINDOW = timedelta(minutes=10)
_NO_LIMIT = 2**31 - 1

# The table itself: see sign_in_ladder.py.
_COUNTS = cast("Table", AddressCount.__table__)


@dataclass(frozen=True)
class AddressCounts:
    digests: Digests

    async def count(
        self, session: AsyncSession, purpose: str, address: str, now: datetime, *, free: int, solved: bool
    ) -> None:
        """One more, counted and decided in one statement.

        Raises:
            CaptchaRequired: `free` of them are used up and no CAPTCHA was solved; this one does not count.
        """
        values = {
            "key": self._digest(purpose, address),
            "now": now,
            "new_end": now + WINDOW,
            "free": _NO_LIMIT if solved else free,
        }
        counted = await session.execute(_COUNT[session.get_bind().dialect.name], values)
        if counted.first() is None:
            raise CaptchaRequired

    async def take_back(self, session: AsyncSession, purpose: str, address: str) -> None:
        """One less: what was counted beforehand did not happen."""
        await session.execute(_TAKE_BACK, {"key": self._digest(purpose, address)})

    def _digest(self, purpose: str, address: str) -> str:
        return self.digests.digest("address-count", purpose, address)


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


_COUNT = {"sqlite": _count(sqlite), "postgresql": _count(postgresql)}
_TAKE_BACK = (
    update(_COUNTS).where(_COUNTS.c.digest == bindparam("key"), _COUNTS.c.count > 0).values(count=_COUNTS.c.count - 1)
)
