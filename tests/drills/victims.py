"""The processes that are killed: a server and a worker over one database, as an operator starts them in production."""

import asyncio
import json
import multiprocessing
import os
import random
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.support.die_with_parent import die_with_parent
from tests.support.served import answers, free_port

START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 30

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["app.cli", "app.main"])


@dataclass
class Victims:
    """Both run from the beginning of the block to its end, except between a kill and the restart."""

    folder: Path
    environment: Mapping[str, str]
    port: int = field(default_factory=free_port)
    _running: dict[str, BaseProcess] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str) -> None:
        """`serve` or `worker`."""
        words = ["serve", f"--port={self.port}"] if name == "serve" else ["worker"]
        process = FORKS.Process(target=_become_campus, args=(words, self.folder, dict(self.environment)))
        process.start()
        self._running[name] = process

    def process_id(self, name: str) -> int:
        """Of one that runs."""
        return self._running[name].pid or 0

    def kill(self, name: str) -> None:
        """With SIGKILL: the process learns nothing of it."""
        self._running[name].kill()
        self._running[name].join()

    def kill_descendant(self, name: str, chance: random.Random) -> None:
        """With SIGKILL, one of those that the process has started: that which hashes for it, or one that this has forked."""
        children = _children(self.process_id(name))
        candidates = [*children, *(each for child in children for each in _children(child))]
        if candidates:  # it may not have come so far
            os.kill(chance.choice(candidates), signal.SIGKILL)

    def stop(self) -> None:
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            process.join(STOP_TIMEOUT_S)
            process.kill()

    def unexpected(self) -> list[str]:
        """What they could not explain, by their logs."""
        lines = (line for log in self.folder.glob("*.log") for line in log.read_text(encoding="utf-8").splitlines())
        told = (json.loads(line) for line in lines if '"unexpected_error"' in line)
        return [f"{line['error']} at {line['place']}" for line in told]

    async def until_it_answers(self) -> None:
        """Returns when the server takes requests."""
        async with asyncio.timeout(START_TIMEOUT_S):
            while not await asyncio.to_thread(answers, self.port):  # noqa: ASYNC110  # another process makes no events
                await asyncio.sleep(0.02)


def _children(process: int) -> list[int]:
    try:
        told = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return []  # it has just ended
    return [int(child) for child in told.split()]


@contextmanager
def victims(folder: Path, environment: Mapping[str, str]) -> Iterator[Victims]:
    both = Victims(folder, environment)
    try:
        for name in ("serve", "worker"):
            both.start(name)
        yield both
    finally:
        both.stop()


def _become_campus(words: Sequence[str], folder: Path, environment: dict[str, str]) -> None:
    die_with_parent(os.getppid())
    log = os.open(folder / f"{words[0]}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update({"PATH": os.defpath, **environment})
    sys.argv = ["campus", *words]

    from app.cli import main  # noqa: PLC0415  # the server of forks has it

    main()
