"""Threads of this process that compute password hashes, at low priority: for development and commands."""

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor

from app.security.hashing import NICENESS, Verdict
from app.security.passwords import PasswordHasher


class HashThreads:
    def __init__(self, hasher: PasswordHasher, at_once: int) -> None:
        self.at_once = at_once
        self._hasher = hasher
        self._executor = ThreadPoolExecutor(at_once, thread_name_prefix="hash", initializer=_step_back)

    async def open(self) -> None:
        """Threads start when they are needed."""

    async def hash(self, password: str) -> str:
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._hasher.hash, password)

    async def verify(self, password: str, stored: str | None) -> Verdict:
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._hasher.verify, password, stored)

    async def close(self) -> None:
        self.stop()

    def stop(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)


def _step_back() -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
