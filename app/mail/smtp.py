"""Mail to a server that takes it from there (RFC 5321), encrypted unless somebody said otherwise."""

import asyncio
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from app.mail.outcomes import MailNotSent, MailPostponed, MailRefused

_WHOLE = 3
"""A whole delivery may last this many time-outs, however often the server says a little."""
_GOODBYE_S = 2
"""How long a server may take to say goodbye, while nobody has a mail for it."""


@dataclass(frozen=True)
class SmtpSender:
    """A connection is kept for the next mail, until `rest`: making one, with encryption and login, takes longer than a mail does.

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
    _kept: list[SMTP] = field(default_factory=list, init=False, repr=False, compare=False)
    """Connections that are idle this moment; no more than there are mails at once."""

    async def send(self, message: EmailMessage) -> None:
        """Returns when the server has taken the mail.

        Raises:
            MailPostponed: no connection, no encryption, no login, or an answer that may change: `smtp_451`.
            MailRefused: this mail is not wanted for good: `smtp_550`.
        """
        with _told():
            envelope = _Envelope(message)
            async with asyncio.timeout(_WHOLE * self.timeout_s):
                client = await self._begun(envelope)
                with _closed_on_fault(client):
                    await envelope.hand_over(client)
        self._kept.append(client)

    async def rest(self) -> None:
        """Says goodbye on the connections that are idle."""
        idle = [*self._kept]
        self._kept.clear()
        await asyncio.gather(*map(_leave, idle))

    async def greet(self, domain: str) -> None:
        """Says hello in the name of `domain`, as before a mail, and goodbye. Raises like `send`."""
        with _told():
            async with asyncio.timeout(_WHOLE * self.timeout_s):
                client = await self._connected(domain)
            await _leave(client)

    async def _begun(self, envelope: "_Envelope") -> SMTP:
        """A connection on which the server knows from whom and to whom the mail is: one that was kept, as long as it will do, or a new one."""
        while self._kept:
            client = self._kept.pop()
            # A lost connection has forgotten what its server can do.
            if client.is_connected and await _begins_again(client, envelope):
                return client
        client = await self._connected(envelope.domain)
        with _closed_on_fault(client):
            await envelope.begin(client)
        return client

    async def _connected(self, domain: str) -> SMTP:
        client = SMTP(
            hostname=self.host,
            port=self.port,
            local_hostname=domain,
            use_tls=self.implicit_tls,
            start_tls=False,  # asked for below; the library's default falls back to plain text
            tls_context=self.tls_context,
            timeout=self.timeout_s,
        )
        with _closed_on_fault(client):
            await client.connect()
            await client.ehlo()
            if self.require_tls and not self.implicit_tls:
                if not client.supports_extension("starttls"):
                    raise MailPostponed("tls_missing")
                await client.starttls()
                await client.ehlo()
            if self.username is not None:
                await client.login(self.username, self.password or "")
        return client


class _Envelope:
    """A mail to one address, as the server hears of it."""

    def __init__(self, message: EmailMessage) -> None:
        sender, recipient = message["From"].addresses[0], message["To"].addresses[0]
        self.domain: str = sender.domain
        self._sender, self._recipient = sender.addr_spec, recipient.addr_spec
        self._is_ascii = self._recipient.isascii()
        # Only an international address needs headers in UTF-8 (RFC 6531).
        self._content = message.as_bytes(policy=policy.SMTP if self._is_ascii else policy.SMTPUTF8)

    async def begin(self, client: SMTP) -> None:
        options = [f"SIZE={len(self._content)}"] if client.supports_extension("size") else []
        if client.supports_extension("8bitmime"):
            options.append("BODY=8BITMIME")
        if not self._is_ascii:
            if not client.supports_extension("smtputf8"):
                raise SMTPNotSupported("SMTPUTF8")
            options.append("SMTPUTF8")
        await client.mail(self._sender, options=options)
        await client.rcpt(self._recipient, encoding="ascii" if self._is_ascii else "utf-8")

    async def hand_over(self, client: SMTP) -> None:
        await client.data(self._content)


async def _begins_again(client: SMTP, envelope: _Envelope) -> bool:
    """Whether a connection that was kept will do.

    Servers end those that were idle, or that have brought enough, at any word before the mail itself, of which they have nothing yet.
    """
    try:
        with _closed_on_fault(client):
            await envelope.begin(client)
    except (SMTPException, OSError) as fault:
        if _is_of_the_connection(fault):
            return False
        raise
    return True


@contextmanager
def _closed_on_fault(client: SMTP) -> Iterator[None]:
    try:
        yield
    except BaseException:
        client.close()
        raise


async def _leave(client: SMTP) -> None:
    with suppress(SMTPException, OSError):
        await client.quit(timeout=_GOODBYE_S)
    client.close()


@contextmanager
def _told() -> Iterator[None]:
    """Faults as what they mean for the mail."""
    try:
        yield
    except (SMTPException, OSError) as fault:
        # Without the cause: servers quote addresses, and even lines of the mail.
        raise _outcome(fault) from None


def _is_of_the_connection(fault: SMTPException | OSError) -> bool:
    """Whether another connection may do: this one is lost, silent, or told to come later."""
    if isinstance(fault, SMTPResponseException):
        return 400 <= fault.code <= 499
    return isinstance(fault, SMTPServerDisconnected | TimeoutError)


def _outcome(fault: SMTPException | OSError) -> MailNotSent:
    """A refusal of the recipient or of the mail itself may be final; whatever else goes wrong, an operator can set right."""
    if isinstance(fault, SMTPNotSupported):
        return MailRefused("address_not_supported")
    if isinstance(fault, SMTPResponseException):
        is_final = isinstance(fault, SMTPRecipientRefused | SMTPDataError) and 500 <= fault.code <= 599
        return (MailRefused if is_final else MailPostponed)(f"smtp_{fault.code}")
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
