"""Exact sliding windows: how often something happened in the last minute, counted and decided in one step.

What is counted here may be lost: in memory it ends with the process. What must never be forgotten is counted in the database instead.
"""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from limits import RateLimitItem

MAX_BUCKETS = 200_000
"""Beyond it the longest unused is forgotten: about 100 MB if all were in use at once."""


class Window(NamedTuple):
    """How a limit stands after a hit."""

    allowed: bool
    remaining: int
    reset_s: int
    """Seconds until the oldest hit leaves the window."""


class RateWindows(Protocol):
    async def hit(self, limit: RateLimitItem, *names: str) -> Window:
        """Counts one more for these names, if the limit allows it."""
        ...

    async def close(self) -> None: ...


class MemoryWindows:
    """For one process. The memory store of `limits` would do, but walks through all of its keys at every hit."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._buckets: OrderedDict[tuple[object, ...], _Bucket] = OrderedDict()

    async def hit(self, limit: RateLimitItem, *names: str) -> Window:
        now, key = self._now(), (limit.amount, *names)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(limit.get_expiry())
            self._forget_idle(now)
        else:
            self._buckets.move_to_end(key)
        allowed = bucket.hit(now, limit.amount)
        return Window(allowed, limit.amount - len(bucket.hits), bucket.seconds_left(now))

    async def close(self) -> None:
        self._buckets.clear()

    def _forget_idle(self, now: float) -> None:
        """At most two for each new one, so that no request pays for many."""
        for _ in range(2):
            key, oldest = next(iter(self._buckets.items()))
            if oldest.is_idle(now) or len(self._buckets) > MAX_BUCKETS:
                del self._buckets[key]


class _Bucket:
    __slots__ = ("hits", "length_s")

    def __init__(self, length_s: int) -> None:
        self.length_s = length_s
        self.hits: deque[float] = deque()

    def hit(self, now: float, amount: int) -> bool:
        while self.hits and self.hits[0] <= now - self.length_s:
            self.hits.popleft()
        if len(self.hits) >= amount:
            return False
        self.hits.append(now)
        return True

    def seconds_left(self, now: float) -> int:
        return max(1, math.ceil(self.hits[0] + self.length_s - now)) if self.hits else self.length_s

    def is_idle(self, now: float) -> bool:
        return bool(self.hits) and self.hits[-1] <= now - self.length_s


def windows_for(redis_url: str | None) -> RateWindows:
    """Shared ones where there is a store for them, else this process' own."""
    if redis_url is None:
        return MemoryWindows()
    from app.security.shared_rate_windows import SharedWindows  # noqa: PLC0415  # slow to import, and only for those who have a store

    return SharedWindows(redis_url)
