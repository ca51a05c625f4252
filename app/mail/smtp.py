"""Mail to a server that takes it from there (RFC 5321), encrypted unless somebody said otherwise."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from app.mail.outcomes import MailNotSent, MailPostponed, MailRefused

_WHOLE = 3
"""A whole delivery may last this many time-outs, however often the server says a little."""


@dataclass(frozen=True)
class SmtpSender:
    """One connection a mail.

    With `implicit_tls` the connection is encrypted from the first byte, with `require_tls` before anything is told; with neither it is
    not, and that is said here and nowhere else. Certificates are verified by `tls_context`, which trusts what the machine trusts.
    """

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    implicit_tls: bool = False
    require_tls: bool = True
    timeout_s: float = 10
    tls_context: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    async def send(self, message: EmailMessage) -> None:
        """Returns when the server has taken the mail.

        Raises:
            MailPostponed: no connection, no encryption, no login, or an answer that may change: `smtp_451`.
            MailRefused: this mail is not wanted for good: `smtp_550`.
        """
        try:
            async with asyncio.timeout(_WHOLE * self.timeout_s):
                await self._deliver(message)
        except (SMTPException, OSError) as fault:
            # Without the cause: servers quote addresses, and even lines of the mail.
            raise _outcome(fault) from None

    async def greet(self, domain: str) -> None:
        """Says hello in the name of `domain`, as before a mail, and goodbye. Raises like `send`."""
        try:
            async with asyncio.timeout(_WHOLE * self.timeout_s), self._connected(domain):
                pass
        except (SMTPException, OSError) as fault:
            raise _outcome(fault) from None

    async def _deliver(self, message: EmailMessage) -> None:
        async with self._connected(message["From"].addresses[0].domain) as client:
            await client.send_message(message)

    @asynccontextmanager
    async def _connected(self, domain: str) -> AsyncIterator[SMTP]:
        client = SMTP(
            hostname=self.host,
            port=self.port,
            local_hostname=domain,
            use_tls=self.implicit_tls,
            start_tls=False,  # asked for below; the library's default falls back to plain text
            tls_context=self.tls_context,
            timeout=self.timeout_s,
        )
        async with client:
            if self.require_tls and not self.implicit_tls:
                await client.ehlo()
                if not client.supports_extension("starttls"):
                    raise MailPostponed("tls_missing")
                await client.starttls()
            if self.username is not None:
                await client.login(self.username, self.password or "")
            yield client


def _outcome(fault: SMTPException | OSError) -> MailNotSent:
    """A refusal of the recipient or of the mail itself may be final; whatever else goes wrong, an operator can set right."""
    if isinstance(fault, SMTPNotSupported):
        return MailRefused("address_not_supported")
    answer = fault.recipients[0] if isinstance(fault, SMTPRecipientsRefused) else fault
    if isinstance(answer, SMTPResponseException):
        is_final = isinstance(fault, SMTPRecipientsRefused | SMTPDataError) and 500 <= answer.code <= 599
        return (MailRefused if is_final else MailPostponed)(f"smtp_{answer.code}")
    kinds = (
        reason for kind, reason in _REASONS.items() if isinstance(fault, kind) or isinstance(fault.__cause__, kind)
    )
    return MailPostponed(next(kinds))


_REASONS: Mapping[type[BaseException], str] = {
    TimeoutError: "timed_out",
    SMTPServerDisconnected: "connection_lost",
    ssl.SSLError: "tls_failed",
    ConnectionRefusedError: "connection_refused",
    OSError: "connection_failed",
    SMTPException: "server_unsuitable",  # no login there, for one
}
"""The first that fits, the fault or its cause."""
