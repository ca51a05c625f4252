"""The smallest HTTP/1.1 client that can load a server: kept-alive connections, one request at a time on each.

It costs a few hundredths of a millisecond a request, so that the server stays what is measured; it reads answers with a Content-Length only.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self, cast
from urllib.parse import urlencode

_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_END_OF_HEAD = b"\r\n\r\n"


class UnexpectedAnswer(Exception):
    """The server refused or broke off, so what was measured means nothing."""


class Connection(asyncio.Protocol):
    """One connection to the server under test."""

    def __init__(self) -> None:
        self._received = b""
        self._answer: asyncio.Future[tuple[bytes, bytes]] | None = None

    @classmethod
    async def to(cls, port: int) -> Self:
        _, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return connection

    async def ask(self, request: bytes, expected: int = 200) -> bytes:
        """The body of an answer with the status that is expected.

        Raises:
            UnexpectedAnswer: any other one.
        """
        head, body = await self.answer(request)
        if not head.startswith(f"HTTP/1.1 {expected}".encode()):
            raise UnexpectedAnswer((head.partition(b"\r\n")[0] + b" " + body).decode(errors="replace"))
        return body

    async def answer(self, request: bytes) -> tuple[bytes, bytes]:
        """Head and body of an answer, whatever it says. Raises UnexpectedAnswer where there is none."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(_END_OF_HEAD)
        length = _CONTENT_LENGTH.search(head)
        if not end or (length and len(body) < int(length[1])):
            return
        self._received = b""
        if self._answer and not self._answer.done():
            self._answer.set_result((head, body))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(UnexpectedAnswer(f"the connection was lost: {exc}"))


@asynccontextmanager
async def connected(port: int, count: int) -> AsyncIterator[list[Connection]]:
    """`count` connections, closed at the end."""
    connections = [await Connection.to(port) for _ in range(count)]
    try:
        yield connections
    finally:
        for connection in connections:
            connection.close()


def get(path: str, *, token: str | None = None, header: str | None = None) -> bytes:
    """With the `header` of those who know no bearers."""
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", header, f"Authorization: Bearer {token}" if token else None]
    return "".join(f"{line}\r\n" for line in (*filter(None, lines), "")).encode()


def post(path: str, body: dict[str, Any], *, address: str = "10.0.0.1", token: str | None = None) -> bytes:
    """As a proxy passes it on that somebody at `address` asked."""
    content = json.dumps(body).encode()
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {address}\r\n{authorization}"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content


def post_form(path: str, fields: dict[str, str]) -> bytes:
    content = urlencode(fields).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content
