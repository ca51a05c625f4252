"""How long somebody waits for the database, stated once."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

PATIENCE_S = 10.0
"""Of a request, for each unit of work: for its turn or its connection, its statements and its commit together. An app gives up after 30 seconds."""
STATEMENT_TIMEOUT_S = 30
"""Of everybody else, for each statement: the worker, the operators' commands, and what is `unhurried`. PostgreSQL's own; the driver's comes a little later."""
POOL_TIMEOUT_S = 30
"""Of everybody else, for a turn or a connection: far longer than the worst queue of writers seen under load (1.6 s for 1,000 waiters)."""

_patience: ContextVar[float | None] = ContextVar("patience", default=PATIENCE_S)


@contextmanager
def patience(seconds: float | None) -> Iterator[None]:
    """What is begun in the block waits so long for each unit of work, or as long as the database takes."""
    before = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(before)


def unhurried() -> AbstractContextManager[None]:
    """For what is known to be long, and has nobody before it who gives up: a roster, a batch of keys, an export, the worker."""
    return patience(None)


def patience_s() -> float | None:
    return _patience.get()


def while_patient() -> asyncio.Timeout:
    """Around a unit of work. What it waits for is given up, and its connection with it; the block raises TimeoutError."""
    return asyncio.timeout(_patience.get())
