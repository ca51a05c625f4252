"""How long somebody waits for the database, stated once."""

import asyncio
import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from types import TracebackType

PATIENCE_S = 8.0
"""Of a request, for a unit of work: for its connection, its statements and its commit together. An app gives up after 30 seconds; with what
has to be put right (`AGAIN_S`) a request that meets a database which hangs is answered after 10. On SQLite, where nothing hangs, for its turn."""
STATEMENT_TIMEOUT_S = 30
"""Of everybody else, for each statement: the worker, the operators' commands, and what is `unhurried`. PostgreSQL's own; the driver's comes a little later."""
POOL_TIMEOUT_S = 30
"""Of everybody else, for a turn or a connection: far longer than the worst queue of writers seen under load (1.6 s for 1,000 waiters)."""

AGAIN_S = 1.0
"""Of who has used his patience up and has something to put right: a try to give back, a refusal to write down."""

_patience: ContextVar[float | None] = ContextVar("patience", default=PATIENCE_S)
_in_vain: ContextVar[tuple[float, float]] = ContextVar("in_vain", default=(-math.inf, 0.0))
"""When this request, or whoever it is, was last told that there is no database, and how many seconds he had waited by then."""


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


class while_patient:  # noqa: N801  # used as a function
    """Around a unit of work. What it waits for is given up, and its connection with it; the block raises TimeoutError.

    Whoever has waited in vain just now waits only for what is left of his patience.
    """

    def __init__(self) -> None:
        self._begun = asyncio.get_running_loop().time()
        self._timeout = asyncio.timeout(_left(self._begun))

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._timeout.__aexit__(kind, fault, trace)
        finally:
            if fault is not None:
                _note(self._begun)


def _left(now: float) -> float | None:
    patience = _patience.get()
    if patience is None:
        return None
    at, seconds = _in_vain.get()
    return max(min(AGAIN_S, patience), patience - seconds) if now - at < patience else patience


def _note(begun: float) -> None:
    """Some faults are no time-outs, but come of those who wait for a connection; those that come at once cost nobody patience."""
    now = asyncio.get_running_loop().time()
    at, seconds = _in_vain.get()
    _in_vain.set((now, now - begun + (seconds if begun - at < PATIENCE_S else 0.0)))
