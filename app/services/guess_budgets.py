"""How often facts or answers may be guessed: five times a day, ten times in all, then only the office helps (contract, section 8).

The budget belongs to a student number or a username, known or not. A guess is taken from it, in one statement, before anything is
compared; so parallel guesses cannot overtake it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, cast

from sqlalchemy import Insert, Integer, Table, and_, bindparam, case, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Statement, Unit
from app.database.statements import among, places
from app.models import GuessBudget
from app.models.base import UtcDateTime
from app.security.digests import Digests
from app.services.daily_quotas import LocalDay
from app.text import bare_number, fold

PER_DAY = 5
IN_ALL = 10

# The table itself: see sign_in_ladder.py.
_BUDGETS = cast("Table", GuessBudget.__table__)


@dataclass(frozen=True)
class GuessSubject:
    """At what somebody guesses, as far as anybody can tell before it was proved."""

    purpose: str
    district_id: str
    words: Sequence[str]
    """A student number, or a portal and a username; compared as they are."""

    @classmethod
    def student(cls, purpose: str, district_id: str, student_number: str) -> "GuessSubject":
        return cls(purpose, district_id, [bare_number(student_number)])

    @classmethod
    def username(cls, purpose: str, district_id: str, portal: str, username: str) -> "GuessSubject":
        return cls(purpose, district_id, [portal, fold(username)])


class Standing(Enum):
    TAKEN = "taken"
    """The guess may be evaluated."""
    CAPTCHA = "captcha"
    """Only with a CAPTCHA; this one does not count."""
    EXHAUSTED = "exhausted"
    """Until tomorrow, or for good; this one does not count."""


@dataclass(frozen=True)
class GuessBudgets:
    digests: Digests

    async def take(
        self, session: Unit, subject: GuessSubject, now: datetime, timezone: str, *, free: int = IN_ALL
    ) -> Standing:
        """Takes one guess; beyond `free` ones (of a subject's whole budget) only with a CAPTCHA. `timezone` is the district's."""
        values = {
            "key": await self._key(session, subject),
            "now": now,
            "day_ends_at": LocalDay.of(now, timezone).ends_at,
            "free": free,
        }
        if await _TAKE.scalar(session, values) is not None:
            return Standing.TAKEN
        [row] = await _ROW.all(session, values)
        is_exhausted = row.total >= IN_ALL or (row.day_ends_at > now and row.today >= PER_DAY)
        return Standing.EXHAUSTED if is_exhausted else Standing.CAPTCHA

    async def give_back(self, session: Unit, subject: GuessSubject) -> None:
        """The guess was right, or nothing was compared."""
        await _GIVE_BACK.do(session, {"key": await self._key(session, subject)})

    async def renew(self, session: AsyncSession, subject: GuessSubject) -> None:
        """By the office: as if nobody had guessed."""
        await session.execute(delete(_BUDGETS).where(_BUDGETS.c.digest.in_(self._candidates(subject))))

    async def _key(self, session: Unit, subject: GuessSubject) -> str:
        """While secret keys rotate a budget stays under the key that it was begun with."""
        candidates = self._candidates(subject)
        if len(candidates) == 1:
            return candidates[0]
        return await _begun(len(candidates)).scalar(session, places("key", candidates)) or candidates[0]

    def _candidates(self, subject: GuessSubject) -> list[str]:
        return self.digests.candidates("guess-budget", subject.purpose, subject.district_id, *subject.words)


@cache
def _begun(keys: int) -> Statement:
    """The same one to everybody, should two have begun at the same moment."""
    query = select(_BUDGETS.c.digest).where(among(_BUDGETS.c.digest, "key", keys))
    return Statement(query.order_by(_BUDGETS.c.digest).limit(1))


def _take(dialect: Any) -> Insert:
    now, day_ends_at = bindparam("now", type_=UtcDateTime()), bindparam("day_ends_at", type_=UtcDateTime())
    new_day = _BUDGETS.c.day_ends_at <= now
    left = and_(
        _BUDGETS.c.total < IN_ALL,
        _BUDGETS.c.total < bindparam("free", type_=Integer()),
        or_(new_day, _BUDGETS.c.today < PER_DAY),
    )
    taken: Insert = (
        dialect.insert(_BUDGETS)
        .values(digest=bindparam("key"), total=1, today=1, day_ends_at=day_ends_at)
        .on_conflict_do_update(
            index_elements=[_BUDGETS.c.digest],
            set_={
                "total": _BUDGETS.c.total + 1,
                "today": case((new_day, 1), else_=_BUDGETS.c.today + 1),
                "day_ends_at": day_ends_at,
            },
            where=left,
        )
        .returning(_BUDGETS.c.total)
    )
    return taken


_TAKE = Statement(_take(postgresql), for_sqlite=_take(sqlite))
_THIS = _BUDGETS.c.digest == bindparam("key")
_ROW = Statement(select(_BUDGETS.c.total, _BUDGETS.c.today, _BUDGETS.c.day_ends_at).where(_THIS))
_GIVE_BACK = Statement(
    update(_BUDGETS)
    .where(_THIS, _BUDGETS.c.total > 0)
    .values(total=_BUDGETS.c.total - 1, today=case((_BUDGETS.c.today > 0, _BUDGETS.c.today - 1), else_=0))
)
