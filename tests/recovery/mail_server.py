"""A real SMTP server, and the moods that such servers have."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import StrEnum

from aiosmtpd.smtp import SMTP, Envelope, Session

from app.mail.senders import SmtpSender

TIMEOUT_S = 2


class Mood(StrEnum):
    TAKES = "takes"
    BUSY = "451 try again later"
    CLOSING = "421 too many connections"
    UNWILLING = "550 no such mailbox"
    HANGS = "hangs"
    HANGS_UP = "hangs up instead of an answer"
    TAKES_AND_HANGS_UP = "takes the mail, but the answer is lost"
    TAKES_AND_HANGS = "takes the mail, answers, and never says goodbye"


@dataclass
class MailServer:
    mood: Mood = Mood.TAKES
    unwilling_for: str = ""
    """A mailbox that does not exist here."""
    slow_for: str = ""
    """A mailbox whose mails are taken when `answer_the_slow` is set."""
    answer_the_slow: asyncio.Event = field(default_factory=asyncio.Event)
    taken: list[EmailMessage] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)
    """The Message-IDs of all that somebody tried to deliver, in order of time."""
    _listener: asyncio.Server | None = None
    _port: int = 0

    def sender(self, timeout_s: float = TIMEOUT_S) -> SmtpSender:
        """A way to this server; it does without encryption, which another test looks at."""
        return SmtpSender("127.0.0.1", self._port, require_tls=False, timeout_s=timeout_s)

    async def open(self) -> None:
        def speak() -> SMTP:
            return SMTP(self, hostname="mail.test", enable_SMTPUTF8=True, loop=asyncio.get_running_loop())

        self._listener = await asyncio.get_running_loop().create_server(speak, "127.0.0.1", self._port)
        self._port = self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Nobody listens any more."""
        if self._listener:
            self._listener.close()
            await self._listener.wait_closed()
        self._listener = None

    async def handle_RCPT(  # noqa: N802  # the name of the command
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address == self.unwilling_for or self.mood is Mood.UNWILLING:
            return Mood.UNWILLING.value
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # as above
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, EmailMessage, policy=policy.default)
        assert envelope.rcpt_tos == [message["To"].addresses[0].addr_spec]
        self.offered.append(str(message["Message-ID"]))
        if self.mood in {Mood.BUSY, Mood.CLOSING}:
            return self.mood.value
        if envelope.rcpt_tos == [self.slow_for]:
            await self.answer_the_slow.wait()
        if self.mood is Mood.HANGS:
            await asyncio.sleep(60)
        if self.mood is not Mood.HANGS_UP:
            self.taken.append(message)
        if self.mood in {Mood.HANGS_UP, Mood.TAKES_AND_HANGS_UP}:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return "250 OK"

    async def handle_QUIT(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802  # as above
        if self.mood is Mood.TAKES_AND_HANGS:
            await asyncio.sleep(60)
        return "221 Bye"


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    server = MailServer()
    await server.open()
    try:
        yield server
    finally:
        await server.close()
