"""A database with a trail, the worker's hands on it, and a thief's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from app.clock import ManualClock
from app.database import Database
from app.models import AuditEvent, AuditSeal, District, SealedEvent
from app.security.digests import Digests
from app.services import audit
from app.services.audit_chain import Head
from app.services.audit_retention import AuditRetention
from app.services.audit_sealing import AuditSealing
from app.services.audit_verification import AuditVerification, ChainReport

PERSON = UUID("0b7f5d2e-6c1a-4b7e-9a53-2f1f6f0f9a01")
TABLES = ("audit_events", "sealed_events", "audit_seals")


@dataclass(frozen=True)
class Trail:
    database: Database
    clock: ManualClock
    digests: Digests

    @property
    def sealing(self) -> AuditSealing:
        return AuditSealing(self.database, self.clock, self.digests)

    @property
    def retention(self) -> AuditRetention:
        return AuditRetention(self.database, self.clock, self.digests)

    @property
    def verification(self) -> AuditVerification:
        return AuditVerification(self.database, self.clock, self.digests)

    def under(self, *keys: str) -> "Trail":
        """The same database as a process with these secret keys sees it."""
        return replace(self, digests=Digests(keys))

    async def happen(self, count: int, district: str | None = "wake") -> None:
        async with self.database.transaction() as session:
            for number in range(count):
                audit.record(
                    session,
                    "api:story:told",
                    at=self.clock.now(),
                    actor=audit.OPERATOR,
                    district_id=district,
                    account_id=PERSON,
                    person_id=PERSON,
                    data={"number": number, "of": "é"},
                )

    async def seal(self, count: int, district: str | None = "wake") -> list[Head]:
        """Of so many new events, a minute later than the last."""
        self.clock.advance(timedelta(minutes=1))
        await self.happen(count, district)
        return await self.sealing.seal()

    async def open_district(self, name: str = "wake", **audit_settings: int) -> None:
        settings = {"audit": audit_settings} if audit_settings else {}
        async with self.database.transaction() as session:
            now = self.clock.now()
            session.add(District(id=name, name=name, state="NC", name_words=name, opened_at=now, settings=settings))

    async def verify(self, *kept: Head) -> list[ChainReport]:
        return await self.verification.verify(None, kept)

    async def findings(self, *kept: Head) -> list[tuple[Any, ...]]:
        """What is found in all chains: what, which seal, which event."""
        return [
            (found.what, found.seal, found.event) for report in await self.verify(*kept) for found in report.findings
        ]

    async def count(self, table: Any) -> int:
        async with self.database.reading() as connection:
            return (await connection.execute(select(func.count()).select_from(table))).scalar_one()

    async def read(self, query: Any) -> Sequence[Any]:
        async with self.database.reading() as connection:
            return (await connection.execute(text(query) if isinstance(query, str) else query)).all()

    async def counts(self) -> tuple[int, int, int]:
        """Events, those that are sealed, and seals."""
        return await self.count(AuditEvent), await self.count(SealedEvent), await self.count(AuditSeal)

    async def tamper(self, *statements: str) -> None:
        """What somebody does who may do everything in the database, and knows the triggers."""
        async with self.database.transaction() as session:
            for statement in [*self._without_triggers(), *statements]:
                await session.execute(text(statement))

    def _without_triggers(self) -> Sequence[str]:
        if not self.database.is_sqlite:
            return [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in TABLES]
        return [f"DROP TRIGGER IF EXISTS {table}_no_{action}" for table in TABLES for action in ("update", "delete")]
