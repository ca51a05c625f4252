"""Sliding windows in Redis or Valkey, for any number of processes.

While the store is gone or slow each process counts for itself: a limit that is looser for a while is better than a service that stands
still.
"""

import asyncio
import math
import time

import structlog
from limits import RateLimitItem
from prometheus_client import Counter, Gauge
from valkey.asyncio import Valkey
from valkey.exceptions import TimeoutError as StoreTimeout
from valkey.exceptions import ValkeyError

from app.security.rate_windows import MemoryWindows, Window

TIMEOUT_S = 0.25
"""For each exchange with the store: far above the 0.2 ms that it takes, far below what a person notices."""
PAUSE_S = 1.0
"""How long a lost store is left alone before one request asks for it again."""
CONNECTIONS = 16

# One exchange counts, decides and tells. The store's own clock is asked, since those of several machines differ.
_HIT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local amount, length = tonumber(ARGV[1]), tonumber(ARGV[2]) * 1000000
local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and tonumber(oldest) <= now - length do
  redis.call('LPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], 0)
end
local count, allowed = redis.call('LLEN', KEYS[1]), 0
if count < amount then
  redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
  redis.call('EXPIRE', KEYS[1], ARGV[2])
  count, allowed = count + 1, 1
end
return {allowed, amount - count, (oldest or now) + length - now}
"""

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
        self._client = Valkey.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
        self._hit = self._client.register_script(_HIT)
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._reserve = MemoryWindows()
        self._ask_again_at = 0.0
        STORE_UP.set(1)

    async def hit(self, limit: RateLimitItem, *names: str) -> Window:
        # Whoever waits for his turn learns nothing of the store, so that wait is not held against it.
        async with self._turns:
            window = None if self._is_away() else await self._ask(limit, *names)
        if window is None:
            FALLBACKS.inc()
            return await self._reserve.hit(limit, *names)
        return window

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(self, limit: RateLimitItem, *names: str) -> Window | None:
        """None where the store gives no answer."""
        key, values = f"campus/{limit.key_for(*names)}", [limit.amount, limit.get_expiry()]
        try:
            try:
                answer = await self._hit(keys=[key], args=values)
            except StoreTimeout:
                if self._ask_again_at:
                    raise
                answer = await self._hit(keys=[key], args=values)  # it may have been this process that was slow
        except (ValkeyError, OSError, TimeoutError) as fault:
            self._note_loss(fault)
            return None
        self._note_return()
        allowed, remaining, microseconds = answer
        return Window(bool(allowed), remaining, max(1, math.ceil(microseconds / 1_000_000)))

    def _is_away(self) -> bool:
        """While it is, one request in each pause asks for it all the same; the others do not wait for that one."""
        if not self._ask_again_at:
            return False
        if time.monotonic() < self._ask_again_at:
            return True
        self._ask_again_at = time.monotonic() + PAUSE_S
        return False

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
