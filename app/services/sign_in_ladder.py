"""The ladder of failed sign-ins: some are free, then each wants a CAPTCHA, then there are waits, and at last the password is off.

It belongs to a (district, portal, username), whether or not anybody has that name. A device that has signed in before climbs a ladder
of its own, so that strangers cannot lock a family out. A success ends it, and so does a reset, an unlock by staff, or a day without
tries; only a password that is off stays off. (Contract, section 8.)
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Insert, Integer, Table, and_, bindparam, case, delete, null, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.database import Statement, Unit
from app.database.statements import among, places
from app.errors import CaptchaRequired, PasswordOff, TooManyAttempts
from app.models import FailedSignIns
from app.models.base import UtcDateTime
from app.security.digests import Digests

WAIT_AFTER = 10
WAITS_S = (30, 60, 120, 240, 480, 900)
"""Seconds after the tenth failure in a row, the eleventh, and so on; the last one holds for all further ones."""
OFF_AFTER = 100
HEALS_AFTER = timedelta(hours=24)

# The table itself: every sign-in runs these statements, and the ORM's way around them costs a third of each.
_LADDERS = cast("Table", FailedSignIns.__table__)


@dataclass(frozen=True)
class SignInSubject:
    """Whose password is tried, as far as anybody can tell before it was proved."""

    district_id: str
    portal: str
    username_folded: str
    device: UUID | None = None
    """A known device, which has proved its token."""


@dataclass(frozen=True)
class LadderReport:
    """How somebody at a help desk sees it; `step` is `free`, `captcha`, `wait` or `password_off`."""

    step: str
    tries: int
    wait_until: datetime | None


@dataclass(frozen=True)
class SignInLadder:
    digests: Digests

    async def climb(
        self, session: Unit, subject: SignInSubject, now: datetime, *, free_tries: int, solved: bool
    ) -> int:
        """Counts one more try, in one statement, before anything is verified; gives how many there have been.

        Raises:
            CaptchaRequired: `free_tries` are used up and no CAPTCHA was solved.
            TooManyAttempts, PasswordOff: whatever was solved. No refusal counts.
        """
        values = {
            **await self._key(session, subject),
            "now": now,
            "healed_before": now - HEALS_AFTER,
            "free_tries": OFF_AFTER if solved else free_tries,
            **{f"wait_{place}": now + timedelta(seconds=seconds) for place, seconds in enumerate(WAITS_S)},
        }
        tries: int | None = await _CLIMB.scalar(session, values)
        if tries is None:
            raise await self._refusal(session, subject, now)
        return tries

    async def step_back(self, session: Unit, subject: SignInSubject) -> None:
        """Takes a try back that verified nothing."""
        await _STEP_BACK.do(session, await self._key(session, subject))

    async def end(self, session: Unit, subject: SignInSubject) -> None:
        """After a success: this ladder, and no other one."""
        await _END.soon(session, await self._key(session, subject))

    async def end_all(self, session: AsyncSession, district_id: str, portal: str, username_folded: str) -> None:
        """After a reset or by staff: the ladder of the name and those of its devices."""
        subjects = self._candidates(SignInSubject(district_id, portal, username_folded))
        await session.execute(delete(_LADDERS).where(_LADDERS.c.subject.in_(subjects)))

    async def reports(
        self,
        connection: AsyncConnection | AsyncSession,
        subjects: Collection[SignInSubject],
        now: datetime,
        *,
        free_tries: int,
    ) -> dict[SignInSubject, LadderReport]:
        """What strangers and new devices meet at each of these names, in one statement."""
        known_as = {key: subject for subject in subjects for key in self._candidates(subject)}
        query = select(_LADDERS.c.subject, _LADDERS.c.tries, _LADDERS.c.last_at, _LADDERS.c.wait_until).where(
            _LADDERS.c.subject.in_(known_as), _LADDERS.c.device == ""
        )
        rows = {known_as[row.subject]: row for row in await connection.execute(query)}
        return {subject: _report(rows.get(subject), now, free_tries) for subject in subjects}

    async def lower_to_captcha(
        self, session: AsyncSession, district_id: str, portal: str, username_folded: str, *, free_tries: int
    ) -> None:
        """After a weaker proof than a mailbox: no wait, and the password is on again, but each try wants a CAPTCHA until a success."""
        subjects = self._candidates(SignInSubject(district_id, portal, username_folded))
        await session.execute(
            update(_LADDERS)
            .where(_LADDERS.c.subject.in_(subjects), _LADDERS.c.tries > free_tries)
            .values(tries=free_tries, wait_until=None)
        )

    async def _refusal(
        self, session: Unit, subject: SignInSubject, now: datetime
    ) -> CaptchaRequired | TooManyAttempts | PasswordOff:
        row = await self._row(session, subject)
        if row and row.tries >= OFF_AFTER:
            return PasswordOff()
        if row and row.wait_until and row.wait_until > now:
            return TooManyAttempts(math.ceil((row.wait_until - now).total_seconds()))
        return CaptchaRequired()

    async def _row(self, connection: Unit, subject: SignInSubject) -> Any:
        keys = self._candidates(subject)
        return await _row(len(keys)).first(connection, {**places("key", keys), "device_key": _device(subject)})

    async def _key(self, session: Unit, subject: SignInSubject) -> dict[str, str]:
        """The row's key: while secret keys rotate a ladder stays under the key that it was begun with."""
        candidates, device = self._candidates(subject), _device(subject)
        begun = None
        if len(candidates) > 1:
            named = {**places("key", candidates), "device_key": device}
            begun = await _begun(len(candidates)).scalar(session, named)
        return {"subject_key": begun or candidates[0], "device_key": device}

    def _candidates(self, subject: SignInSubject) -> list[str]:
        return self.digests.candidates("failed-sign-ins", subject.district_id, subject.portal, subject.username_folded)


def is_over(now: datetime) -> ColumnElement[bool]:
    """SQL: a day without tries has ended it."""
    return and_(_LADDERS.c.tries < OFF_AFTER, _LADDERS.c.last_at <= now - HEALS_AFTER)


def _device(subject: SignInSubject) -> str:
    return subject.device.hex if subject.device else ""


def _report(row: Any | None, now: datetime, free_tries: int) -> LadderReport:
    if row is None or _is_healed(row, now):
        return LadderReport("free", 0, None)
    if row.tries >= OFF_AFTER:
        return LadderReport("password_off", row.tries, None)
    if row.wait_until and row.wait_until > now:
        return LadderReport("wait", row.tries, row.wait_until)
    return LadderReport("captcha" if row.tries >= free_tries else "free", row.tries, None)


def _is_healed(row: Any, now: datetime) -> bool:
    return bool(row.tries < OFF_AFTER and row.last_at <= now - HEALS_AFTER)


def _moment(name: str) -> Any:
    return bindparam(name, type_=UtcDateTime())


@cache
def _row(keys: int) -> Statement:
    return Statement(select(_LADDERS.c.tries, _LADDERS.c.last_at, _LADDERS.c.wait_until).where(*_one_of(keys)).limit(1))


@cache
def _begun(keys: int) -> Statement:
    """The same one to everybody, should two have begun at the same moment."""
    return Statement(select(_LADDERS.c.subject).where(*_one_of(keys)).order_by(_LADDERS.c.subject).limit(1))


def _one_of(keys: int) -> tuple[ColumnElement[bool], ...]:
    return among(_LADDERS.c.subject, "key", keys), _LADDERS.c.device == bindparam("device_key")


def _climb(dialect: Any) -> Insert:
    """One statement for reading, deciding and writing: two tries at the same moment cannot see the same count."""
    healed = and_(_LADDERS.c.tries < OFF_AFTER, _LADDERS.c.last_at <= _moment("healed_before"))
    tries = _LADDERS.c.tries + 1
    *growing, longest = range(len(WAITS_S))
    wait = case(
        (or_(healed, tries < WAIT_AFTER), null()),
        *((tries == WAIT_AFTER + place, _moment(f"wait_{place}")) for place in growing),
        else_=_moment(f"wait_{longest}"),
    )
    may_try = and_(
        _LADDERS.c.tries < OFF_AFTER,
        _LADDERS.c.tries < bindparam("free_tries", type_=Integer()),
        or_(_LADDERS.c.wait_until.is_(None), _LADDERS.c.wait_until <= _moment("now")),
    )
    first = dialect.insert(_LADDERS).values(
        subject=bindparam("subject_key"),
        device=bindparam("device_key"),
        tries=1,
        last_at=_moment("now"),
        wait_until=None,
    )
    climbed: Insert = first.on_conflict_do_update(
        index_elements=[_LADDERS.c.subject, _LADDERS.c.device],
        set_={"tries": case((healed, 1), else_=tries), "last_at": _moment("now"), "wait_until": wait},
        where=or_(healed, may_try),
    ).returning(_LADDERS.c.tries)
    return climbed


_CLIMB = Statement(_climb(postgresql), for_sqlite=_climb(sqlite))
_THIS = (_LADDERS.c.subject == bindparam("subject_key"), _LADDERS.c.device == bindparam("device_key"))
_END = Statement(delete(_LADDERS).where(*_THIS))
_STEP_BACK = Statement(
    update(_LADDERS).where(*_THIS, _LADDERS.c.tries > 0).values(tries=_LADDERS.c.tries - 1, wait_until=None)
)
