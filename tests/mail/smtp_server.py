"""A real SMTP server that behaves, or not, and certificates for it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "127.0.0.1"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Postmaster:
    """Takes every mail, unless told what to say to a command: `says={"RCPT": "451 later"}`. Hangs after `hangs_at`."""

    says: dict[str, str] = field(default_factory=dict)
    hangs_at: str | None = None
    had_enough: str = ""
    """What those are told who bring another mail by the connection of the last: an answer, `closed` or `silence`."""
    had_enough_at: str = "MAIL"
    taken: list[Envelope] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    peers: list[Any] = field(default_factory=list)
    """By which connection each mail was brought."""
    _lines: list[Any] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802  # aiosmtpd finds it by this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.peers.append(session.peer)
        self.sessions.append(session)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await self._answer("MAIL", server, session)

    async def handle_RCPT(  # noqa: N802  # aiosmtpd finds it by this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return await self._answer("RCPT", server, session)

    async def handle_DATA(  # noqa: N802  # aiosmtpd finds it by this name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        answer = await self._answer("DATA", server, session)
        if answer.startswith("250"):
            self.taken.append(envelope)
            self._lines.append(server.transport)
        return answer

    def hang_up(self) -> None:
        """On all that brought a mail."""
        for line in self._lines:
            line.abort()

    async def _answer(self, command: str, server: SMTP, session: Session) -> str:
        self.commands.append(command)
        answer = self.says.get(command, "250 OK")
        if command == self.had_enough_at and self.had_enough and self.peers.count(session.peer) > 1:
            answer = self.had_enough
        if command == self.hangs_at or answer == "silence":
            await asyncio.sleep(60)
        if answer == "closed":
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return answer


@asynccontextmanager
async def mail_server(
    postmaster: Postmaster, *, implicit_tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[int]:
    """The port of a server for as long as the block runs. `options` are aiosmtpd's."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(postmaster, hostname="mail.test", loop=loop, **options), HOST, 0, ssl=implicit_tls
    )
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def raw_server(talk: Talk) -> AsyncIterator[int]:
    """The port of a server that says what `talk` says."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, HOST, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def only_campus(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: LoginPassword
) -> AuthResult:
    """An authenticator of aiosmtpd."""
    return AuthResult(success=login == LoginPassword(b"campus", b"p@ss word:1"), handled=False)


@dataclass(frozen=True)
class Certificate:
    """Self-signed, for one host."""

    file: Path

    def of_server(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.file)
        return context

    def trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.file))


def certificate(file: Path, host: str, now: datetime) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.test")])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + signed.public_bytes(serialization.Encoding.PEM))
    return Certificate(file)
