"""Rosters that an office uploads: received, imported, and their reports kept."""

import asyncio
from collections.abc import AsyncIterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from tempfile import TemporaryFile
from typing import Any, BinaryIO
from uuid import UUID, uuid4

from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import InProgress, NotFound
from app.models import District, RosterUpload
from app.services.clerk import Clerk
from app.services.pages import MomentPosition, Page
from app.services.roster import ReceivedZip, RosterImport, RosterReport

ABANDONED_AFTER = timedelta(minutes=5)
"""An upload that has not ended by then belonged to a process that was lost. (Should it live, the import itself still keeps its turn.)"""


@dataclass(frozen=True)
class Upload:
    """One upload, as its row says."""

    id: UUID
    uploaded_at: datetime
    uploaded_by: UUID | None
    finished_at: datetime | None
    dry_run: bool
    outcome: str | None
    report: dict[str, Any]
    """`RosterReport.as_json()`; empty while it is read."""


_COLUMNS = (
    RosterUpload.id,
    RosterUpload.uploaded_at,
    RosterUpload.uploaded_by,
    RosterUpload.finished_at,
    RosterUpload.dry_run,
    RosterUpload.outcome,
    RosterUpload.report,
)


@dataclass(frozen=True)
class RosterUploads:
    database: Database
    clock: Clock
    roster_import: RosterImport

    async def take(
        self,
        clerk: Clerk,
        content: AsyncIterable[bytes],
        *,
        dry_run: bool = False,
        allow_ending_percent: float = 20,
        as_new: bool = False,
        strict: bool = False,
    ) -> Upload:
        """Receives a zip and imports it; faults of the package are in the report.

        Nothing is kept of the zip, which lies in a file without a name: it is gone with this call, however that ends.

        Raises:
            InProgress: another roster of the district is being imported.
        """
        async with self.database.reading() as connection:
            await _refuse_a_second(connection, clerk, self.clock.now())
        with TemporaryFile(prefix="campus-roster-") as file:
            await _receive(content, file)
            upload_id = await self._begin(clerk, dry_run=dry_run)
            try:
                await self.roster_import.run(
                    clerk,
                    ReceivedZip(file),
                    dry_run=dry_run,
                    allow_ending_percent=allow_ending_percent,
                    as_new=as_new,
                    strict=strict,
                    settle=partial(self._end, upload_id),
                )
            except Exception:
                await self._fail(upload_id)
                raise
        return await self.find(clerk, upload_id)

    async def page(self, clerk: Clerk, limit: int, after: MomentPosition | None) -> Page[Upload, MomentPosition]:
        """Those of the clerk's district, newest first."""
        query = (
            select(*_COLUMNS)
            .where(RosterUpload.district_id == clerk.district_id)
            .order_by(RosterUpload.uploaded_at.desc(), RosterUpload.id.desc())
            .limit(limit + 1)
        )
        if after:
            query = query.where(tuple_(RosterUpload.uploaded_at, RosterUpload.id) < after)
        async with self.database.reading() as connection:
            found = [Upload(*row) for row in await connection.execute(query)]
        return Page.of(found, limit, lambda last: (last.uploaded_at, last.id))

    async def find(self, clerk: Clerk, upload_id: UUID) -> Upload:
        """Raises NotFound: the district has no such upload."""
        query = select(*_COLUMNS).where(RosterUpload.id == upload_id, RosterUpload.district_id == clerk.district_id)
        async with self.database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise NotFound
        return Upload(*row)

    async def _begin(self, clerk: Clerk, *, dry_run: bool) -> UUID:
        """The district's row is locked, so that of two who begin at once the second sees the first."""
        now = self.clock.now()
        async with self.database.transaction() as session:
            await session.execute(
                select(District.id).where(District.id == clerk.district_id).with_for_update(key_share=True)
            )
            await _refuse_a_second(session, clerk, now)
            upload = RosterUpload(
                id=uuid4(),
                district_id=clerk.district_id,
                uploaded_by=clerk.account_id,
                uploaded_at=now,
                dry_run=dry_run,
            )
            session.add(upload)
        return upload.id

    async def _end(self, upload_id: UUID, session: AsyncSession, report: RosterReport) -> None:
        """In the transaction that writes the roster, so that both are there or neither."""
        await session.execute(
            update(RosterUpload)
            .where(RosterUpload.id == upload_id)
            .values(finished_at=self.clock.now(), outcome=_outcome(report), report=report.as_json())
        )

    async def _fail(self, upload_id: UUID) -> None:
        """So that the next try need not wait."""
        async with self.database.transaction() as session:
            await session.execute(
                update(RosterUpload)
                .where(RosterUpload.id == upload_id, RosterUpload.finished_at.is_(None))
                .values(finished_at=self.clock.now(), outcome="failed")
            )


async def _receive(content: AsyncIterable[bytes], file: BinaryIO) -> None:
    """In a thread, for a disk can be slow."""
    async for chunk in content:
        await asyncio.to_thread(file.write, chunk)


async def _refuse_a_second(connection: AsyncConnection | AsyncSession, clerk: Clerk, now: datetime) -> None:
    running = select(RosterUpload.id).where(
        RosterUpload.district_id == clerk.district_id,
        RosterUpload.finished_at.is_(None),
        RosterUpload.uploaded_at > now - ABANDONED_AFTER,
    )
    if (await connection.execute(running.limit(1))).first():
        raise InProgress


def _outcome(report: RosterReport) -> str:
    if report.errors:
        return "refused"
    if report.dry_run:
        return "dry_run"
    return "imported" if report.changes else "unchanged"
