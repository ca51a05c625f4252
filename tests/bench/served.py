"""Servers on one engine, and what clients ask of them."""

import asyncio
import itertools
import json
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import uvloop

from tests.bench.http_client import Connection, connected, get, post
from tests.bench.load import each_once, latencies, saturate, saturate_with, saturated
from tests.bench.server import Server

T = TypeVar("T")

OPERATIONS = ("GET /me", "all children", "a switch", "a refresh", "a sign-in")

CONNECTIONS = 64
SIGN_IN_S = 3.0
READ_S = 2.0
CALM_S = 4.0
CALM_RATE = 50
"""Requests a second of people who only look something up."""


class Asked:
    """A server on one engine, and what people with accounts there ask of it."""

    def __init__(self, engine: str, server: Server, sign_ins: Sequence[bytes], reads: Sequence[bytes]) -> None:
        """`reads` are of people who are signed in, one for each connection."""
        self.engine = engine
        self.server = server
        self._sign_ins = sign_ins
        self._reads = reads

    def sign_ins_per_second(self) -> float:
        return answers_per_second(self.server, self._sign_ins, SIGN_IN_S)

    def reads_per_second(self) -> float:
        """Who am I, each connection with a session of its own."""
        return answers_per_second(self.server, self._reads, READ_S)

    def read_latencies(self, *, in_storm: bool) -> list[float]:
        """Seconds of the same at a fixed rate, while nobody signs in or while every connection of others does."""
        return run(self._read_latencies(in_storm=in_storm))

    async def _read_latencies(self, *, in_storm: bool) -> list[float]:
        async with AsyncExitStack() as stack:
            calm = await stack.enter_async_context(connected(self.server.port, CONNECTIONS))
            if in_storm:
                others = await stack.enter_async_context(connected(self.server.port, CONNECTIONS))
                await stack.enter_async_context(saturated(others, self._sign_ins))
            return await latencies(calm, self._reads, per_second=CALM_RATE, seconds=CALM_S)


class Served(Asked):
    """The product, with its linked accounts."""

    def __init__(self, engine: str, server: Server, sign_ins: Sequence[bytes]) -> None:
        opened = run(answers(server, sign_ins[:CONNECTIONS]))
        tokens = [str(answer["access_token"]) for answer in opened]
        super().__init__(engine, server, sign_ins, [get("/me", token=token) for token in tokens])
        self._all_children = [get("/me/students?include_linked=true", token=token) for token in tokens]
        self._switches = run(_switches(server, tokens))
        self._refresh_tokens = [str(answer["refresh_token"]) for answer in opened]

    def all_children_per_second(self) -> float:
        """The children of two linked accounts in one call."""
        return answers_per_second(self.server, self._all_children, READ_S)

    def switches_per_second(self) -> float:
        """To the linked account, each a new session."""
        return answers_per_second(self.server, self._switches, READ_S)

    def refreshes_per_second(self) -> float:
        """Each connection the next tokens of its own session."""
        return run(self._refresh(READ_S))

    def processor_milliseconds(self, operation: str) -> float:
        """What the server's processes spend on one of `OPERATIONS`: on a crowded machine as on an idle one, or nearly."""
        if operation == "a refresh":
            return milliseconds_of(self.server, self._refresh_times, 800)
        requests, count = {
            "GET /me": (self._reads, 1_500),
            "all children": (self._all_children, 800),
            "a switch": (self._switches, 400),
            "a sign-in": (self._sign_ins[CONNECTIONS:], 200),
        }[operation]
        return milliseconds_each(self.server, requests, count)

    async def _refresh(self, seconds: float) -> float:
        async with connected(self.server.port, CONNECTIONS) as connections:
            places = {id(connection): place for place, connection in enumerate(connections)}
            return await saturate_with(connections, lambda each: self._refresh_once(each, places[id(each)]), seconds)

    async def _refresh_times(self, times: int) -> None:
        async with connected(self.server.port, CONNECTIONS) as connections:
            for _ in range(times // CONNECTIONS):
                await asyncio.gather(*(self._refresh_once(each, place) for place, each in enumerate(connections)))

    async def _refresh_once(self, connection: Connection, place: int) -> None:
        answer = await connection.ask(post("/login/refresh", {"refresh_token": self._refresh_tokens[place]}))
        self._refresh_tokens[place] = json.loads(answer)["refresh_token"]


def answers_per_second(server: Server, requests: Sequence[bytes], seconds: float) -> float:
    async def ask() -> float:
        async with connected(server.port, CONNECTIONS) as connections:
            return await saturate(connections, requests, seconds)

    return run(ask())


def milliseconds_each(server: Server, requests: Sequence[bytes], count: int) -> float:
    """Of the server's processor, for each of `count` requests."""

    async def ask(times: int) -> None:
        async with connected(server.port, CONNECTIONS) as connections:
            await each_once(connections, itertools.islice(itertools.cycle(requests), times))

    return milliseconds_of(server, ask, count)


def milliseconds_of(server: Server, ask: Callable[[int], Coroutine[Any, Any, None]], count: int) -> float:
    """The same for what asks as often as it is told, each connection equally often."""
    count -= count % CONNECTIONS
    run(ask(max(CONNECTIONS, count // 5)))  # so that nothing is done for the first time
    before = server.processor_seconds()
    run(ask(count))
    return (server.processor_seconds() - before) / count * 1_000


def run(work: Coroutine[Any, Any, T]) -> T:
    """On uvloop, so that the client takes little of the cores that it shares with the server."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


async def answers(server: Server, requests: Sequence[bytes]) -> list[dict[str, Any]]:
    """Each asked once, all at the same time."""
    async with connected(server.port, len(requests)) as connections:
        asked = (one.ask(request) for one, request in zip(connections, requests, strict=True))
        return [json.loads(answer) for answer in await asyncio.gather(*asked)]


async def _switches(server: Server, tokens: Sequence[str]) -> list[bytes]:
    """Each to the account that is linked with the token's."""
    links = await answers(server, [get("/districts/link", token=token) for token in tokens])
    return [
        post(f"/districts/link/{answer['accounts'][0]['id']}/switch", {}, token=token)
        for answer, token in zip(links, tokens, strict=True)
    ]
