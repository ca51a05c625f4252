"""Accounts of another system: usernames that families know already, with the hashes of their passwords, all of a file or none.

A hash is upgraded at the first sign-in. A recovery address counts only once its owner has confirmed it, as the other system's word says
nothing about whose it is today: the first sign-in mails the confirmation.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import InProgress
from app.models import Account, StaffMember
from app.portals import Portal
from app.services import audit
from app.services.clerk import Clerk
from app.services.districts import open_district
from app.services.key_people import issue_alone
from app.services.office.account_rows import AccountRow, account_rows
from app.services.office.import_codes import RowFault, RowWarning
from app.services.office.import_report import ImportCounts, ImportFindings, ImportReport
from app.services.office.person_file import PeopleOfRows, PersonRow, chunks, read_person_file
from app.services.roster.progress import Meter, Progress, no_progress
from app.text import fold


@dataclass(frozen=True)
class AccountImport:
    database: Database
    clock: Clock

    async def run(
        self, clerk: Clerk, path: Path, *, dry_run: bool = False, progress: Progress = no_progress
    ) -> ImportReport:
        """Makes the accounts of a CSV file: `person_id`, `portal`, `username`, and where there are some `password_hash`, `recovery_email`.

        With `errors` in the report nothing was written. An account that is there stays as it is.

        Raises:
            DistrictNotFound: there is no such district, or it does not take part yet.
            InProgress: somebody took a username at the same moment; nothing was written.
            OSError: the file cannot be read.
        """
        async with self.database.reading() as connection:
            await open_district(connection, clerk.district_id)
        findings, counts = ImportFindings(), ImportCounts()
        read = partial(read_person_file, required=("username",), optional=("password_hash", "recovery_email"))
        rows = await asyncio.to_thread(read, path, findings, progress)
        try:
            async with self.database.transaction() as session:
                await issue_alone(session, clerk.district_id)
                meter = Meter(progress, "checking", len(rows))
                wanted = await _Sorting(session, clerk.district_id, findings, counts, meter).new_accounts(rows)
                if wanted and not findings.fault_count and not dry_run:
                    await self._write(session, clerk, wanted, counts, Meter(progress, "writing", len(wanted)))
        except IntegrityError as fault:
            raise InProgress from fault
        return ImportReport.of(findings, counts, dry_run=dry_run)

    async def _write(
        self, session: AsyncSession, clerk: Clerk, wanted: Sequence[AccountRow], counts: ImportCounts, meter: Meter
    ) -> None:
        now = self.clock.now()
        for chunk in chunks(wanted):
            ids = [uuid4() for _ in chunk]
            common = {"district_id": clerk.district_id, "created_at": now}
            await session.execute(
                insert(Account),
                [{"id": id_, **common, **row.columns()} for id_, row in zip(ids, chunk, strict=True)],
            )
            facts = [{"portal": row.portal.value, "with_password": row.password_hash is not None} for row in chunk]
            subjects = [
                audit.Subject(id_, row.person.id, said) for id_, row, said in zip(ids, chunk, facts, strict=True)
            ]
            await clerk.record_each(session, "account:imported", subjects, at=now)
            meter.add(len(chunk))
        clerk.record(session, "accounts:imported", at=now, **vars(counts))


class _Sorting:
    """Which rows become accounts; what is wrong with the others goes into the findings."""

    def __init__(
        self, session: AsyncSession, district_id: str, findings: ImportFindings, counts: ImportCounts, meter: Meter
    ) -> None:
        self._session = session
        self._district_id = district_id
        self._findings = findings
        self._counts = counts
        self._meter = meter
        self._people = PeopleOfRows(session, district_id, findings)
        self._names: set[tuple[Portal, str]] = set()

    async def new_accounts(self, rows: Sequence[PersonRow]) -> list[AccountRow]:
        office_names = await self._office_names()
        wanted: list[AccountRow] = []
        for chunk in chunks(rows):
            named = account_rows(await self._people.find(chunk), self._findings)
            mine, owners = await self._accounts_of(named), await self._owners_of(named)
            for row in named:
                anothers = {*owners.get((row.portal, row.folded), ()), *_owner_in_office(office_names, row)}
                if self._is_new(row, mine.get((row.person.id, row.portal)), anothers - {row.person.id}):
                    wanted.append(row)
            self._meter.add(len(chunk))
        return wanted

    def _is_new(self, row: AccountRow, account: Row[*tuple[Any, ...]] | None, others: set[UUID]) -> bool:
        is_doubled = (row.portal, row.folded) in self._names
        self._names.add((row.portal, row.folded))
        if is_doubled:
            self._findings.fault(RowFault.DUPLICATE_USERNAME, row.row, "username")
        elif others:
            self._findings.fault(RowFault.USERNAME_TAKEN, row.row, "username")
        elif account is not None:
            self._leave_alone(row, account)
        elif row.portal not in row.person.may_enter:
            self._counts.left_out += 1
            self._findings.warn(RowWarning.MAY_NOT_ENTER, row.row)
        else:
            self._counts.created += 1
            if row.password_hash is None:
                self._findings.warn(RowWarning.NO_WAY_IN, row.row, "password_hash")
            return True
        return False

    def _leave_alone(self, row: AccountRow, account: Row[*tuple[Any, ...]]) -> None:
        """What its owner changed since the first sign-in is the owner's; before that it should be what an earlier file said."""
        is_used = account.last_signed_in_at is not None
        stored = (account.password_hash, account.recovery_email or account.unconfirmed_recovery_email)
        if account.username_folded == row.folded and (is_used or stored == (row.password_hash, row.recovery_email)):
            self._counts.unchanged += 1
        else:
            self._counts.conflicts += 1
            self._findings.warn(RowWarning.ACCOUNT_DIFFERS, row.row)

    async def _accounts_of(self, rows: Sequence[AccountRow]) -> dict[tuple[UUID, Portal], Row[*tuple[Any, ...]]]:
        query = select(
            Account.person_id,
            Account.portal,
            Account.username_folded,
            Account.password_hash,
            Account.recovery_email,
            Account.unconfirmed_recovery_email,
            Account.last_signed_in_at,
        ).where(Account.person_id.in_([row.person.id for row in rows]))
        return {(row.person_id, Portal(row.portal)): row for row in await self._session.execute(query)}

    async def _owners_of(self, rows: Sequence[AccountRow]) -> dict[tuple[Portal, str], set[UUID]]:
        """Who has the usernames of these rows now."""
        query = select(Account.person_id, Account.portal, Account.username_folded).where(
            Account.district_id == self._district_id, Account.username_folded.in_([row.folded for row in rows])
        )
        found = await self._session.execute(query)
        return {(Portal(row.portal), row.username_folded): {row.person_id} for row in found}

    async def _office_names(self) -> dict[str, UUID]:
        """Usernames of the staff portal that are kept for somebody who has no account yet."""
        query = select(StaffMember.username, StaffMember.person_id).where(
            StaffMember.district_id == self._district_id, StaffMember.username.is_not(None)
        )
        return {fold(row.username or ""): row.person_id for row in await self._session.execute(query)}


def _owner_in_office(names: Mapping[str, UUID], row: AccountRow) -> set[UUID]:
    return {names[row.folded]} if row.portal is Portal.STAFF and row.folded in names else set()
