"""Whether the audit trail is what was sealed: every event that was altered, removed, put in or moved, and every seal."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, func, or_, outerjoin, select, tuple_, union
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute

from app.clock import Clock
from app.database import Database
from app.models import AuditEvent, AuditSeal, SealedEvent
from app.security.digests import Digests
from app.services.audit_chain import (
    EVENT_COLUMNS,
    SEAL_COLUMNS,
    Head,
    chain_of,
    event_digest,
    events_digest,
    is_by_us,
    moment,
    seal_digest,
)
from app.services.district_settings import LEAST_AUDIT_DAYS
from app.services.districts import find_district

UNSEALED_AFTER = timedelta(minutes=15)
"""The worker seals every minute, and no transaction is as long."""
LATE = timedelta(hours=1)
"""An event says when it happened; one that was sealed long after the seal that should have had it was put in later."""
LEAST_RETENTION = timedelta(days=LEAST_AUDIT_DAYS)
ROWS_AT_ONCE = 2_000
SEALS_AT_ONCE = 100
MOST_FINDINGS = 1_000
"""So many are told of a chain; all are counted."""


@dataclass(frozen=True)
class Finding:
    what: str
    """A word of `WHAT`."""
    seal: int | None = None
    event: int | None = None


WHAT = {
    "event_altered": "event {event} is not what was sealed under seal {seal}",
    "event_removed": "event {event}, sealed under seal {seal}, is gone",
    "event_backdated": "event {event} under seal {seal} says that it happened before the seal in front of it, so it was put in later",
    "event_unsealed": "event {event} is old and lies under no seal: it was put in or its seal taken away, or no worker runs",
    "seal_altered": "seal {seal} is not what its digest says",
    "seal_forged": "seal {seal} was not made under our secret keys",
    "seal_unlinked": "seal {seal} does not rest on the one before it",
    "seal_missing": "seal {seal} is gone",
    "seal_key_unknown": "seal {seal}, the newest, was made under a secret key that is not listed",
    "events_differ": "the list of events under seal {seal} is not the one that was sealed",
    "pruned_early": "seal {seal} lets events go that the district had to keep",
    "head_differs": "seal {seal} is not the one that was kept elsewhere",
    "head_missing": "seal {seal}, which was kept elsewhere, is gone",
}


@dataclass
class ChainReport:
    chain: str
    seals: int = 0
    events: int = 0
    """Under the seals, as far as they are kept."""
    unsealed: int = 0
    """Not sealed yet, or (with findings) no longer."""
    head: Head | None = None
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def find(self, what: str, *, seal: int | None = None, event: int | None = None) -> None:
        self.counts[what] += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(what, seal, event))


@dataclass(frozen=True)
class AuditVerification:
    database: Database
    clock: Clock
    digests: Digests

    async def heads(self, district_id: str | None = None) -> list[Head]:
        """The newest seal of each chain, to be kept where nobody with this database comes."""
        async with self.database.reading() as connection:
            newest = select(AuditSeal.chain, func.max(AuditSeal.number)).group_by(AuditSeal.chain)
            if district_id is not None:
                newest = newest.where(AuditSeal.chain == district_id)
            query = select(AuditSeal.chain, AuditSeal.number, AuditSeal.digest).where(
                tuple_(AuditSeal.chain, AuditSeal.number).in_(newest)
            )
            return [Head(*row) for row in await connection.execute(query.order_by(AuditSeal.chain))]

    async def verify(self, district_id: str | None = None, kept: Sequence[Head] = ()) -> list[ChainReport]:
        """A report of each chain, or of the district's; `kept` are seals that were kept elsewhere. Holds little in memory.

        Raises:
            DistrictNotFound: there is no such district.
        """
        async with self.database.reading() as connection:
            if district_id is not None:
                await find_district(connection, district_id)
            chains = [district_id] if district_id else await _chains(connection, kept)
            return [
                await self._verify(connection, name, [head for head in kept if head.chain == name]) for name in chains
            ]

    async def _verify(self, connection: AsyncConnection, name: str, kept: Sequence[Head]) -> ChainReport:
        while True:
            report = ChainReport(name)
            pruned_upto = await _pruned_upto(connection, name)
            await self._verify_seals(connection, report, pruned_upto)
            await _verify_strays(connection, report, pruned_upto)
            await _compare_heads(connection, report, pruned_upto, kept)
            await self._count_unsealed(connection, report)
            # What the worker has pruned meanwhile would look like a theft.
            if await _pruned_upto(connection, name) == pruned_upto:
                return report

    async def _verify_seals(self, connection: AsyncConnection, report: ChainReport, pruned_upto: int) -> None:
        query = select(*SEAL_COLUMNS).where(AuditSeal.chain == report.chain)
        first = last = None
        async for page in _pages(connection, query, AuditSeal.number, SEALS_AT_ONCE):
            first = first or page[0]
            for before, seal in zip([last, *page], page, strict=False):
                self._verify_seal(report, seal, before, pruned_upto)
                if seal.pruned_upto == pruned_upto:
                    _verify_checkpoint(report, seal, first)
            kept = [
                (before, seal) for before, seal in zip([last, *page], page, strict=False) if seal.number > pruned_upto
            ]
            await _verify_events(connection, report, kept)
            last = page[-1]
            report.seals += len(page)
        if last is not None:
            report.head = Head(last.chain, last.number, last.digest)
            if is_by_us(self.digests, last.digest, last.mac) is None:
                report.find("seal_key_unknown", seal=last.number)

    def _verify_seal(self, report: ChainReport, seal: Row[Any], before: Row[Any] | None, pruned_upto: int) -> None:
        if seal.digest != seal_digest(seal):
            report.find("seal_altered", seal=seal.number)
        if is_by_us(self.digests, seal.digest, seal.mac) is False:
            report.find("seal_forged", seal=seal.number)
        expected = before.number + 1 if before else max(pruned_upto, 1)
        for missing in range(expected, seal.number):
            report.find("seal_missing", seal=missing)
        # What the oldest of a pruned chain rests on is gone.
        rests_on = before.digest if before else "" if seal.number == 1 else seal.previous
        if seal.number <= expected and seal.previous != rests_on:
            report.find("seal_unlinked", seal=seal.number)

    async def _count_unsealed(self, connection: AsyncConnection, report: ChainReport) -> None:
        too_old = self.clock.now() - UNSEALED_AFTER
        sealed = select(SealedEvent.event_id).where(
            SealedEvent.event_id == AuditEvent.id, SealedEvent.chain == report.chain
        )
        query = select(*EVENT_COLUMNS).where(chain_of() == report.chain, ~sealed.exists())
        async for page in _pages(connection, query, AuditEvent.id):
            report.unsealed += len(page)
            for row in page:
                at = moment(row.at)
                if at is None or at < too_old:
                    report.find("event_unsealed", event=row.id)


async def _chains(connection: AsyncConnection, kept: Sequence[Head]) -> list[str]:
    known = union(select(AuditSeal.chain), select(SealedEvent.chain), select(chain_of()))
    return sorted({*(await connection.scalars(known)).all(), *(head.chain for head in kept)})


async def _pruned_upto(connection: AsyncConnection, chain: str) -> int:
    return await connection.scalar(select(func.max(AuditSeal.pruned_upto)).where(AuditSeal.chain == chain)) or 0


def _verify_checkpoint(report: ChainReport, checkpoint: Row[Any], first: Row[Any]) -> None:
    """`first` is the seal up to which events are gone."""
    then, now = moment(first.sealed_at), moment(checkpoint.sealed_at)
    if then is None or now is None or now - then < LEAST_RETENTION:
        report.find("pruned_early", seal=checkpoint.number)


async def _verify_events(
    connection: AsyncConnection, report: ChainReport, seals: Sequence[tuple[Row[Any] | None, Row[Any]]]
) -> None:
    """The events under these seals, each of which comes with the one before it."""
    if not seals:
        return
    earliest = {seal.number: _earliest(before) for before, seal in seals}
    listed: dict[int, list[tuple[int, str]]] = {number: [] for number in earliest}
    under = (SealedEvent.chain == report.chain, SealedEvent.number.between(min(earliest), max(earliest)))
    query = (
        select(*EVENT_COLUMNS, SealedEvent.event_id, SealedEvent.number, SealedEvent.digest)
        .select_from(outerjoin(SealedEvent, AuditEvent, AuditEvent.id == SealedEvent.event_id))
        .where(*under)
    )
    async for page in _pages(connection, query, SealedEvent.event_id):
        for row in page:
            listed.setdefault(row.number, []).append((row.event_id, row.digest))
            _verify_event(report, row, earliest.get(row.number))
    for _, seal in seals:
        if events_digest(listed[seal.number]) != seal.events_digest:
            report.find("events_differ", seal=seal.number)


def _verify_event(report: ChainReport, row: Row[Any], earliest: datetime | None) -> None:
    report.events += 1
    at = moment(row.at) if row.id is not None else None
    if row.id is None:
        report.find("event_removed", seal=row.number, event=row.event_id)
    elif event_digest(row) != row.digest:
        report.find("event_altered", seal=row.number, event=row.event_id)
    elif at and earliest and at < earliest:
        report.find("event_backdated", seal=row.number, event=row.event_id)


def _earliest(before: Row[Any] | None) -> datetime | None:
    """When an event can have happened that the seal after `before` is the first to have."""
    sealed_at = moment(before.sealed_at) if before else None
    return sealed_at and sealed_at - LATE


async def _verify_strays(connection: AsyncConnection, report: ChainReport, pruned_upto: int) -> None:
    """Events that say they lie under a seal which has none any more, or is not there."""
    newest = report.head.number if report.head else 0
    beyond = or_(SealedEvent.number <= pruned_upto, SealedEvent.number > newest)
    strays = select(SealedEvent.number).where(SealedEvent.chain == report.chain, beyond).distinct()
    for number in (await connection.scalars(strays.order_by(SealedEvent.number))).all():
        report.find("events_differ" if number <= pruned_upto else "seal_missing", seal=number)


async def _compare_heads(
    connection: AsyncConnection, report: ChainReport, pruned_upto: int, kept: Sequence[Head]
) -> None:
    """A kept seal whose events are gone long since can be compared with nothing."""
    for head in kept:
        same = select(AuditSeal.digest).where(AuditSeal.chain == head.chain, AuditSeal.number == head.number)
        digest = await connection.scalar(same)
        if digest is None and head.number >= pruned_upto:
            report.find("head_missing", seal=head.number)
        elif digest not in {None, head.digest}:
            report.find("head_differs", seal=head.number)


async def _pages(
    connection: AsyncConnection, query: Select[Any], key: InstrumentedAttribute[int], size: int = ROWS_AT_ONCE
) -> AsyncIterator[Sequence[Row[Any]]]:
    """What `query` selects, in the order of `key`, which is one of its columns, some at a time."""
    page: Sequence[Row[Any]] = ()
    while not page or len(page) == size:
        after = [key > getattr(page[-1], key.key)] if page else []
        page = (await connection.execute(query.where(*after).order_by(key).limit(size))).all()
        if not page:
            return
        yield page
