"""Rows whose time is over. Nothing depends on it: what has expired is refused whether or not it was pruned."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Delete, delete
from sqlalchemy.engine import CursorResult

from app.clock import Clock
from app.database import Database
from app.models import (
    DailyQuota,
    FailedSignIns,
    IdempotencyKey,
    LinkCode,
    MailedLink,
    OutboxMail,
    PushDevice,
    SignInSession,
    SpentCaptcha,
    WindowCount,
)
from app.services.devices import STALE_AFTER
from app.services.sign_in_ladder import is_over

MAILS_KEPT = timedelta(days=30)
"""How long the office can see what became of a mail."""
SESSIONS_KEPT = timedelta(days=30)
LINKS_KEPT = timedelta(days=7)
CODES_KEPT = timedelta(hours=1)
"""An expired code is told from an unknown one for so long."""


@dataclass(frozen=True)
class Pruning:
    database: Database
    clock: Clock

    async def prune(self) -> int:
        """Deletes what is over, in one short transaction a table; gives the number of rows."""
        now = self.clock.now()
        return sum(
            [
                await self._delete(delete(DailyQuota).where(DailyQuota.ends_at <= now)),
                await self._delete(delete(WindowCount).where(WindowCount.ends_at <= now)),
                await self._delete(delete(LinkCode).where(LinkCode.expires_at <= now - CODES_KEPT)),
                await self._delete(delete(PushDevice).where(PushDevice.registered_at <= now - STALE_AFTER)),
                await self._delete(delete(SpentCaptcha).where(SpentCaptcha.expires_at <= now)),
                await self._delete(delete(FailedSignIns).where(is_over(now))),
                await self._delete(delete(IdempotencyKey).where(IdempotencyKey.expires_at <= now)),
                await self._delete(delete(OutboxMail).where(OutboxMail.finished_at <= now - MAILS_KEPT)),
                await self._delete(delete(MailedLink).where(MailedLink.expires_at <= now - LINKS_KEPT)),
                await self._delete(delete(SignInSession).where(SignInSession.expires_at <= now - SESSIONS_KEPT)),
            ]
        )

    async def _delete(self, statement: Delete) -> int:
        async with self.database.transaction() as session:
            result = await session.execute(statement.execution_options(synchronize_session=False))
            return result.rowcount if isinstance(result, CursorResult) else 0
