"""Reading the audit trail of one district: by person, student, account, actor, kind and time; on screen or as CSV."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Text, cast, or_, select, tuple_

from app.clock import Clock
from app.database import Database, unhurried
from app.models import Account, AuditEvent
from app.security.digests import Digests
from app.services.clerk import Clerk
from app.services.districts import open_district
from app.services.pages import Page

EXPORT_PAGE = 1_000
"""Events that an export holds in memory at once."""

AuditPosition = tuple[datetime, int]
"""Where a page ends: moment and number of its last event. The number tells how much happens in other districts; seal it."""


@dataclass(frozen=True)
class AuditFilter:
    """What is left out does not matter."""

    person_id: UUID | None = None
    """What happened to this person or to one of his accounts."""
    account_id: UUID | None = None
    actor: str | None = None
    """`account:<id>`, `operator`, `worker` or `anonymous`."""
    tag: str | None = None
    """The beginning of the tag, such as `office:account:`."""
    since: datetime | None = None
    until: datetime | None = None
    """Up to, but not including."""
    student_id: UUID | None = None
    """What happened to this person, and who looked at him or changed who may see him."""


@dataclass(frozen=True)
class AuditItem:
    id: UUID
    """The same for an event as long as the secret keys stay; its number would tell how much happens in other districts."""
    at: datetime
    tag: str
    actor: str
    account_id: UUID | None
    person_id: UUID | None
    data: dict[str, Any]


@dataclass(frozen=True)
class AuditTrail:
    """For district admins and operators. Events of no district (such as an import of the directory) are in nobody's trail."""

    database: Database
    clock: Clock
    digests: Digests

    async def page(
        self, clerk: Clerk, wanted: AuditFilter, limit: int, after: AuditPosition | None
    ) -> Page[AuditItem, AuditPosition]:
        """Up to `limit` events, newest first."""
        page = Page.of(await self._rows(clerk, wanted, limit + 1, after), limit, _place)
        return Page([self._item(row) for row in page.items], page.end)

    async def export(self, clerk: Clerk, wanted: AuditFilter) -> AsyncIterator[Sequence[AuditItem]]:
        """Every event, newest first, some at a time. That somebody takes them away is itself an event. Raises DistrictNotFound."""
        async with self.database.transaction() as session:
            await open_district(session, clerk.district_id)
            whom = wanted.student_id or wanted.person_id
            clerk.record(session, "audit:exported", at=self.clock.now(), person_id=whom)
        return self._pages(clerk, wanted, await self._rows_of_export(clerk, wanted))

    async def _pages(
        self, clerk: Clerk, wanted: AuditFilter, rows: Sequence[Row[Any]]
    ) -> AsyncIterator[Sequence[AuditItem]]:
        while rows:
            yield [self._item(row) for row in rows]
            is_last = len(rows) < EXPORT_PAGE
            rows = [] if is_last else await self._rows_of_export(clerk, wanted, _place(rows[-1]))

    async def _rows_of_export(
        self, clerk: Clerk, wanted: AuditFilter, after: AuditPosition | None = None
    ) -> Sequence[Row[Any]]:
        with unhurried():
            return await self._rows(clerk, wanted, EXPORT_PAGE, after)

    async def _rows(
        self, clerk: Clerk, wanted: AuditFilter, limit: int, after: AuditPosition | None
    ) -> Sequence[Row[Any]]:
        """Each page is a short query of its own, so that a slow reader holds no connection."""
        query = (
            select(*_COLUMNS)
            .where(AuditEvent.district_id == clerk.district_id, *_matches(wanted))
            .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
            .limit(limit)
        )
        if after:
            query = query.where(tuple_(AuditEvent.at, AuditEvent.id) < after)
        async with self.database.reading() as connection:
            return (await connection.execute(query)).all()

    def _item(self, row: Row[Any]) -> AuditItem:
        opaque = UUID(bytes=self.digests.steady_mac("audit-event", str(row.id))[:16])
        return AuditItem(opaque, row.at, row.tag, row.actor, row.account_id, row.person_id, row.data)


_COLUMNS = (
    AuditEvent.id,
    AuditEvent.at,
    AuditEvent.tag,
    AuditEvent.actor,
    AuditEvent.account_id,
    AuditEvent.person_id,
    AuditEvent.data,
)


def _place(row: Row[Any]) -> AuditPosition:
    return row.at, row.id


def _matches(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.person_id:
        where.append(_is_about(wanted.person_id))
    if wanted.student_id:
        named = cast(AuditEvent.data, Text).contains(str(wanted.student_id))
        where.append(or_(_is_about(wanted.student_id), named))
    if wanted.account_id:
        where.append(AuditEvent.account_id == wanted.account_id)
    if wanted.actor:
        where.append(AuditEvent.actor == wanted.actor)
    if wanted.tag:
        where.append(AuditEvent.tag.startswith(wanted.tag, autoescape=True))
    if wanted.since:
        where.append(AuditEvent.at >= wanted.since)
    if wanted.until:
        where.append(AuditEvent.at < wanted.until)
    return where


def _is_about(person_id: UUID) -> ColumnElement[bool]:
    accounts = select(Account.id).where(Account.person_id == person_id)
    return or_(AuditEvent.person_id == person_id, AuditEvent.account_id.in_(accounts))
