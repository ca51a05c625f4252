"""What a request costs the server's processor, beside what it would cost at best.

For a machine that is not idle: others take time from a server, but the time that it has computed itself is counted all the same.
"""

from collections.abc import Iterator, Sequence

from tests.bench import bare_argon2
from tests.bench.figures import Figure, Series
from tests.bench.http_client import get
from tests.bench.progress import ProgressLine
from tests.bench.served import OPERATIONS, Served, milliseconds_each
from tests.bench.server import Server

_HELLOS = 3_000
_TARGETS = {
    "GET /me": ("a bare FastAPI hello", 5),
    "all children": ("GET /me", 1.7),
    "a switch": ("GET /me", 2),
    "a refresh": ("GET /me", 2),
}
"""The same as those of requests a second, turned over."""


def measure(hello: Server, served: Sequence[Served], rounds: int, series: Series, progress: ProgressLine) -> None:
    for turn in range(1, rounds + 1):
        progress.say(f"processor time, {turn} of {rounds}")
        series.add(milliseconds_each(hello, [get("/hello")], _HELLOS), "ms", "a bare FastAPI hello")
        series.add(bare_argon2.processor_milliseconds(), "ms", "a bare Argon2 of PyNaCl")
        for one in served:
            for operation in OPERATIONS:
                series.add(one.processor_milliseconds(operation), "ms", operation, one.engine)


def figures(series: Series, engine: str) -> Iterator[Figure]:
    """The least of the rounds: whatever else the machine does, it makes none of them cheaper."""
    read = series.least("ms", "GET /me", engine)
    for operation, (limit_name, target) in _TARGETS.items():
        limit = read if limit_name == "GET /me" else series.least("ms", limit_name)
        measured = series.least("ms", operation, engine)
        yield Figure(f"processor of {operation}, {engine}", "ms", measured, limit_name, limit, target, at_most=True)
    name = "a bare Argon2 of PyNaCl"
    sign_in, limit = series.least("ms", "a sign-in", engine), series.least("ms", name)
    yield Figure(f"processor of a sign-in, {engine}", "ms", sign_in, name, limit, 1.25, at_most=True)
