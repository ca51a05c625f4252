"""Rows whose time is over. Nothing depends on it: what has expired is refused whether or not it was pruned."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Delete, and_, delete, or_
from sqlalchemy.engine import CursorResult

from app.clock import Clock
from app.database import Database
from app.models import (
    ActivationKey,
    Base,
    ClaimTicket,
    DailyQuota,
    FailedSignIns,
    HouseholdRequest,
    IdempotencyKey,
    KeyRequest,
    KnownDevice,
    LinkCode,
    MailedLink,
    OutboxMail,
    PushDevice,
    SignInSession,
    SpentCaptcha,
    SpentChallenge,
    SsoCode,
    SupportTicket,
    WindowCount,
    WorkerBeat,
)
from app.services import audit
from app.services.devices import STALE_AFTER
from app.services.sign_in_ladder import is_over
from app.services.sso.flow import LASTS as SSO_CODES_KEPT
from app.services.worker_beats import KEPT as BEATS_KEPT

MAILS_KEPT = timedelta(days=30)
"""How long the office can see what became of a mail."""
SESSIONS_KEPT = timedelta(days=30)
KEYS_KEPT = timedelta(days=400)
"""After a key was used, taken back or has expired: the office sees for a school year why somebody has no account."""
DEVICES_KEPT = timedelta(days=400)
"""Since somebody signed in on the device for the last time."""
LINKS_KEPT = timedelta(days=7)
TICKETS_KEPT = timedelta(days=365)
"""Closed ones, with all that they say of people."""
CODES_KEPT = timedelta(hours=1)
"""An expired code is told from an unknown one for so long."""
NOBODYS_REQUESTS_KEPT = timedelta(days=1)
REQUESTS_KEPT = timedelta(days=400)
"""For a key, or about a household: a school year, and what came of it."""


@dataclass(frozen=True)
class Pruning:
    database: Database
    clock: Clock

    async def prune(self) -> int:
        """Deletes what is over, in one short transaction a table; gives the number of rows, and records it where there were any."""
        now = self.clock.now()
        pruned = {table.__tablename__: await self._delete(delete(table).where(which)) for table, which in over(now)}
        if any(pruned.values()):
            rows = {table: count for table, count in pruned.items() if count}
            async with self.database.transaction() as session:
                audit.record(session, "worker:rows:pruned", at=now, actor=audit.WORKER, data=rows)
        return sum(pruned.values())

    async def _delete(self, statement: Delete) -> int:
        async with self.database.transaction() as session:
            result = await session.execute(statement.execution_options(synchronize_session=False))
            return result.rowcount if isinstance(result, CursorResult) else 0


def over(now: datetime) -> list[tuple[type[Base], ColumnElement[bool]]]:
    """Every table of which something is pruned, and what of it."""
    return [
        (DailyQuota, DailyQuota.ends_at <= now),
        (WindowCount, WindowCount.ends_at <= now),
        (ClaimTicket, ClaimTicket.expires_at <= now),
        (KeyRequest, _is_forgotten(now)),
        (HouseholdRequest, and_(HouseholdRequest.state != "waiting", HouseholdRequest.asked_at <= now - REQUESTS_KEPT)),
        (LinkCode, LinkCode.expires_at <= now - CODES_KEPT),
        (PushDevice, PushDevice.registered_at <= now - STALE_AFTER),
        (SsoCode, SsoCode.proved_at <= now - SSO_CODES_KEPT),
        (SpentCaptcha, SpentCaptcha.expires_at <= now),
        (SpentChallenge, SpentChallenge.expires_at <= now),
        (FailedSignIns, is_over(now)),
        (IdempotencyKey, IdempotencyKey.expires_at <= now),
        (OutboxMail, OutboxMail.finished_at <= now - MAILS_KEPT),
        (MailedLink, MailedLink.expires_at <= now - LINKS_KEPT),
        (SupportTicket, SupportTicket.closed_at <= now - TICKETS_KEPT),
        (SignInSession, SignInSession.expires_at <= now - SESSIONS_KEPT),
        (ActivationKey, or_(*(ended <= now - KEYS_KEPT for ended in _ENDS_OF_A_KEY))),
        (KnownDevice, KnownDevice.last_seen_at <= now - DEVICES_KEPT),
        (WorkerBeat, WorkerBeat.seen_at <= now - BEATS_KEPT),
    ]


_ENDS_OF_A_KEY = (ActivationKey.used_at, ActivationKey.revoked_at, ActivationKey.expires_at)


def _is_forgotten(now: datetime) -> ColumnElement[bool]:
    """SQL: the `KeyRequest` row tells nobody anything any more."""
    was_nobodys = and_(KeyRequest.state == "nobody", KeyRequest.requested_at <= now - NOBODYS_REQUESTS_KEPT)
    return or_(was_nobodys, KeyRequest.requested_at <= now - REQUESTS_KEPT)
