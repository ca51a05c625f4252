"""Where password hashes are computed: a bounded pool of threads at low priority, behind a bounded queue.

So that reading one's children's names stays fast while a whole district signs in: a hash takes tens of milliseconds of a core, more
threads than cores only slow each other, and at nice 10 the event loop goes first.
"""

import asyncio
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from prometheus_client import Counter, Gauge

from app.errors import Overloaded
from app.security.passwords import PasswordHasher, Verdict

_NICENESS = 10

WAITING = Gauge("campus_password_hashes_waiting", "Password hashes queued or running", multiprocess_mode="livesum")
COMPUTED = Counter("campus_password_hashes_total", "Password hashes computed", ["kind"])


class HashPool:
    def __init__(self, hasher: PasswordHasher, *, threads: int, queue: int) -> None:
        self._hasher = hasher
        self._limit = threads + queue
        self._pending = 0
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="hash", initializer=_step_back)

    async def hash(self, password: str) -> str:
        """The hash to store.

        Raises:
            Overloaded: the queue is full; nothing was computed.
        """
        with self._place():
            COMPUTED.labels("hash").inc()
            return await asyncio.get_running_loop().run_in_executor(self._executor, self._hasher.hash, password)

    async def verify(self, password: str, stored: str | None) -> Verdict:
        """Exactly one verification, for nobody (None) as for somebody.

        Raises:
            Overloaded: the queue is full; nothing was computed.
        """
        with self._place():
            COMPUTED.labels("verify").inc()
            return await asyncio.get_running_loop().run_in_executor(
                self._executor, self._hasher.verify, password, stored
            )

    @contextmanager
    def _place(self) -> Iterator[None]:
        """A place in the bounded queue."""
        if self._pending >= self._limit:
            raise Overloaded
        self._pending += 1
        WAITING.inc()
        try:
            yield
        finally:
            self._pending -= 1
            WAITING.dec()

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)


def _step_back() -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
