"""Hash pools for the whole server, its guard too: a quick one, and one without a free place."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from typing import Any

from app.security.hash_pool import HashPool
from app.security.hash_threads import HashThreads
from app.security.passwords import PasswordHasher
from tests.support.gate import GatedHashPool
from tests.support.portal import Server

QUICK = PasswordHasher(memory_kib=64, time_cost=1)


@contextmanager
def quick_hashes(server: Server) -> Iterator[None]:
    """Until the end of the block a hash costs next to nothing; it is counted as always."""
    threads = HashThreads(QUICK, 1)
    with _instead(server, HashPool(threads, queue=1_000), threads):
        yield


@contextmanager
def no_free_place(server: Server) -> Iterator[None]:
    """Until the end of the block every hash is one too many."""
    threads = HashThreads(QUICK, 1)
    with _instead(server, HashPool(threads, queue=-1), threads):
        yield


@contextmanager
def gated_hashes(server: Server) -> Iterator[GatedHashPool]:
    """Until the end of the block every hash waits at a gate."""
    pool = GatedHashPool()
    with _instead(server, pool, pool.threads):
        yield pool


@contextmanager
def _instead(server: Server, pool: HashPool, threads: HashThreads) -> Iterator[None]:
    before = server.campus
    server.app.state.campus = _with_pool(before, pool)
    try:
        yield
    finally:
        server.app.state.campus = before
        threads.stop()


def _with_pool(part: Any, pool: HashPool) -> Any:
    """The part with `pool` in it, and in all parts that it is made of; what does not hash stays the same object."""
    if isinstance(part, HashPool):
        return pool
    if not is_dataclass(part) or isinstance(part, type):
        return part
    now = {field.name: getattr(part, field.name) for field in fields(part)}
    changes = {name: new for name, value in now.items() if (new := _with_pool(value, pool)) is not value}
    return replace(part, **changes) if changes else part
