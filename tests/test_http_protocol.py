"""How answers leave: head and body in one write, and a stream as it comes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from app.http_protocol import AnswersInOneWrite, JoinedWrites

START = {"type": "http.response.start", "status": 200, "headers": []}


async def test_head_and_body_leave_in_one_write() -> None:
    transport = Transport()
    joined = JoinedWrites(transport, asyncio.get_running_loop())
    joined.write(b"head;")
    assert transport.written == []
    joined.write(b"body")
    assert transport.written == [b"head;body"]


async def test_what_nothing_follows_leaves_with_the_next_turn_of_the_loop_or_the_end_of_the_connection() -> None:
    transport = Transport()
    joined = JoinedWrites(transport, asyncio.get_running_loop())
    joined.write(b"head of a stream")
    await asyncio.sleep(0)
    joined.write(b"last words")
    joined.close()
    await asyncio.sleep(0)
    assert transport.written == [b"head of a stream", b"last words"]
    assert transport.is_closing()


def test_a_client_who_goes_away_before_a_held_write_leaves_is_nobodys_fault() -> None:
    """On uvloop, whose transports raise when they are written to after that."""
    complaints: list[object] = []

    class GoesAway(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def data_received(self, _: bytes) -> None:
            self.transport.abort()
            JoinedWrites(self.transport, asyncio.get_running_loop()).write(b"a piece of a stream")

    async def visit() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        async with await loop.create_server(GoesAway, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"GET")
            assert await reader.read() == b""
            writer.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(visit())
    assert complaints == []


async def test_a_stream_is_there_while_it_is_made_and_the_connection_serves_the_next_one() -> None:
    async with streaming() as (port, may_end):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
            assert await reader.readexactly(8) == b"3\r\none\r\n"
            may_end.set()
            assert await reader.readexactly(13) == b"3\r\ntwo\r\n0\r\n\r\n"
            may_end.clear()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def streaming() -> AsyncIterator[tuple[int, asyncio.Event]]:
    """A service that says one thing, waits, and says another."""
    may_end = asyncio.Event()

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(START)
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await may_end.wait()
        await send({"type": "http.response.body", "body": b"two"})

    config = uvicorn.Config(app, lifespan="off", log_config=None)
    config.load()
    connection = partial(AnswersInOneWrite, config=config, server_state=ServerState(), app_state={})
    async with await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], may_end


class Transport(asyncio.Transport):
    """One that remembers what it was given, write by write."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self._closing = False

    def write(self, data: object) -> None:
        assert isinstance(data, bytes)
        self.written.append(data)

    def close(self) -> None:
        self._closing = True

    def is_closing(self) -> bool:
        return self._closing
