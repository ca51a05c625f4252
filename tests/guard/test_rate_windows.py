"""The windows that rate limits count in: exact, sliding, and the same in memory and in a shared store (D2)."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hypothesis import given
from hypothesis import strategies as st
from limits import RateLimitItemPerMinute, RateLimitItemPerSecond

from app.security.rate_windows import MemoryWindows, RateWindows, Window
from app.security.shared_rate_windows import SharedWindows
from tests.support.valkey import Valkey

MINUTE = 60.0
TICKS = 64
"""A second has so many moments here; a power of two, so that sums of them are exact."""
visits = st.lists(st.tuples(st.integers(0, 90 * TICKS), st.sampled_from(["ana", "ben"])), max_size=60)


@given(visits, st.integers(1, 5))
def test_d2_in_no_minute_more_than_the_limit_pass_and_nobody_below_it_is_refused(
    visits: list[tuple[int, str]], amount: int
) -> None:
    """The model: whoever passed, and when. The window slides with the one who asks; others do not matter."""
    asyncio.run(live_through(visits, amount))


async def live_through(visits: list[tuple[int, str]], amount: int) -> None:
    watch = Watch()
    windows, limit = MemoryWindows(watch), RateLimitItemPerMinute(amount)
    passed: dict[str, list[float]] = defaultdict(list)
    for ticks, name in visits:
        watch.seconds += ticks / TICKS
        within = [moment for moment in passed[name] if moment > watch.seconds - MINUTE]
        window = await windows.hit(limit, "login", name)
        assert window.allowed == (len(within) < amount)
        if window.allowed:
            passed[name].append(watch.seconds)
            within.append(watch.seconds)
        assert window.remaining == amount - len(within)
        assert window.reset_s - 1 < within[0] + MINUTE - watch.seconds <= window.reset_s


async def test_what_is_counted_together_is_told_apart_by_limit_and_by_name() -> None:
    windows = MemoryWindows()
    names = [("login", "192.0.2.1"), ("login", "192.0.2.2"), ("public", "192.0.2.1"), ("login", "192.0.2.1", "jackson")]
    for name in names:
        assert [(await windows.hit(RateLimitItemPerMinute(2), *name)).allowed for _ in range(3)] == [True, True, False]


async def test_visitors_of_a_minute_ago_are_forgotten() -> None:
    """Each new one makes room of two that are idle, so what is kept follows the visitors of the last minute."""
    watch = Watch()
    windows, limit = MemoryWindows(watch), RateLimitItemPerMinute(1)
    for minute in range(3):
        watch.seconds = minute * 61
        for number in range(1_000):
            assert (await windows.hit(limit, f"{minute}/{number}")).allowed
        assert len(windows._buckets) == 1_000


async def test_d2_two_processes_count_in_one_store(valkey: Valkey) -> None:
    """A burst of twelve hundred who come before either has a line to the store; fifty pass, and nobody takes it for lost."""
    limit = RateLimitItemPerMinute(50)
    async with shared_windows(valkey) as one, shared_windows(valkey) as other:
        outcomes = await asyncio.gather(*(windows.hit(limit, "login", "192.0.2.1") for windows in [one, other] * 600))
    assert sum(window.allowed for window in outcomes) == 50


async def test_the_shared_window_slides_too(valkey: Valkey) -> None:
    """Of three a second, one came early; when it has left the window one passes again, not three."""
    async with shared_windows(valkey) as windows:
        hits = [windows.hit(RateLimitItemPerSecond(3), "name") for _ in range(6)]
        first = await hits[0]
        await asyncio.sleep(0.6)
        second, third, fourth = [await hit for hit in hits[1:4]]
        await asyncio.sleep(0.45)
        fifth, sixth = [await hit for hit in hits[4:]]
    assert [first, second, third] == [Window(allowed=True, remaining=left, reset_s=1) for left in (2, 1, 0)]
    assert [window.allowed for window in (fourth, fifth, sixth)] == [False, True, False]


ODD_NAMES = ["", "/", "a/b", "é", "\U0001f600" * 64, "*", "{x}", "a b\r\n", "60/1/minute"]


async def test_whatever_a_name_is_made_of_it_has_a_window_of_its_own(valkey: Valkey) -> None:
    limit = RateLimitItemPerMinute(1)
    async with shared_windows(valkey) as shared:
        kinds: list[RateWindows] = [MemoryWindows(), shared]
        for windows, text in itertools.product(kinds, ODD_NAMES):
            names = (text, f"{text}~", text)
            outcomes = [(await windows.hit(limit, "district", name)).allowed for name in names]
            assert outcomes == [True, True, False], text


@asynccontextmanager
async def shared_windows(valkey: Valkey) -> AsyncIterator[SharedWindows]:
    """Those of one process."""
    windows = SharedWindows(valkey.url)
    try:
        yield windows
    finally:
        await windows.close()


class Watch:
    """Seconds that pass when a test says so."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds
