"""Keeping the outbox's promises: claim, prepare, send, settle.

Any number of workers may run, each with a few senders that have one message at hand. The message of a worker that dies is sent by another
when its claim lapses (`outbox_claims`), under the same Message-ID. A mail that cannot be sent now is tried again after a growing,
jittered pause; after a day it is given up, visibly. Links are made, or their time begins anew, when a mail is about to be sent: none
arrives expired.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import structlog

from app.clock import Clock
from app.errors import Overloaded
from app.mail.compose import compose
from app.mail.senders import MailPostponed, MailRefused, MailSender
from app.push.senders import PushGone, PushPostponed, PushRefused, PushSender
from app.services.mail_preparation import MailPreparation
from app.services.outbox import PUSH, NothingToSend
from app.services.outbox_claims import Claim, OutboxClaims, Result
from app.services.push_preparation import PushPreparation

SENDERS = 4
"""Messages that one worker sends at once: a mail server's answer takes longer than anything here."""
IDLE_S = 1.0
"""How long a sender with nothing to do waits before it looks again."""

log = structlog.get_logger("campus.mail")


@dataclass(frozen=True)
class MailDelivery:
    claims: OutboxClaims
    clock: Clock
    preparation: MailPreparation
    sender: MailSender
    mail_from: str
    push_preparation: PushPreparation
    push_sender: PushSender

    async def run(self, stop: asyncio.Event) -> None:
        """Delivers until `stop` is set, finishing the messages at hand; a lost database is waited for."""
        try:
            async with asyncio.TaskGroup() as senders:
                for _ in range(SENDERS):
                    senders.create_task(self._run(stop))
        finally:
            await self.sender.rest()

    async def deliver_due(self) -> int:
        """Tries each message that is due, once; gives how many there were."""
        tried = 0
        try:
            while claim := await self.claims.next():
                self.claims.note(await self._try(claim))
                tried += 1
        finally:
            await self.sender.rest()
        return tried

    async def _run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            with suppress(Overloaded):  # what came of the last message is written down when the database is back
                if claim := await self.claims.next():
                    self.claims.note(await self._try(claim))
                    continue
            await self.sender.rest()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), IDLE_S)
        with suppress(Overloaded):
            await self.claims.settle()

    async def _try(self, claim: Claim) -> Result:
        try:
            await (self._push(claim) if claim.channel == PUSH else self._mail(claim))
        except NothingToSend as nothing:
            return Result(claim, nothing.outcome)
        except (MailRefused, PushRefused) as refusal:
            return Result(claim, "refused", refusal.reason)
        except MailPostponed as postponed:
            return Result(claim, None, postponed.reason)
        except PushPostponed as postponed:
            return Result(claim, None, postponed.reason, postponed.retry_after or 0)
        except Overloaded:
            raise
        except Exception as fault:  # noqa: BLE001  # one mail that cannot be made must not stop all others
            log.error("mail_fault", error=type(fault).__name__)  # noqa: TRY400  # a traceback may quote an address
            return Result(claim, None, "fault")
        return Result(claim, "sent")

    async def _mail(self, claim: Claim) -> None:
        letter = await self.preparation.prepare(claim.id, claim.lease)
        await self.sender.send(compose(letter, self.mail_from, self.clock.now()))

    async def _push(self, claim: Claim) -> None:
        message = await self.push_preparation.prepare(claim.id, claim.lease)
        try:
            await self.push_sender.send(message)
        except PushGone as gone:
            await self.push_preparation.forget(claim.id, gone.since)
            raise NothingToSend("gone") from gone
