"""Keeping the outbox's promises: claim, prepare, send, settle.

Any number of workers may run. A claim is a lease of a minute; a worker that dies lets it lapse, and another sends the mail, under the same
Message-ID. A mail that cannot be sent now is tried again after a growing, jittered pause; after a day it is given up, visibly. Links are
made, or their time begins anew, when a mail is about to be sent: none arrives expired.
"""

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from prometheus_client import Counter
from sqlalchemy import or_, select, update

from app.clock import Clock
from app.database import Database
from app.errors import Overloaded
from app.mail.compose import compose
from app.mail.senders import MailPostponed, MailRefused, MailSender
from app.models import OutboxMail
from app.push.senders import PushGone, PushPostponed, PushRefused, PushSender
from app.services.mail_preparation import MailPreparation
from app.services.outbox import PUSH, NothingToSend
from app.services.push_preparation import PushPreparation

LEASE = timedelta(minutes=1)
SENDERS = 4
"""Mails that one worker sends at once: a mail server's answer takes longer than anything here."""
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=15)
IDLE_S = 1.0
"""How long a worker with nothing to do waits before it looks again."""

FINISHED = Counter("campus_mails_total", "Mails finished", ["kind", "outcome"])
POSTPONED = Counter("campus_mails_postponed_total", "Tries that did not succeed", ["reason"])

log = structlog.get_logger("campus.mail")


@dataclass(frozen=True)
class MailDelivery:
    database: Database
    clock: Clock
    preparation: MailPreparation
    sender: MailSender
    mail_from: str
    push_preparation: PushPreparation
    push_sender: PushSender

    async def run(self, stop: asyncio.Event) -> None:
        """Delivers until `stop` is set, finishing the mails at hand; a lost database is waited for."""
        async with asyncio.TaskGroup() as senders:
            for _ in range(SENDERS):
                senders.create_task(self._run(stop))

    async def deliver_due(self) -> int:
        """Tries each mail that is due, once; gives how many there were."""
        tried = 0
        while await self._deliver_next():
            tried += 1
        return tried

    async def _run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                if await self._deliver_next():
                    continue
            except Overloaded:
                pass
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), IDLE_S)

    async def _deliver_next(self) -> bool:
        """Claims one mail that is due and tries it; False where none is."""
        lease = uuid4()
        claimed = await self._claim(lease)
        if claimed is None:
            return False
        mail_id, channel = claimed
        try:
            await self._deliver(mail_id, lease, channel)
        except Overloaded:
            raise
        except Exception as fault:  # noqa: BLE001  # one mail that cannot be made must not stop all others
            log.error("mail_fault", error=type(fault).__name__)  # noqa: TRY400  # a traceback may quote an address
            await self._postpone(mail_id, lease, "fault")
        return True

    async def _claim(self, lease: UUID) -> tuple[UUID, str] | None:
        """The id of a message that is due now, and its channel."""
        now = self.clock.now()
        due = (
            select(OutboxMail.id, OutboxMail.channel)
            .where(
                OutboxMail.finished_at.is_(None),
                OutboxMail.due_at <= now,
                or_(OutboxMail.leased_until.is_(None), OutboxMail.leased_until <= now),
            )
            .order_by(OutboxMail.due_at, OutboxMail.created_at)
            .limit(1)
        )
        async with self.database.reading() as connection:
            if (await connection.execute(due)).first() is None:
                return None  # an idle worker does not ask for the writer
        async with self.database.transaction() as session:
            claimed = (await session.execute(due.with_for_update(skip_locked=True))).one_or_none()
            if claimed is None:
                return None
            await session.execute(
                update(OutboxMail)
                .where(OutboxMail.id == claimed.id)
                .values(lease=lease, leased_until=now + LEASE, attempts=OutboxMail.attempts + 1)
                .execution_options(synchronize_session=False)
            )
        return claimed.id, claimed.channel

    async def _deliver(self, mail_id: UUID, lease: UUID, channel: str) -> None:
        try:
            await (self._push(mail_id, lease) if channel == PUSH else self._mail(mail_id, lease))
        except NothingToSend as reason:
            await self._finish(mail_id, lease, reason.outcome)
        except (MailRefused, PushRefused) as refusal:
            await self._finish(mail_id, lease, "refused", refusal.reason)
        except MailPostponed as postponed:
            await self._postpone(mail_id, lease, postponed.reason)
        except PushPostponed as postponed:
            await self._postpone(mail_id, lease, postponed.reason, postponed.retry_after)
        else:
            await self._finish(mail_id, lease, "sent")

    async def _mail(self, mail_id: UUID, lease: UUID) -> None:
        letter = await self.preparation.prepare(mail_id, lease)
        await self.sender.send(compose(letter, self.mail_from, self.clock.now()))

    async def _push(self, mail_id: UUID, lease: UUID) -> None:
        message = await self.push_preparation.prepare(mail_id, lease)
        try:
            await self.push_sender.send(message)
        except PushGone as gone:
            await self.push_preparation.forget(mail_id, gone.since)
            raise NothingToSend("gone") from gone

    async def _finish(self, mail_id: UUID, lease: UUID, outcome: str, error: str | None = None) -> None:
        """What was written and to whom is forgotten with it; that it was done, and how it ended, stays."""
        finished = {"finished_at": self.clock.now(), "outcome": outcome, **({"last_error": error} if error else {})}
        kind = await self._settle(
            mail_id, lease, **finished, to_address=None, details={}, lease=None, leased_until=None
        )
        if kind:
            FINISHED.labels(kind, outcome).inc()
            log.info("mail", kind=kind, outcome=outcome, error=error)

    async def _postpone(self, mail_id: UUID, lease: UUID, reason: str, retry_after: float | None = None) -> None:
        POSTPONED.labels(reason).inc()
        async with self.database.reading() as connection:
            query = select(OutboxMail.attempts, OutboxMail.expires_at).where(OutboxMail.id == mail_id)
            row = (await connection.execute(query)).one()
        again = self.clock.now() + max(_pause(row.attempts), timedelta(seconds=retry_after or 0))
        if again >= row.expires_at:
            await self._finish(mail_id, lease, "given_up", reason)
        else:
            kind = await self._settle(mail_id, lease, due_at=again, last_error=reason, leased_until=None)
            log.warning("mail", kind=kind, outcome="postponed", error=reason)

    async def _settle(self, mail_id: UUID, lease: UUID, /, **values: Any) -> str | None:
        """Writes what came of it, unless the lease lapsed and another worker holds the mail; gives the kind."""
        async with self.database.transaction() as session:
            settled = await session.execute(
                update(OutboxMail)
                .where(OutboxMail.id == mail_id, OutboxMail.lease == lease, OutboxMail.finished_at.is_(None))
                .values(**values)
                .returning(OutboxMail.kind)
                .execution_options(synchronize_session=False)
            )
            return settled.scalar_one_or_none()


def _pause(attempts: int) -> timedelta:
    """5 s, 10 s, 20 s ... up to 15 minutes, each between half and whole, so that a returning mail server is not stormed."""
    whole: timedelta = min(FIRST_PAUSE * 2 ** min(attempts - 1, 20), LONGEST_PAUSE)
    return timedelta(seconds=whole.total_seconds() * (0.5 + secrets.randbelow(500) / 1000))
