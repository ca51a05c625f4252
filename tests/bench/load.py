"""Two kinds of load: as much as the server bears, and a fixed rate whatever the server does."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

from tests.bench.http_client import Connection

WARM_UP_S = 0.5


async def saturate(connections: Sequence[Connection], requests: Iterable[bytes], seconds: float) -> float:
    """Answers a second while every connection asks again as soon as it is answered; `requests` are repeated."""
    remaining = itertools.cycle(requests)

    async def ask(connection: Connection) -> None:
        await connection.ask(next(remaining))

    return await saturate_with(connections, ask, seconds)


async def saturate_with(
    connections: Sequence[Connection], ask: Callable[[Connection], Awaitable[None]], seconds: float
) -> float:
    """The same where what is asked next depends on what was answered."""
    loop = asyncio.get_running_loop()
    start = loop.time() + WARM_UP_S
    end = start + seconds
    answered = 0

    async def keep_asking(connection: Connection) -> None:
        nonlocal answered
        while loop.time() < end:
            await ask(connection)
            answered += start <= loop.time() < end

    async with asyncio.TaskGroup() as group:
        for connection in connections:
            group.create_task(keep_asking(connection))
    return answered / seconds


async def each_once(connections: Sequence[Connection], requests: Iterable[bytes]) -> None:
    """All of the requests, as many at a time as there are connections."""
    remaining = iter(requests)

    async def ask_on(connection: Connection) -> None:
        for request in remaining:
            await connection.ask(request)

    await asyncio.gather(*map(ask_on, connections))


@asynccontextmanager
async def saturated(connections: Sequence[Connection], requests: Iterable[bytes]) -> AsyncIterator[None]:
    """Inside the block every connection has a request in flight, once it has been warm for a moment."""
    remaining = itertools.cycle(requests)
    stopping = False

    async def keep_asking(connection: Connection) -> None:
        while not stopping:
            await connection.ask(next(remaining))

    async with asyncio.TaskGroup() as group:
        for connection in connections:
            group.create_task(keep_asking(connection))
        await asyncio.sleep(WARM_UP_S)
        yield
        stopping = True


async def latencies(
    connections: Sequence[Connection], requests: Iterable[bytes], *, per_second: int, seconds: float
) -> list[float]:
    """Seconds from the moment when each request was due to its answer: a server that stalls is not asked less often."""
    loop = asyncio.get_running_loop()
    remaining = itertools.cycle(requests)
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in connections:
        idle.put_nowait(connection)

    async def ask(due: float) -> float:
        await asyncio.sleep(due - loop.time())
        connection = await idle.get()
        await connection.ask(next(remaining))
        idle.put_nowait(connection)
        return loop.time() - due

    start = loop.time()
    return await asyncio.gather(*(ask(start + n / per_second) for n in range(round(per_second * seconds))))


def percentile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
