"""Where password hashes are computed: a bounded pool of threads at low priority, behind a bounded queue in which districts take turns.

So that reading one's children's names stays fast while a whole district signs in: a hash takes tens of milliseconds of a core, more
threads than cores only slow each other, and at nice 10 the event loop goes first.
A district whose parents all come at once makes its own wait, and not those of the others.
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

from prometheus_client import Counter, Gauge

from app.security.fair_turns import FairTurns
from app.security.passwords import PasswordHasher, Verdict

_NICENESS = 10

WAITING = Gauge("campus_password_hashes_waiting", "Password hashes queued or running", multiprocess_mode="livesum")
COMPUTED = Counter("campus_password_hashes_total", "Password hashes computed", ["kind"])


_on_behalf_of: ContextVar[str] = ContextVar("on_behalf_of", default="")


@contextmanager
def hashing_for(district: str | None) -> Iterator[None]:
    """Hashes in this block wait in the lane of that district; those for nobody in particular share one.

    Told by who reads the request first, as every rule that hashes would else have to pass the district on.
    """
    told = _on_behalf_of.set(district or "")
    try:
        yield
    finally:
        _on_behalf_of.reset(told)


class HashPool:
    def __init__(self, hasher: PasswordHasher, *, threads: int, queue: int) -> None:
        self._hasher = hasher
        # One beside each that is computed is handed over already, so that no thread waits for the event loop.
        ready = min(threads, queue)
        self._turns = FairTurns(at_once=threads + ready, places=queue - ready)
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="hash", initializer=_step_back)

    async def hash(self, password: str) -> str:
        """The hash to store.

        Raises:
            Overloaded: the queue is full; nothing was computed.
        """
        async with self._place("hash"):
            return await asyncio.get_running_loop().run_in_executor(self._executor, self._hasher.hash, password)

    async def verify(self, password: str, stored: str | None) -> Verdict:
        """Exactly one verification, for nobody (None) as for somebody.

        Raises:
            Overloaded: the queue is full; nothing was computed.
        """
        async with self._place("verify"):
            return await asyncio.get_running_loop().run_in_executor(
                self._executor, self._hasher.verify, password, stored
            )

    def require_place(self) -> None:
        """For whoever would write before he hashes.

        Raises:
            Overloaded: the queue is full at this moment.
        """
        self._turns.require_place(_on_behalf_of.get())

    @asynccontextmanager
    async def _place(self, kind: str) -> AsyncIterator[None]:
        """A place in the bounded queue, and then a turn."""
        self.require_place()
        WAITING.inc()
        try:
            async with self._turns.turn(_on_behalf_of.get()):
                COMPUTED.labels(kind).inc()
                yield
        finally:
            WAITING.dec()

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)


def _step_back() -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
