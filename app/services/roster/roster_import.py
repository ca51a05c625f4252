"""A OneRoster package into a district, in one transaction or not at all."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database, unhurried
from app.models import District
from app.security.digests import Digests
from app.services.clerk import Clerk
from app.services.districts import open_district
from app.services.portal_access import end_sessions_without_access
from app.services.roster.changes import put_over_stored
from app.services.roster.codes import FaultCode
from app.services.roster.differences import Differences, find_differences, write_differences
from app.services.roster.memory import rare_collections, release_memory
from app.services.roster.package import ReceivedZip
from app.services.roster.progress import Meter, Progress, no_progress
from app.services.roster.reading import Sent, read_roster
from app.services.roster.report import Findings, RosterReport

SSN_PURPOSE = "ssn-last4"
"""Of the digests over district, sourcedId and four digits."""
_MANY_PEOPLE = 20_000
"""After so many it pays to give the memory back."""


class Settle(Protocol):
    """What else belongs into the transaction in which an import ends, whatever came of it."""

    async def __call__(self, session: AsyncSession, report: RosterReport) -> None: ...


async def _settled(session: AsyncSession, report: RosterReport) -> None:
    """Nothing else does."""


@dataclass(frozen=True)
class RosterImport:
    database: Database
    clock: Clock
    digests: Digests

    async def run(
        self,
        clerk: Clerk,
        source: Path | ReceivedZip,
        *,
        dry_run: bool = False,
        allow_ending_percent: float = 20,
        as_new: bool = False,
        strict: bool = False,
        progress: Progress = no_progress,
        settle: Settle = _settled,
    ) -> RosterReport:
        """Makes the district's schools, people and relationships those of the package; what it lacks is ended, not erased.

        With `errors` in the report nothing was written. `as_new` treats a district's first people as entered today, so that
        they wait as long for a claim as anybody later. `strict` refuses what the standard forbids and imports usually forgive.

        Raises:
            DistrictNotFound: there is no such district, or it does not take part yet.
        """
        district_id = clerk.district_id
        async with self.database.reading() as connection:
            await open_district(connection, district_id)
        findings = Findings(strict=strict)
        ssn_digests = partial(_ssn_digests, self.digests, district_id)
        with rare_collections(), unhurried():
            sent = await asyncio.to_thread(read_roster, source, ssn_digests, findings, progress)
            async with self.database.transaction() as session:
                differences = None
                if sent and not findings.fault_count:
                    await lock_roster(session, district_id)
                    differences = await self._compare(session, clerk, sent, findings, progress)
                if differences:
                    if differences.share_ended > allow_ending_percent:
                        findings.fault(FaultCode.TOO_MANY_ENDED, "users.csv")
                    elif not dry_run and differences.size:
                        await self._write(session, clerk, differences, progress, as_new=as_new)
                report = _report(findings, differences, dry_run=dry_run)
                await settle(session, report)
        is_large = sent is not None and len(sent.roster.people) > _MANY_PEOPLE
        del sent, differences
        if is_large:
            release_memory()
        return report

    async def _compare(
        self, session: AsyncSession, clerk: Clerk, sent: Sent, findings: Findings, progress: Progress
    ) -> Differences | None:
        """What the package would change; None where the changes in it do not fit what is stored."""
        connection = await session.connection()
        district = await open_district(session, clerk.district_id)
        grace = timedelta(days=district.settings.roster.grace_days)
        roster = sent.roster
        if sent.is_changes:
            roster = await put_over_stored(connection, clerk.district_id, sent, findings)
        if findings.fault_count:
            return None
        return await find_differences(connection, clerk.district_id, roster, self.clock.now(), grace, progress)

    async def _write(
        self, session: AsyncSession, clerk: Clerk, differences: Differences, progress: Progress, *, as_new: bool
    ) -> None:
        now = self.clock.now()
        await write_differences(
            await session.connection(),
            differences,
            now,
            Meter(progress, "writing", differences.size),
            in_first_import=differences.people.stored == 0 and not as_new,
        )
        await end_sessions_without_access(session, clerk.district_id, now, clerk)
        rows = differences.counts
        clerk.record(
            session,
            "roster:imported",
            at=now,
            created=rows["created"],
            updated=rows["updated"],
            ended=rows["ended"],
            leaving=rows["leaving"],
        )


async def lock_roster(session: AsyncSession, district_id: str) -> None:
    """One import of a district at a time. NO KEY: whoever activates an account meanwhile points to the district and need not wait."""
    await session.execute(select(District.id).where(District.id == district_id).with_for_update(key_share=True))


def _ssn_digests(digests: Digests, district_id: str, sourced_id: str, digits: str) -> tuple[str, ...]:
    return tuple(digests.candidates(SSN_PURPOSE, district_id, sourced_id, digits))


def _report(findings: Findings, differences: Differences | None, *, dry_run: bool) -> RosterReport:
    return RosterReport(
        dry_run=dry_run,
        **(differences.counts if differences else {}),
        by_school=differences.by_school if differences else (),
        warnings=findings.warnings,
        errors=findings.sorted_faults,
        errors_total=findings.fault_count,
    )
