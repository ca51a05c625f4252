"""A provider proves its name, or learns nothing: neither the code nor our secret."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.clock import SystemClock
from app.sso.addresses import AddressRules
from app.sso.asking import Asking
from app.sso.provider import ProviderDown
from tests.mail.smtp_server import HOST, certificate

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


@asynccontextmanager
async def provider(tls: ssl.SSLContext, heard: list[bytes]) -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1_000))
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, HOST, 0, ssl=tls) as server:
        yield f"https://{HOST}:{server.sockets[0].getsockname()[1]}"


async def test_only_who_proves_the_name_is_asked(tmp_path: Path) -> None:
    """Although the connection goes to an address that was looked up before, it is the name that is held against the certificate."""
    now = SystemClock().now()
    genuine = certificate(tmp_path / "genuine.pem", HOST, now)
    stranger = certificate(tmp_path / "stranger.pem", HOST, now)
    elsewhere = certificate(tmp_path / "elsewhere.pem", "127.0.0.2", now)
    heard: list[bytes] = []
    for shown, trusted in ((stranger, genuine.trusted()), (elsewhere, elsewhere.trusted()), (genuine, True)):
        async with provider(shown.of_server(), heard) as issuer:
            asking = Asking(AddressRules(loopback=True), SystemClock(), verify=trusted)
            with pytest.raises(ProviderDown, match="connection_failed"):
                await asking.ask(issuer, "POST", f"{issuer}/token", content=b"secret")
            await asking.close()
    assert b"".join(heard) == b""
    async with provider(genuine.of_server(), heard) as issuer:
        asking = Asking(AddressRules(loopback=True), SystemClock(), verify=genuine.trusted())
        assert await asking.ask(issuer, "POST", f"{issuer}/token", content=b"secret") == (200, {})
        await asking.close()
    assert heard[-1].startswith(b"POST /token ")
