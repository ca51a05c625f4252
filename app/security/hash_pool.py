"""Where password hashes are computed: away from the event loop, at low priority, behind a bounded queue in which districts take turns.

So that reading one's children's names stays fast while a whole district signs in: a hash takes tens of milliseconds of a core, more
of them at once than there are cores only slow each other, and at nice 10 the event loop goes first.
A district whose parents all come at once makes its own wait, and not those of the others.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

from prometheus_client import Counter, Gauge

from app.security.fair_turns import FairTurns
from app.security.hashing import ComputesHashes, Verdict

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
    def __init__(self, computer: ComputesHashes, *, queue: int) -> None:
        self._computer = computer
        # One beside each that is computed is handed over already, so that nobody who computes waits for the event loop.
        ready = min(computer.at_once, queue)
        self._turns = FairTurns(at_once=computer.at_once + ready, places=queue - ready)

    async def open(self) -> None:
        """For a server, so that its first sign-in does not wait. Raises OSError where nothing can compute here."""
        await self._computer.open()

    async def hash(self, password: str) -> str:
        """The hash to store.

        Raises:
            Overloaded: the queue is full, or nobody computes at this moment.
        """
        async with self._place("hash"):
            return await self._computer.hash(password)

    async def verify(self, password: str, stored: str | None) -> Verdict:
        """Exactly one verification, for nobody (None) as for somebody.

        Raises:
            Overloaded: the queue is full, or nobody computes at this moment.
        """
        async with self._place("verify"):
            return await self._computer.verify(password, stored)

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

    async def close(self) -> None:
        await self._computer.close()
