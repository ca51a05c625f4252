"""Sealing the audit trail: the worker lays each new event under a seal, and each seal rests on the one before.

Writers know nothing of it, so none waits. On PostgreSQL an event may be committed long after one with a higher number: therefore a seal
names its events one by one, and what is found later comes under a later seal. A transaction makes whole seals or none, and only one
at a time makes any, so that a chain never forks and no event is sealed twice (the tables' primary keys would refuse it).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import structlog
from sqlalchemy import Row, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.models import AuditEvent, AuditSeal, SealedEvent
from app.security.digests import Digests
from app.services import audit
from app.services.audit_chain import (
    EVENT_COLUMNS,
    NO_DISTRICT,
    SEAL_COLUMNS,
    Head,
    event_digest,
    events_digest,
    is_by_us,
    mac_of,
    seal_digest,
)

EVENTS_AT_ONCE = 1_000
LONGEST_TRANSACTION = timedelta(hours=1)
"""An event that is committed later than this after it was numbered is found when a worker starts."""
_SEALING = 0x_CA_09_10

log = structlog.get_logger("campus.audit")


@dataclass(frozen=True)
class AuditSealing:
    database: Database
    clock: Clock
    digests: Digests

    async def seal(self, *, everything: bool = False) -> list[Head]:
        """Seals what is not sealed yet, some of it a transaction, and gives the new seals.

        `everything` looks through the whole trail, and renews newest seals that rest on an older secret key.
        """
        made: list[Head] = []
        after = 0 if everything else await self._sealed_long_ago()
        while (last := await self._seal_some(after, made)) is not None:
            after = last
        if everything:
            made += await self._renew()
        return made

    async def adopt(self, district_id: str | None) -> Head:
        """Lays a new seal on the newest one although no listed key has made it, as after the loss of the secret keys."""
        async with self.database.transaction() as session:
            await one_sealer_at_a_time(session)
            now = self.clock.now()
            audit.record(session, "operator:audit:adopted", at=now, actor=audit.OPERATOR, district_id=district_id)
            head = await newest_seal(session, district_id or NO_DISTRICT)
            return await lay_seal(session, self.digests, head, district_id or NO_DISTRICT, now)

    async def _sealed_long_ago(self) -> int:
        """An event's number: those up to it were given so long ago that their transactions have ended."""
        long_ago = self.clock.now() - LONGEST_TRANSACTION
        query = select(AuditSeal.last_event).where(AuditSeal.sealed_at <= long_ago, AuditSeal.last_event.is_not(None))
        async with self.database.reading() as connection:
            return await connection.scalar(query.order_by(AuditSeal.sealed_at.desc()).limit(1)) or 0

    async def _seal_some(self, after: int, made: list[Head]) -> int | None:
        """Gives the number of the last event that it sealed, or None where all are sealed."""
        async with self.database.transaction() as session:
            await one_sealer_at_a_time(session)
            rows = (await session.execute(unsealed(after).limit(EVENTS_AT_ONCE))).all()
            now = self.clock.now()
            new = [await self._seal_chain(session, chain, its, now) for chain, its in _by_chain(rows)]
        made += [head for head in new if head]
        return rows[-1].id if len(rows) == EVENTS_AT_ONCE else None

    async def _seal_chain(
        self, session: AsyncSession, chain: str, rows: Sequence[Row[Any]], now: datetime
    ) -> Head | None:
        head = await newest_seal(session, chain)
        if head and not may_rest_on(self.digests, head):
            return None
        return await lay_seal(session, self.digests, head, chain, now, [(row.id, event_digest(row)) for row in rows])

    async def _renew(self) -> list[Head]:
        """An old key is taken away one day; whoever had it could then go on with a chain that rests on it."""
        made = []
        async with self.database.transaction() as session:
            await one_sealer_at_a_time(session)
            for chain in (await session.scalars(select(AuditSeal.chain).distinct())).all():
                head = await newest_seal(session, chain)
                if head and head.mac != mac_of(self.digests, head.digest) and may_rest_on(self.digests, head):
                    made.append(await lay_seal(session, self.digests, head, chain, self.clock.now()))
        return made


async def one_sealer_at_a_time(session: AsyncSession) -> None:
    """Until the transaction ends. On SQLite every writer is alone."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(_SEALING)))


def unsealed(after: int) -> Any:
    """SQL: events that lie under no seal, of which `EVENT_COLUMNS` are read, in the order of their numbers."""
    sealed = select(SealedEvent.event_id).where(SealedEvent.event_id == AuditEvent.id)
    return select(*EVENT_COLUMNS).where(AuditEvent.id > after, ~sealed.exists()).order_by(AuditEvent.id)


async def newest_seal(session: AsyncSession, chain: str) -> Row[Any] | None:
    newest = select(*SEAL_COLUMNS).where(AuditSeal.chain == chain).order_by(AuditSeal.number.desc()).limit(1)
    return (await session.execute(newest)).one_or_none()


def may_rest_on(digests: Digests, head: Row[Any]) -> bool:
    """To lay a seal on a forged one would make it true, so its chain waits for somebody to look at it."""
    if head.digest == seal_digest(head) and is_by_us(digests, head.digest, head.mac):
        return True
    log.error("audit_head_not_ours", district=head.chain)
    return False


async def lay_seal(
    session: AsyncSession,
    digests: Digests,
    head: Row[Any] | None,
    chain: str,
    now: datetime,
    events: Sequence[tuple[int, str]] = (),
    *,
    pruned_upto: int | None = None,
) -> Head:
    """Adds a seal to the chain whose newest one is `head`, over these ids and digests of events, in the order of ids."""
    seal = AuditSeal(
        chain=chain,
        number=head.number + 1 if head else 1,
        sealed_at=now,
        previous=head.digest if head else "",
        events=len(events),
        last_event=events[-1][0] if events else None,
        events_digest=events_digest(events),
        pruned_upto=pruned_upto,
    )
    seal.digest = seal_digest(seal)
    seal.mac = mac_of(digests, seal.digest)
    session.add(seal)
    await session.flush()
    if events:
        under = {"chain": chain, "number": seal.number}
        await session.execute(
            insert(SealedEvent), [{"event_id": event, "digest": digest, **under} for event, digest in events]
        )
    return Head(chain, seal.number, seal.digest)


def _by_chain(rows: Sequence[Row[Any]]) -> Iterable[tuple[str, list[Row[Any]]]]:
    def chain(row: Row[Any]) -> str:
        return row.district_id or NO_DISTRICT

    return [(name, list(its)) for name, its in groupby(sorted(rows, key=chain), key=chain)]
