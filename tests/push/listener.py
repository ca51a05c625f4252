"""A socket with a provider behind it."""

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

HOST = "127.0.0.1"


class Listener(ABC):
    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        """How many there were."""
        self._writers: set[asyncio.StreamWriter] = set()
        self._talks: set[asyncio.Task[None] | None] = set()
        self._server: asyncio.Server | None = None

    @asynccontextmanager
    async def opened(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[Self]:
        self._server = await asyncio.start_server(self._connected, HOST, self.port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            await self.close()

    async def close(self) -> None:
        """Nobody listens any more, and whoever waits for an answer learns that there is none."""
        if self._server:
            self._server.close()
            self.hang_up()
            await asyncio.gather(*filter(None, self._talks), return_exceptions=True)
            await self._server.wait_closed()
            self._server = None

    def hang_up(self) -> None:
        """All connections are lost; new ones are welcome."""
        for writer in self._writers:
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        self._talks.add(asyncio.current_task())
        try:
            await self.talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the sender left
        finally:
            self._writers.discard(writer)
            writer.close()

    @abstractmethod
    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the other side ends it."""
