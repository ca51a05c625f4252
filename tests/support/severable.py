"""A line to PostgreSQL that a test can cut and mend, as networks and servers do by themselves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

PIECE = 65_536


class Line:
    """Passes bytes between a socket of its own and the server that `url` names."""

    def __init__(self, url: str) -> None:
        self._upstream = urlsplit(url)
        self._open: set[asyncio.StreamWriter] = set()
        self._calls: set[asyncio.Future[None]] = set()
        self._listener: asyncio.Server | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """The same database, reached through this line."""
        user = self._upstream.username or "postgres"
        password = f":{self._upstream.password}" if self._upstream.password else ""
        return f"postgresql://{user}{password}@127.0.0.1:{self._port}{self._upstream.path}"

    async def mend(self) -> None:
        self._listener = await asyncio.start_server(self._pass_on, "127.0.0.1", self._port)
        self._port = self._listener.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Nobody listens any more, and everybody who was connected is cut off."""
        if self._listener:
            self._listener.close()
        for writer in self._open:
            writer.transport.abort()
        await asyncio.gather(*self._calls)

    async def _pass_on(self, near_reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        far_reader, far = await self._connect()
        call = asyncio.ensure_future(_join(near_reader, near, far_reader, far))
        self._open |= {near, far}
        self._calls.add(call)
        await call
        self._open -= {near, far}
        self._calls.discard(call)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        (folder,) = parse_qs(self._upstream.query).get("host", [""])
        if folder:
            return await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.{self._upstream.port or 5432}")
        return await asyncio.open_connection(self._upstream.hostname, self._upstream.port or 5432)


async def _join(
    near_reader: asyncio.StreamReader,
    near: asyncio.StreamWriter,
    far_reader: asyncio.StreamReader,
    far: asyncio.StreamWriter,
) -> None:
    await asyncio.gather(_pump(near_reader, far), _pump(far_reader, near))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def line_to(url: str) -> AsyncIterator[Line]:
    line = Line(url)
    await line.mend()
    try:
        yield line
    finally:
        await line.cut()
