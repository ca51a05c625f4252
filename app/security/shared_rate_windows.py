"""Sliding windows in Redis or Valkey, for any number of processes.

While the store is gone or slow each process counts for itself: a limit that is looser for a while is better than a service that stands
still.
"""

import math
import time
from typing import Any

import structlog
from limits import RateLimitItem
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from prometheus_client import Counter, Gauge
from valkey.asyncio import BlockingConnectionPool
from valkey.exceptions import ValkeyError

from app.clock import SystemClock
from app.security.rate_windows import MemoryWindows, Window

TIMEOUT_S = 0.25
"""For each exchange with the store; far above the 0.2 ms that it takes, far below what a person notices."""
PAUSE_S = 1.0
"""How long a lost store is left alone before one request asks for it again."""
MAX_CONNECTIONS = 64

STORE_UP = Gauge(
    "campus_rate_limit_store_up",
    "1 while Redis or Valkey counts, 0 while processes count alone",
    multiprocess_mode="min",
)
FALLBACKS = Counter("campus_rate_limit_fallbacks_total", "Requests counted in the process because the store was away")

log = structlog.get_logger("campus.rate_limits")


class SharedWindows:
    """With a short patience, and windows of its own in reserve."""

    def __init__(self, url: str) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=MAX_CONNECTIONS,
            timeout=TIMEOUT_S,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
        )
        self._pool = pool
        options: dict[str, Any] = {"connection_pool": pool}
        self._storage = RedisStorage("async+valkey://", key_prefix="campus", **options)
        self._windows = MovingWindowRateLimiter(self._storage)
        self._reserve = MemoryWindows()
        self._ask_again_at = 0.0
        STORE_UP.set(1)

    async def hit(self, limit: RateLimitItem, *names: str) -> Window:
        if self._is_away():
            return await self._count_here(limit, *names)
        try:
            allowed = await self._windows.hit(limit, *names)
            stats = await self._windows.get_window_stats(limit, *names)
        except (ValkeyError, OSError, TimeoutError) as fault:
            self._note_loss(fault)
            return await self._count_here(limit, *names)
        self._note_return()
        return Window(
            allowed, max(0, stats.remaining), max(1, math.ceil(stats.reset_time - SystemClock().now().timestamp()))
        )

    async def close(self) -> None:
        await self._pool.aclose()

    def _is_away(self) -> bool:
        """While it is, one request in each pause asks for it all the same; the others do not wait for that one."""
        if not self._ask_again_at:
            return False
        if time.monotonic() < self._ask_again_at:
            return True
        self._ask_again_at = time.monotonic() + PAUSE_S
        return False

    async def _count_here(self, limit: RateLimitItem, *names: str) -> Window:
        FALLBACKS.inc()
        return await self._reserve.hit(limit, *names)

    def _note_loss(self, fault: Exception) -> None:
        if not self._ask_again_at:
            log.warning("rate_limit_store_lost", error=type(fault).__name__)
        self._ask_again_at = time.monotonic() + PAUSE_S
        STORE_UP.set(0)

    def _note_return(self) -> None:
        if self._ask_again_at:
            log.info("rate_limit_store_back")
            STORE_UP.set(1)
        self._ask_again_at = 0.0
