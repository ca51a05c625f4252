"""Ways for a mail to leave: a mail server, a folder, or memory."""

from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from app.clock import Clock
from app.mail.folder import FolderSender
from app.mail.outcomes import MailPostponed, MailRefused
from app.mail.smtp import SmtpSender

__all__ = ["FolderSender", "MailPostponed", "MailRefused", "MailSender", "MemorySender", "SmtpSender", "sender_for"]

_OUTBOX = "outbox://"
_PORTS = {"smtp": 587, "smtps": 465}


class MailSender(Protocol):
    async def send(self, message: EmailMessage) -> None:
        """Returns once somebody else answers for the mail.

        Raises:
            MailPostponed: not now; the same mail may leave later.
            MailRefused: never.
        """
        ...

    async def rest(self) -> None:
        """Nothing else is to be sent for now: what was kept for the next mail is let go. Raises nothing."""
        ...


@dataclass
class MemorySender:
    """Keeps what it was given, for tests."""

    messages: list[EmailMessage] = field(default_factory=list)

    async def send(self, message: EmailMessage) -> None:
        self.messages.append(message)

    async def rest(self) -> None:
        """It keeps nothing but the messages."""


def sender_for(mail_url: str, clock: Clock, *, require_tls: bool) -> MailSender:
    """The sender that a CAMPUS_MAIL_URL names; nothing is opened yet.

    `outbox:///folder` writes files, `smtp://[user:password@]host[:587]` speaks to a server, over STARTTLS if `require_tls`,
    `smtps://[user:password@]host[:465]` over TLS from the first byte. User and password are percent-encoded.

    Raises:
        ValueError: it is none of these; the message does not repeat it.
    """
    if mail_url.startswith(_OUTBOX + "/"):
        return FolderSender(Path(mail_url.removeprefix(_OUTBOX)), clock)
    try:
        url = urlsplit(mail_url)
        port = url.port
    except ValueError:  # its words repeat what may be a password
        raise ValueError(_EXPECTED) from None
    if url.scheme not in _PORTS or not url.hostname or url.path.strip("/") or url.query or url.fragment:
        raise ValueError(_EXPECTED)
    return SmtpSender(
        url.hostname,
        port or _PORTS[url.scheme],
        username=_decoded(url.username),
        password=_decoded(url.password),
        implicit_tls=url.scheme == "smtps",
        require_tls=require_tls,
    )


_EXPECTED = "must be outbox:///folder, smtp://[user:password@]host[:port] or smtps://[user:password@]host[:port]"


def _decoded(part: str | None) -> str | None:
    return unquote(part) if part else None
