"""Many who come at once, from wherever they like, and what the answers tell them of their limits."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import httpx
from starlette.types import Receive, Scope, Send

from app.clock import ManualClock
from app.security.rate_windows import RateWindows
from app.settings import Settings
from tests.support.office import Office
from tests.support.portal import BASE_URL, Server, refused, serving
from tests.support.served import Answering

LIMITED = (429, "rate_limited")
LOGIN_SCREEN = "/districts/jackson"
"""Cheap and public, and it names its district."""
_POLICY = re.compile(r'"([a-z]+)";q=(\d+);w=(\d+)')
_STATE = re.compile(r'"([a-z]+)";r=(\d+);t=(\d+)')


@dataclass(frozen=True)
class Standing:
    """What an answer says of the limit that it counted for."""

    limit: str
    quota: int
    window_s: int
    remaining: int
    reset_s: int

    @classmethod
    def of(cls, answer: httpx.Response) -> "Standing":
        policy = _POLICY.fullmatch(answer.headers["ratelimit-policy"])
        state = _STATE.fullmatch(answer.headers["ratelimit"])
        assert policy, answer.headers
        assert state, answer.headers
        assert policy[1] == state[1], "both name the same limit"
        return cls(policy[1], *map(int, (policy[2], policy[3], state[2], state[3])))


@asynccontextmanager
async def limiting(settings: Settings, **changes: object) -> AsyncIterator[Server]:
    """The service with these limits, all others out of reach, and the open district Jackson."""
    async with serving(settings.model_copy(update=changes), ManualClock()) as server:
        await Office.open(server)
        yield server


def use_windows(server: Server, windows: RateWindows) -> None:
    """From now on requests are counted there."""
    server.app.state.campus = replace(server.campus, rate_windows=windows)


def at(server: Server, address: str | None = "192.0.2.1") -> httpx.AsyncClient:
    """An app at this address; None has none, as whoever comes through a Unix socket."""
    if address is not None:
        return server.at(address)

    async def without_address(scope: Scope, receive: Receive, send: Send) -> None:
        await server.app({**scope, "client": None}, receive, send)

    return httpx.AsyncClient(transport=httpx.ASGITransport(app=without_address), base_url=BASE_URL)


def everybody(server: Server) -> Iterator[httpx.AsyncClient]:
    """One visitor after the other, each at an address of his own."""
    return (at(server, f"198.51.100.{number}") for number in range(1, 255))


def is_limited(answer: httpx.Response) -> bool:
    """Whether a rate limit refused it; what such a refusal must say is held against what it says."""
    if answer.status_code != 429:
        return False
    assert refused(answer) == LIMITED
    standing = Standing.of(answer)
    assert standing.remaining == 0
    assert int(answer.headers["retry-after"]) == answer.json()["retry_after"] == standing.reset_s
    assert 1 <= standing.reset_s <= standing.window_s == 60
    return True


async def knock(client: httpx.AsyncClient, times: int, path: str = LOGIN_SCREEN) -> int:
    """How many of so many requests, one after the other, a limit lets pass."""
    answers = [await client.get(path) for _ in range(times)]
    return sum(not is_limited(answer) for answer in answers)


async def released_together(processes: Sequence[Answering], requests: Sequence[bytes]) -> list[int]:
    """Statuses of requests over connections of their own, by turns to each process.

    Each is sent but for its last byte, which all of them send when the last one stands there.
    """
    lines = [
        await asyncio.open_connection("127.0.0.1", processes[number % len(processes)].port)
        for number in range(len(requests))
    ]
    for (_, writer), request in zip(lines, requests, strict=True):
        writer.write(request[:-1])
        await writer.drain()
    for (_, writer), request in zip(lines, requests, strict=True):
        writer.write(request[-1:])
    return list(await asyncio.gather(*(_status(reader, writer) for reader, writer in lines)))


async def _status(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return int(answer.split(b" ", 2)[1])


def raw(method: str, path: str, body: bytes = b"", *, forwarded_for: str = "") -> bytes:
    """A request as it goes over the line; the connection ends with it."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: campus.test",
        "Connection: close",
        *([f"X-Forwarded-For: {forwarded_for}"] if forwarded_for else []),
        *(["Content-Type: application/json", f"Content-Length: {len(body)}"] if body else []),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
