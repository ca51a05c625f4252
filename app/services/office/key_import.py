"""Keys that are printed already: what another system sent home to families, such as the GUID of a person, opens an account here, once.

Whoever had to do with the other system may know them or guess them. So they live for days, open nothing that has an owner, and nothing
of the office.
"""

import asyncio
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import InProgress
from app.models import Account, ActivationKey
from app.portals import Portal
from app.security.activation_codes import normalise_activation_code
from app.security.digests import Digests
from app.services import audit
from app.services.clerk import Clerk
from app.services.districts import open_district
from app.services.key_people import is_unspent, issue_alone
from app.services.office.import_codes import RowFault, RowWarning
from app.services.office.import_report import ImportCounts, ImportFindings, ImportReport
from app.services.office.person_file import NamedPerson, PeopleOfRows, PersonRow, chunks, read_person_file
from app.services.roster.progress import Meter, Progress, no_progress
from app.services.typed_keys import DIGEST_PURPOSE

DAYS = 14
MOST_DAYS = 30
LONGEST_KEY = 64
LEAST_BITS = 80
LEAST_LETTERS = 8
"""Different ones: a key of fewer is a counter with zeros before it, or a pattern."""


@dataclass(frozen=True)
class _KeyRow:
    row: int
    person: NamedPerson
    portal: Portal
    digests: Sequence[str]
    """What may be stored of the key, the one to store first."""


@dataclass(frozen=True)
class KeyImport:
    database: Database
    clock: Clock
    digests: Digests

    async def run(
        self,
        clerk: Clerk,
        path: Path,
        *,
        days: int = DAYS,
        dry_run: bool = False,
        progress: Progress = no_progress,
    ) -> ImportReport:
        """Makes keys of a CSV file with `person_id`, `portal` and `activation_key`, each instead of its person's live one.

        With `errors` in the report nothing was written. Raises like `AccountImport.run`.
        """
        async with self.database.reading() as connection:
            await open_district(connection, clerk.district_id)
        findings, counts = ImportFindings(), ImportCounts()
        read = partial(read_person_file, required=("activation_key",))
        rows = await asyncio.to_thread(read, path, findings, progress)
        try:
            async with self.database.transaction() as session:
                await issue_alone(session, clerk.district_id)
                meter = Meter(progress, "checking", len(rows))
                wanted = await self._sorted(session, clerk.district_id, rows, findings, counts, meter)
                if wanted and not findings.fault_count and not dry_run:
                    meter = Meter(progress, "writing", len(wanted))
                    await self._write(session, clerk, wanted, timedelta(days=days), meter)
                    clerk.record(session, "keys:imported", at=self.clock.now(), days=days, **vars(counts))
        except IntegrityError as fault:
            raise InProgress from fault
        return ImportReport.of(findings, counts, dry_run=dry_run)

    async def _sorted(
        self,
        session: AsyncSession,
        district_id: str,
        rows: Sequence[PersonRow],
        findings: ImportFindings,
        counts: ImportCounts,
        meter: Meter,
    ) -> list[_KeyRow]:
        """Which rows become keys; what is wrong with the others goes into the findings."""
        people = PeopleOfRows(session, district_id, findings)
        seen: set[str] = set()
        wanted: list[_KeyRow] = []
        for chunk in chunks(rows):
            keys = self._key_rows(district_id, await people.find(chunk), findings)
            known, with_account = await _known_keys(session, keys), await _with_account(session, keys)
            for key in keys:
                owners = {known[digest] for digest in key.digests if digest in known}
                is_doubled = key.digests[0] in seen
                seen.add(key.digests[0])
                if is_doubled or owners - {(key.person.id, key.portal)}:
                    findings.fault(RowFault.DUPLICATE_KEY, key.row, "activation_key")
                elif owners:
                    counts.unchanged += 1
                elif obstacle := _obstacle(key, with_account):
                    counts.left_out += 1
                    findings.warn(obstacle, key.row)
                else:
                    counts.created += 1
                    wanted.append(key)
            meter.add(len(chunk))
        return wanted

    def _key_rows(
        self, district_id: str, found: Iterable[tuple[PersonRow, NamedPerson]], findings: ImportFindings
    ) -> list[_KeyRow]:
        keys = []
        for row, person in found:
            key = normalise_activation_code(row.values["activation_key"])
            if fault := _fault_of(key):
                findings.fault(fault, row.row, "activation_key")
            digests = self.digests.candidates(DIGEST_PURPOSE, district_id, key)
            keys.append(_KeyRow(row.row, person, row.portal, digests))
        return keys

    async def _write(
        self, session: AsyncSession, clerk: Clerk, wanted: Sequence[_KeyRow], life: timedelta, meter: Meter
    ) -> None:
        now = self.clock.now()
        common = {"district_id": clerk.district_id, "issued_at": now, "expires_at": now + life}
        for chunk in chunks(wanted):
            whose = tuple_(ActivationKey.person_id, ActivationKey.portal)
            await session.execute(
                update(ActivationKey)
                .where(whose.in_([(key.person.id, key.portal.value) for key in chunk]), is_unspent())
                .values(revoked_at=now)
                .execution_options(synchronize_session=False)
            )
            rows: list[dict[str, Any]] = [
                {
                    **common,
                    "id": uuid4(),
                    "person_id": key.person.id,
                    "portal": key.portal.value,
                    "digest": key.digests[0],
                }
                for key in chunk
            ]
            await session.execute(insert(ActivationKey), rows)
            subjects = [
                audit.Subject(None, row["person_id"], {"key": str(row["id"]), "portal": row["portal"]}) for row in rows
            ]
            await clerk.record_each(session, "key:imported", subjects, at=now)
            meter.add(len(chunk))


def _fault_of(key: str) -> RowFault | None:
    """Of a key as it is compared."""
    if not (key.isascii() and key.isalnum()):
        return RowFault.KEY_CHARACTERS
    if len(key) > LONGEST_KEY:
        return RowFault.KEY_TOO_LONG
    if _plausible_bits(key) < LEAST_BITS or len(set(key)) < LEAST_LETTERS:
        return RowFault.KEY_TOO_WEAK
    return None


def _plausible_bits(key: str) -> float:
    """How much there is to guess at best, where each letter is drawn from the smallest usual alphabet that has them all."""
    letters = set(key)
    alphabet = next(size for size, all_ in _ALPHABETS.items() if letters <= all_)
    return len(key) * math.log2(alphabet)


_ALPHABETS = {
    10: set("0123456789"),
    16: set("0123456789ABCDEF"),
    36: set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
}


def _obstacle(key: _KeyRow, with_account: set[tuple[UUID, str]]) -> RowWarning | None:
    """Why the person gets no key that others may know."""
    if key.portal not in key.person.may_enter:
        return RowWarning.MAY_NOT_ENTER
    if key.portal is Portal.STAFF and key.person.works_in_office:
        return RowWarning.WORKS_IN_OFFICE
    return RowWarning.HAS_ACCOUNT if (key.person.id, key.portal.value) in with_account else None


async def _known_keys(session: AsyncSession, keys: Sequence[_KeyRow]) -> dict[str, tuple[UUID, Portal]]:
    """Whose each stored digest is, live or not."""
    digests = [digest for key in keys for digest in key.digests]
    query = select(ActivationKey.digest, ActivationKey.person_id, ActivationKey.portal)
    found = await session.execute(query.where(ActivationKey.digest.in_(digests)))
    return {row.digest: (row.person_id, Portal(row.portal)) for row in found}


async def _with_account(session: AsyncSession, keys: Sequence[_KeyRow]) -> set[tuple[UUID, str]]:
    """People with an account that a password opens, or that is switched off, and its portal."""
    query = select(Account.person_id, Account.portal).where(
        Account.person_id.in_([key.person.id for key in keys]),
        or_(Account.password_hash.is_not(None), Account.disabled_at.is_not(None)),
    )
    return {(row.person_id, row.portal) for row in await session.execute(query)}
