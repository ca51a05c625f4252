"""One of two servers has a clock that is five minutes off: Debian's libfaketime tells it another time."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from app.clock import SystemClock
from tests.drills.faults.scene import MeansMissing, Scene, Seen, Stage, scene
from tests.support import debian
from tests.support.served import NO_TLS, served
from tests.support.shell import Shell

WORKS_S = 5.0
ABOUT_FIVE_MINUTES_S = 290


async def fast(stage: Stage) -> Seen:
    """Five minutes fast: what it writes lies in the future for the others."""
    return await _wrong_by("+5m", stage)


async def slow(stage: Stage) -> Seen:
    """Five minutes slow: what others write lies in the future for it."""
    return await _wrong_by("-5m", stage)


async def _wrong_by(minutes: str, stage: Stage) -> Seen:
    library = _libfaketime()
    async with scene(stage) as told:
        other = {"LD_PRELOAD": str(library), "FAKETIME": minutes, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        beside = _beside(told, other)
        url = await asyncio.to_thread(beside.__enter__)
        try:
            ahead = await asyncio.to_thread(_seconds_ahead, url)
            told.remark(f"the other server is {ahead:+.0f} s ahead")
            told.must(abs(ahead) > ABOUT_FIVE_MINUTES_S, "the clocks differ")
            told.crowd.urls = [told.running.url, url]
            await asyncio.sleep(WORKS_S if stage.is_short else 30)
            told.crowd.urls = [told.running.url]
        finally:
            await asyncio.sleep(1)  # those who are with it are answered
            await asyncio.to_thread(beside.__exit__, None, None, None)
    return told.seen


@contextmanager
def _beside(told: Scene, variables: dict[str, str]) -> Iterator[str]:
    shell = Shell(told.stage.folder, {**told.environment, **variables})
    with served(shell) as server:
        yield server.url


def _seconds_ahead(url: str) -> float:
    """By what it says of the time in its answers."""
    said = httpx.get(f"{url}/healthz", verify=NO_TLS).headers["Date"]
    return (parsedate_to_datetime(said) - SystemClock().now()).total_seconds()


def _libfaketime() -> Path:
    """The library.

    Raises:
        MeansMissing: it is not there, and cannot be installed from here.
    """
    for _ in range(2):
        found = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
        if found:
            return found
        debian.install("libfaketime")
    raise MeansMissing("libfaketime is missing. On Debian or Ubuntu: sudo apt-get install libfaketime")
