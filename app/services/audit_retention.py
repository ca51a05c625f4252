"""The end of old audit events: whole seals of them go, and a checkpoint that says so joins the chain.

The database lets an event go only where a checkpoint covers it. Checkpoint and deletion are one transaction.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.models import AuditEvent, AuditSeal, District, SealedEvent
from app.security.digests import Digests
from app.services import audit
from app.services.audit_chain import NO_DISTRICT
from app.services.audit_sealing import lay_seal, may_rest_on, newest_seal, one_sealer_at_a_time
from app.services.district_settings import DistrictSettings

EVENTS_AT_ONCE = 10_000
SEALS_AT_ONCE = 1_000


@dataclass(frozen=True)
class AuditRetention:
    database: Database
    clock: Clock
    digests: Digests

    async def prune(self) -> int:
        """Deletes events that lie under seals older than `audit.retention_days` of their district; gives how many."""
        async with self.database.reading() as connection:
            chains = (await connection.scalars(select(AuditSeal.chain).distinct().order_by(AuditSeal.chain))).all()
            settings = {
                row.id: row.settings for row in await connection.execute(select(District.id, District.settings))
            }
        pruned = 0
        for chain in chains:
            days = DistrictSettings.model_validate(settings.get(chain, {})).audit.retention_days
            while gone := await self._prune_some(chain, self.clock.now() - timedelta(days=days)):
                pruned += gone
        return pruned

    async def _prune_some(self, chain: str, before: datetime) -> int:
        async with self.database.transaction() as session:
            await one_sealer_at_a_time(session)
            upto = await _last_to_go(session, chain, before)
            head = await newest_seal(session, chain)
            if upto is None or head is None or not may_rest_on(self.digests, head):
                return 0
            now = self.clock.now()
            await lay_seal(session, self.digests, head, chain, now, pruned_upto=upto)
            events = await _delete_upto(session, chain, upto)
            district = None if chain == NO_DISTRICT else chain
            told = {"events": events, "upto": upto}
            audit.record(session, "worker:audit:pruned", at=now, actor=audit.WORKER, district_id=district, data=told)
        return events


async def _last_to_go(session: AsyncSession, chain: str, before: datetime) -> int | None:
    """The number of the last seal whose events go now: old enough, and not too many at once. None where nothing is due."""
    gone = await session.scalar(select(func.max(AuditSeal.pruned_upto)).where(AuditSeal.chain == chain))
    due = select(AuditSeal.number, AuditSeal.events).where(
        AuditSeal.chain == chain, AuditSeal.number > (gone or 0), AuditSeal.sealed_at <= before
    )
    upto, events = None, 0
    for number, count in await session.execute(due.order_by(AuditSeal.number).limit(SEALS_AT_ONCE)):
        events += count
        if upto is not None and events > EVENTS_AT_ONCE:
            break
        upto = number
    return upto if events else None


async def _delete_upto(session: AsyncSession, chain: str, upto: int) -> int:
    """Events first, as the database asks what they lie under. The last seal stays as the beginning of what is left."""
    under = (SealedEvent.chain == chain, SealedEvent.number <= upto)
    ids = select(SealedEvent.event_id).where(*under)
    plainly = {"synchronize_session": False}
    await session.execute(delete(AuditEvent).where(AuditEvent.id.in_(ids)).execution_options(**plainly))
    gone = await session.scalar(select(func.count()).select_from(SealedEvent).where(*under))
    await session.execute(delete(SealedEvent).where(*under).execution_options(**plainly))
    seals = delete(AuditSeal).where(AuditSeal.chain == chain, AuditSeal.number < upto)
    await session.execute(seals.execution_options(**plainly))
    return gone or 0
