"""Whether the time of an answer tells who has an account: known and unknown people ask in turns, and the times are compared."""

import random
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence

from tests.bench import district
from tests.bench.http_client import Connection, connected, post
from tests.bench.server import Server

SAMPLES = 2_000
"""Of each kind: the figure is then known to about 0.01."""
WARM_UP = 20
WARMERS_HOME = 60_000
"""Far from all others'."""
NOT_THE_PASSWORD = "wrong horse battery 9"

Request = Callable[[str, str], bytes]
"""Of a username and an address."""


def sign_in(username: str, address: str) -> bytes:
    """With a wrong password; expects 401."""
    body = {"district": district.DISTRICT, "portal": "parent", "username": username, "password": NOT_THE_PASSWORD}
    return post("/login", body, address=address)


def reset(username: str, address: str) -> bytes:
    """For a reset mail; expects 202."""
    body = {"district": district.DISTRICT, "portal": "parent", "username": username}
    return post("/password-reset", body, address=address)


async def area_under_curve(server: Server, request: Request, expected: int, samples: int = SAMPLES) -> float:
    """Over so many of each kind, one at a time: each asks once, from a home of its own, so that no threshold comes in between."""
    times: dict[bool, list[float]] = {True: [], False: []}
    async with connected(server.port, 1) as (connection,):
        for number in range(WARM_UP):
            await connection.ask(request(f"newcomer{number}", district.home(WARMERS_HOME + number)), expected)
        for number, is_known in _turns(samples):
            username = district.guardian_id(number) if is_known else f"stranger{number}"
            address = district.home(number if is_known else samples + number)
            times[is_known].append(await _seconds(connection, request(username, address), expected))
    return auc(times[True], times[False])


def auc(one: Sequence[float], other: Sequence[float]) -> float:
    """The area under the receiver's curve of whoever guesses by the time: 0.5 is chance, 1 is certainty (Mann and Whitney's U)."""
    ordered = sorted(other)
    below = sum(bisect_left(ordered, value) + bisect_right(ordered, value) for value in one) / 2
    share = below / (len(one) * len(other))
    return max(share, 1 - share)


def _turns(samples: int) -> Iterator[tuple[int, bool]]:
    """Both kinds for each number, in an order that nothing periodic can follow."""
    chance = random.Random(20260803)  # noqa: S311  # chance that can be repeated
    for number in range(samples):
        is_known_first = chance.random() < 0.5
        yield number, is_known_first
        yield number, not is_known_first


async def _seconds(connection: Connection, request: bytes, expected: int) -> float:
    begun = time.perf_counter()
    await connection.ask(request, expected)
    return time.perf_counter() - begun
