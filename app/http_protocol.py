"""HTTP as `campus serve` speaks it: uvicorn's own protocol, but head and body of an answer leave in one write."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HTTP_PROTOCOL = "app.http_protocol:AnswersInOneWrite"
"""What uvicorn calls it (`--http`)."""


class AnswersInOneWrite(HttpToolsProtocol):
    """uvicorn writes the head by itself, which costs a system call, and wakes up a client who can do nothing with it yet."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(JoinedWrites(transport, self.loop))  # type: ignore[arg-type]  # it does all that a transport does


class JoinedWrites:
    """A transport that holds a write back until the next one, which goes out along with it, or else until the loop's next turn."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: bytes | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._held is None:
            self._held = data
            self._loop.call_soon(self._flush)
        else:
            both, self._held = self._held + data, None
            self._transport.write(both)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            if not self._transport.is_closing():  # uvloop's raises where the client has gone meanwhile
                self._transport.write(held)
