"""A district's office that imports rosters, and looks at what the database then holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, select

from app.clock import ManualClock
from app.database import Database
from app.models import Account, Base, District, Enrollment, OtherOrg, Person, Relationship, School, SignInSession
from app.security.digests import Digests
from app.services.clerk import operator_of
from app.services.roster import RosterImport, RosterReport

NOTHING = {"schools": 0, "students": 0, "guardians": 0, "staff": 0, "relationships": 0}

Places = list[tuple[str, int | None, str | None, str]]


@dataclass(frozen=True)
class Office:
    database: Database
    clock: ManualClock
    digests: Digests
    district: str = "gb"

    async def open(self) -> None:
        async with self.database.transaction() as session:
            session.add(
                District(
                    id=self.district, name="Grand Bend", state="TX", name_words="grand bend", opened_at=self.clock.now()
                )
            )

    async def roster(self, path: Path, **options: Any) -> RosterReport:
        """Imports, whatever comes of it."""
        return await RosterImport(self.database, self.clock, self.digests).run(
            operator_of(self.district), path, **options
        )

    async def accept(self, path: Path, **options: Any) -> RosterReport:
        """Imports a package that has no fault."""
        report = await self.roster(path, **options)
        assert faults(report) == []
        return report

    async def people(self) -> dict[str, Row[Any]]:
        return {row.sourced_id: row for row in await self._rows(Person)}

    async def schools(self) -> dict[str, Row[Any]]:
        return {row.sourced_id: row for row in await self._rows(School)}

    async def other_orgs(self) -> set[str]:
        return {row.sourced_id for row in await self._rows(OtherOrg)}

    async def relationships(self) -> dict[tuple[str, str], Row[Any]]:
        """By the sourcedIds of guardian and student."""
        names = {row.id: row.sourced_id for row in await self._rows(Person)}
        return {(names[row.guardian_id], names[row.student_id]): row for row in await self._rows(Relationship)}

    async def enrollments(self) -> set[tuple[str, str, bool]]:
        """Person, school, whether it is the primary one."""
        names = {row.id: row.sourced_id for row in await self._rows(Person)}
        schools = {row.id: row.sourced_id for row in await self._rows(School)}
        return {
            (names[row.person_id], schools[row.school_id], row.is_primary)
            for row in await self._rows(Enrollment)
            if row.person_id in names
        }

    async def everything(self) -> dict[str, list[str]]:
        """Every row of every table, to see whether anything changed."""
        async with self.database.reading() as connection:
            tables = Base.metadata.sorted_tables
            return {table.name: sorted(map(repr, await connection.execute(select(table)))) for table in tables}

    async def sign_in(self, sourced_id: str, portal: str) -> UUID:
        """Gives somebody an account and an open session, and the session's id."""
        person, now = (await self.people())[sourced_id], self.clock.now()
        account = Account(
            id=uuid4(),
            district_id=self.district,
            person_id=person.id,
            portal=portal,
            username=sourced_id,
            username_folded=sourced_id,
            created_at=now,
        )
        session = SignInSession(
            id=uuid4(),
            account_id=account.id,
            signed_in_at=now,
            last_used_at=now,
            idle_expires_at=now + timedelta(days=14),
            expires_at=now + timedelta(days=30),
            refresh_digest=sourced_id,
        )
        async with self.database.transaction() as transaction:
            transaction.add(account)
            await transaction.flush()
            transaction.add(session)
        return session.id

    async def ended_sessions(self) -> dict[UUID, datetime]:
        return {row.id: row.ended_at for row in await self._rows(SignInSession) if row.ended_at}

    async def _rows(self, model: type[Base]) -> Sequence[Row[Any]]:
        """Those of the district, where the table tells."""
        table = model.__table__
        query = select(table)
        if "district_id" in table.c:
            query = query.where(table.c.district_id == self.district)
        async with self.database.reading() as connection:
            return (await connection.execute(query)).all()


def faults(report: RosterReport) -> Places:
    return [(fault.file, fault.row, fault.column, fault.code.value) for fault in report.errors]


def warnings(report: RosterReport) -> dict[str, int]:
    """How often each code was warned of."""
    counts: dict[str, int] = {}
    for warned in report.warnings:
        counts[warned.code.value] = counts.get(warned.code.value, 0) + warned.count
    return counts
