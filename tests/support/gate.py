"""A hash pool whose door a test holds shut, so that other things can happen while a hash is computed."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from app.security.hash_pool import HashPool
from app.security.hash_threads import HashThreads
from app.security.hashing import Verdict
from app.security.passwords import PasswordHasher

T = TypeVar("T")


class GatedHashPool(HashPool):
    """The real pool; each caller waits at the gate first, in the order of arrival."""

    def __init__(self) -> None:
        self.threads = HashThreads(PasswordHasher(), 1)
        super().__init__(self.threads, queue=100)
        self._waiting: asyncio.Queue[asyncio.Event] = asyncio.Queue()

    async def hash(self, password: str) -> str:
        await self._pass_gate()
        return await super().hash(password)

    async def verify(self, password: str, stored: str | None) -> Verdict:
        await self._pass_gate()
        return await super().verify(password, stored)

    async def arrival(self) -> asyncio.Event:
        """Somebody stands at the gate; setting the event lets him through."""
        async with asyncio.timeout(5):
            return await self._waiting.get()

    async def let_through(self, work: Awaitable[T]) -> T:
        """Work that hashes once, held up by nothing."""
        task = asyncio.ensure_future(work)
        (await self.arrival()).set()
        return await task

    async def _pass_gate(self) -> None:
        gate = asyncio.Event()
        await self._waiting.put(gate)
        await gate.wait()
