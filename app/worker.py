"""Work beside requests: mails delivered, requests for keys looked into, days of grace ended, what is over pruned, the trail sealed.

Any number of workers may run. In development one of the server's own processes is also the worker: the one that holds a file's lock,
which the kernel gives back when that process dies.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import structlog

from app.composition import Campus
from app.database import unhurried
from app.errors import Overloaded
from app.services.worker_beats import EVERY_S as BEAT_EVERY_S

ERRANDS_EVERY_S = 2
GRACE_EVERY_S = 60
SEAL_EVERY_S = 60
PRUNE_EVERY_S = 3_600
LEADER_RETRY_S = 2

log = structlog.get_logger("campus.worker")


async def work(campus: Campus, stop: asyncio.Event) -> None:
    """Works until `stop` is set, finishing the mail at hand."""
    log.info("worker_started")
    with unhurried():
        await _run_all(campus, stop)


async def _run_all(campus: Campus, stop: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(campus.mail_delivery.run(stop))
        tasks.create_task(_run_errands(campus, stop))
        tasks.create_task(_end_days_of_grace(campus, stop))
        tasks.create_task(_prune(campus, stop))
        tasks.create_task(_seal(campus, stop))
        tasks.create_task(_beat(campus, stop))


@asynccontextmanager
async def worker_beside(campus: Campus) -> AsyncIterator[None]:
    """A worker for as long as the block runs, in one process of this machine at a time."""
    stop = asyncio.Event()
    task = asyncio.create_task(_work_as_leader(campus, stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def _work_as_leader(campus: Campus, stop: asyncio.Event) -> None:
    while not stop.is_set():
        with _leadership(campus.settings.data_folder / "worker.lock") as is_mine:
            if is_mine:
                await work(campus, stop)
        await _wait(stop, LEADER_RETRY_S)


@contextmanager
def _leadership(file: Path) -> Iterator[bool]:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


async def _run_errands(campus: Campus, stop: asyncio.Event) -> None:
    while not stop.is_set():
        with suppress(Overloaded):
            while not stop.is_set() and await campus.key_request_errands.run_one():
                pass
        await _wait(stop, ERRANDS_EVERY_S)


async def _end_days_of_grace(campus: Campus, stop: asyncio.Event) -> None:
    while not stop.is_set():
        with suppress(Overloaded):
            ended = await campus.days_of_grace.end_those_over()
            if ended:
                log.info("grace_over", count=ended)
        await _wait(stop, GRACE_EVERY_S)


async def _prune(campus: Campus, stop: asyncio.Event) -> None:
    while not stop.is_set():
        with suppress(Overloaded):
            pruned = await campus.pruning.prune() + await campus.audit_retention.prune()
            erased = await campus.erasure.erase_those_due()
            if pruned:
                log.info("pruned", count=pruned)
            if erased:
                log.info("erased", count=erased)
        await _wait(stop, PRUNE_EVERY_S)


async def _seal(campus: Campus, stop: asyncio.Event) -> None:
    """The newest seals stand in the log, which often lies where nobody with the database comes."""
    everything = True
    while not stop.is_set():
        with suppress(Overloaded):
            for head in await campus.audit_sealing.seal(everything=everything):
                log.info("audit_sealed", seal=str(head))
            everything = False
        await _wait(stop, SEAL_EVERY_S)


async def _beat(campus: Campus, stop: asyncio.Event) -> None:
    while not stop.is_set():
        with suppress(Overloaded):
            await campus.worker_beats.beat()
        await _wait(stop, BEAT_EVERY_S)
    with suppress(Overloaded):
        await campus.worker_beats.end()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
