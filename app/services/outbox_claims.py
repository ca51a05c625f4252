"""Whose a message of the outbox is, and what came of it.

A claim is a lease of a minute; a worker that dies lets it lapse. What came of a message is written down in the transaction that claims the
next one, as a transaction costs more than what these do in it. Whichever sender of a worker comes first writes it down for the others, too:
after an outage that was longer than a lease nobody claims again what has left.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from prometheus_client import Counter
from sqlalchemy import bindparam, func, or_, select, update

from app.clock import Clock
from app.database import Database, Statement, Work
from app.models import OutboxMail

LEASE = timedelta(minutes=1)
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=15)

FINISHED = Counter("campus_mails_total", "Mails finished", ["kind", "outcome"])
POSTPONED = Counter("campus_mails_postponed_total", "Tries that did not succeed", ["reason"])

log = structlog.get_logger("campus.mail")


@dataclass(frozen=True)
class Claim:
    """A message that nobody else touches until the lease lapses."""

    id: UUID
    lease: UUID
    channel: str
    kind: str
    attempts: int
    """With this one."""
    expires_at: datetime


@dataclass(frozen=True)
class Result:
    """What came of a try: how it ended, or, without `outcome`, why it will be tried again."""

    claim: Claim
    outcome: str | None
    reason: str | None = None
    retry_after: float = 0
    """Seconds that somebody asked for."""


@dataclass(frozen=True)
class OutboxClaims:
    database: Database
    clock: Clock
    _results: list[Result] = field(default_factory=list, init=False, repr=False, compare=False)
    """Of which nobody knows yet whether they are written down."""

    def note(self, result: Result) -> None:
        """It is written down with the next claim."""
        self._results.append(result)

    async def next(self) -> Claim | None:
        """Writes down what came of messages, and claims one that is due now; None where none is.

        Raises:
            Overloaded: neither was done.
        """
        now = self.clock.now()
        if not self._results and await self.database.first(_DUE, {"now": now}) is None:
            return None  # an idle worker does not ask for the writer
        lease = uuid4()
        async with self._settling(now) as work:
            row = await _CLAIM.first(work, {"now": now, "new_lease": lease, "until": now + LEASE})
        return Claim(row.id, lease, row.channel, row.kind, row.attempts, row.expires_at) if row else None

    async def settle(self) -> None:
        """The same without another claim."""
        if self._results:
            async with self._settling(self.clock.now()):
                """Nothing else is to be done."""

    @asynccontextmanager
    async def _settling(self, now: datetime) -> AsyncIterator[Work]:
        """A transaction in which all results are written down, in the order in which they came, so that two of them do not meet crosswise."""
        results = [*self._results]
        async with self.database.brief() as work:
            written = [await _settle(work, result, now) for result in results]
            yield work
        for result, kept in zip(results, written, strict=True):
            if result in self._results:  # another sender may have written it down at the same time
                self._results.remove(result)
            if kept:
                _tell(kept)


async def _settle(work: Work, done: Result, now: datetime) -> Result | None:
    """Gives what was written down; None where the lease lapsed, and another worker holds the message."""
    claim = done.claim
    mine = {"mail_id": claim.id, "of_lease": claim.lease}
    if done.outcome is None:
        again = now + max(_pause(claim.attempts), timedelta(seconds=done.retry_after))
        if again < claim.expires_at:
            postponed = {**mine, "again": again, "reason": done.reason}
            return done if await _POSTPONE.first(work, postponed) else None
        done = Result(claim, "given_up", done.reason)
    finished = {**mine, "now": now, "how": done.outcome, "reason": done.reason}
    return done if await _FINISH.first(work, finished) else None


def _tell(kept: Result) -> None:
    kind, reason = kept.claim.kind, kept.reason
    if kept.outcome is None:
        POSTPONED.labels(reason).inc()
        log.warning("mail", kind=kind, outcome="postponed", error=reason)
    else:
        FINISHED.labels(kind, kept.outcome).inc()
        log.info("mail", kind=kind, outcome=kept.outcome, error=reason)


def _pause(attempts: int) -> timedelta:
    """5 s, 10 s, 20 s ... up to 15 minutes, each between half and whole, so that a returning mail server is not stormed."""
    whole: timedelta = min(FIRST_PAUSE * 2 ** min(attempts - 1, 20), LONGEST_PAUSE)
    return timedelta(seconds=whole.total_seconds() * (0.5 + secrets.randbelow(500) / 1000))


_due = (
    select(OutboxMail.id)
    .where(
        OutboxMail.finished_at.is_(None),
        OutboxMail.due_at <= bindparam("now"),
        or_(OutboxMail.leased_until.is_(None), OutboxMail.leased_until <= bindparam("now")),
    )
    .order_by(OutboxMail.due_at, OutboxMail.created_at)
    .limit(1)
)
_DUE = Statement(_due)
_CLAIM = Statement(
    update(OutboxMail)
    .where(OutboxMail.id == _due.with_for_update(skip_locked=True).scalar_subquery())
    .values(lease=bindparam("new_lease"), leased_until=bindparam("until"), attempts=OutboxMail.attempts + 1)
    .returning(OutboxMail.id, OutboxMail.channel, OutboxMail.kind, OutboxMail.attempts, OutboxMail.expires_at)
)
_held = (
    update(OutboxMail)
    .where(
        OutboxMail.id == bindparam("mail_id"),
        OutboxMail.lease == bindparam("of_lease"),
        OutboxMail.finished_at.is_(None),
    )
    .returning(OutboxMail.id)
)
_POSTPONE = Statement(_held.values(due_at=bindparam("again"), last_error=bindparam("reason"), leased_until=None))
_FINISH = Statement(  # what was written and to whom is forgotten with it; that it was done, and how it ended, stays
    _held.values(
        finished_at=bindparam("now"),
        outcome=bindparam("how"),
        last_error=func.coalesce(bindparam("reason", type_=OutboxMail.last_error.type), OutboxMail.last_error),
        to_address=None,
        details={},
        lease=None,
        leased_until=None,
    )
)
