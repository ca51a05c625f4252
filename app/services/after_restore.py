"""What has to be said to a database that was restored: it may not know what has happened since."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from app.clock import Clock
from app.database import Database
from app.models import AuditEvent
from app.services import audit
from app.services.audit_sealing import AuditSealing
from app.services.audit_verification import AuditVerification, ChainReport
from app.services.sessions import end_sessions

ENDED = "restored"


@dataclass(frozen=True)
class Settled:
    sessions_ended: int
    reports: list[ChainReport]
    """Of each chain of the trail, verified after it was sealed."""
    newest_event_at: datetime | None
    """The last thing that the restored trail knows of."""


@dataclass(frozen=True)
class AfterRestore:
    database: Database
    clock: Clock
    audit_sealing: AuditSealing
    audit_verification: AuditVerification

    async def settle(self, made_at: str, *, keep_sessions: bool) -> Settled:
        """Ends all sessions unless they are to be kept: some were ended since, by their owner or by the office, and would live again."""
        async with self.database.transaction() as session:
            newest = await session.scalar(select(func.max(AuditEvent.at)))
            ended = [] if keep_sessions else await end_sessions(session, self.clock.now(), ENDED)
            audit.record(
                session,
                "operator:backup:restored",
                at=self.clock.now(),
                actor=audit.OPERATOR,
                data={"made_at": made_at, "sessions_ended": len(ended)},
            )
        await self.audit_sealing.seal(everything=True)
        return Settled(len(ended), await self.audit_verification.verify(), newest)
