"""Households from the student information system, all of a file or none, read and written a few hundred at a time."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, insert, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.models import Household, HouseholdMember, Person
from app.services.clerk import Clerk
from app.services.districts import open_district
from app.services.office.household_desk import write_facts
from app.services.office.household_file import HouseholdRows, read_household_file
from app.services.office.import_codes import RowFault
from app.services.office.import_report import ImportCounts, ImportFindings, ImportReport
from app.services.office.person_search import uuid_or_none
from app.services.roster.progress import Progress, no_progress

HOUSEHOLDS_AT_ONCE = 200


@dataclass
class HouseholdCounts(ImportCounts):
    """Households, by what became of them."""

    changed: int = 0


class _NothingWritten(Exception):
    """Takes back what the transaction has done."""


@dataclass(frozen=True)
class HouseholdImport:
    database: Database
    clock: Clock

    async def run(
        self, clerk: Clerk, path: Path, *, dry_run: bool = False, progress: Progress = no_progress
    ) -> ImportReport:
        """Enters the households of a CSV file, with the facts and members that stand there; others stay as they are.

        With `errors` in the report nothing was written.

        Raises:
            DistrictNotFound: there is no such district, or it does not take part yet.
            OSError: the file cannot be read.
        """
        async with self.database.reading() as connection:
            await open_district(connection, clerk.district_id)
        findings, counts = ImportFindings(), HouseholdCounts()
        households = read_household_file(path, findings, progress)
        with suppress(_NothingWritten):
            async with self.database.transaction() as session:
                writing = _Writing(session, clerk, self.clock, findings, counts)
                while some := await asyncio.to_thread(_next, households):
                    await writing.put(some)
                if findings.fault_count or dry_run:
                    raise _NothingWritten
                clerk.record(session, "households:imported", at=self.clock.now(), **vars(counts))
        return ImportReport.of(findings, counts, dry_run=dry_run)


class _Writing:
    """What is new or another than before goes into the transaction, a few hundred households at a time."""

    def __init__(
        self, session: AsyncSession, clerk: Clerk, clock: Clock, findings: ImportFindings, counts: HouseholdCounts
    ) -> None:
        self._session = session
        self._clerk = clerk
        self._clock = clock
        self._findings = findings
        self._counts = counts

    async def put(self, some: Sequence[HouseholdRows]) -> None:
        people = await self._people(some)
        stored = await self._stored(some)
        members = await self._members(stored)
        joining: list[dict[str, UUID]] = []
        leaving: list[tuple[UUID, UUID]] = []
        for rows in some:
            wanted = self._wanted(rows, people)
            household = stored.get(rows.number)
            before = members[household.id] if household else set()
            household_id = self._write(rows, household, is_moved=wanted != before)
            joining += [{"household_id": household_id, "person_id": person} for person in wanted - before]
            leaving += [(household_id, person) for person in before - wanted]
        await self._session.flush()
        if leaving:
            row = tuple_(HouseholdMember.household_id, HouseholdMember.person_id)
            await self._session.execute(delete(HouseholdMember).where(row.in_(leaving)))
        if joining:
            await self._session.execute(insert(HouseholdMember), joining)
        self._session.expunge_all()

    def _write(self, rows: HouseholdRows, household: Household | None, *, is_moved: bool) -> UUID:
        now = self._clock.now()
        if household is None:
            self._counts.created += 1
            household = Household(id=uuid4(), district_id=self._clerk.district_id, number=rows.number)
            household.facts, household.changed_at, household.version = rows.facts.as_json(), now, 1
            self._session.add(household)
            return household.id
        changed = [*write_facts(household, rows.facts, now), *(["members"] if is_moved else [])]
        if changed:
            self._counts.changed += 1
            household.version += 1
            about = str(household.id)
            self._clerk.record(self._session, "household:changed", at=now, household=about, changed=changed)
        else:
            self._counts.unchanged += 1
        return household.id

    def _wanted(self, rows: HouseholdRows, people: Mapping[UUID | str, UUID]) -> set[UUID]:
        wanted: set[UUID] = set()
        for row, called in rows.people:
            person = people.get(uuid_or_none(called) or called) or people.get(called)
            if person is None:
                self._findings.fault(RowFault.PERSON_NOT_FOUND, row, "person_id")
            else:
                wanted.add(person)
        return wanted

    async def _people(self, some: Sequence[HouseholdRows]) -> dict[UUID | str, UUID]:
        """By id and by sourced id."""
        called = [person for rows in some for _, person in rows.people]
        ids = [uuid for uuid in map(uuid_or_none, called) if uuid]
        named = or_(Person.sourced_id.in_(called), Person.id.in_(ids))
        query = select(Person.id, Person.sourced_id).where(Person.district_id == self._clerk.district_id, named)
        people: dict[UUID | str, UUID] = {}
        for row in await self._session.execute(query):
            people |= {row.sourced_id: row.id, row.id: row.id}
        return people

    async def _stored(self, some: Sequence[HouseholdRows]) -> dict[str, Household]:
        numbers = [rows.number for rows in some]
        query = select(Household).where(Household.district_id == self._clerk.district_id, Household.number.in_(numbers))
        found = await self._session.scalars(query.order_by(Household.id).with_for_update(key_share=True))
        return {household.number or "": household for household in found}

    async def _members(self, stored: Mapping[str, Household]) -> Mapping[UUID, set[UUID]]:
        ids = [household.id for household in stored.values()]
        query: Any = select(HouseholdMember.household_id, HouseholdMember.person_id)
        members: dict[UUID, set[UUID]] = defaultdict(set)
        for row in await self._session.execute(query.where(HouseholdMember.household_id.in_(ids))):
            members[row.household_id].add(row.person_id)
        return members


def _next(households: Iterator[HouseholdRows]) -> list[HouseholdRows]:
    return list(islice(households, HOUSEHOLDS_AT_ONCE))
