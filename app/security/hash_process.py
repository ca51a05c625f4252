"""A process of its own beside each server, which computes the password hashes of it (app/security/hash_worker.py).

In threads of the server a hash that is done wants the interpreter for a moment, at low priority: while others take the core, it keeps it
from the event loop, which then stands still for some hundredths of a second; and while the loop runs, the core of the hash stands still.
The process knows passwords for as long as it computes, and none of the service's secrets.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from typing import Any, cast

import structlog

from app.errors import Overloaded
from app.security.hashing import Verdict
from app.settings import environment_without_settings

PATIENCE_S = 15.0
"""Whoever waits longer for a hash that is being computed, waits for a process that is stuck; it is replaced."""

_STDIN = 0

log = structlog.get_logger("campus.hashes")


class HashProcess:
    """The process as its server sees it. Whatever it was asked when it ends is Overloaded, and the next hash starts another one."""

    def __init__(self, at_once: int, *, patience_s: float = PATIENCE_S) -> None:
        self.at_once = at_once
        self._patience_s = patience_s
        self._starting = asyncio.Lock()
        self._running: _Conversation | None = None

    @property
    def process_id(self) -> int | None:
        return self._running.process_id if self._running else None

    async def open(self) -> None:
        """Raises OSError where it cannot be started."""
        async with self._starting:
            if self._running is None or self._running.is_over:
                command = (sys.executable, "-m", "app.security.hash_worker", str(self.at_once))
                _, self._running = await asyncio.get_running_loop().subprocess_exec(
                    _Conversation, *command, stdin=PIPE, stdout=PIPE, stderr=None, env=environment_without_settings()
                )

    async def hash(self, password: str) -> str:
        """Raises Overloaded: it has ended, or cannot be started."""
        return cast("str", await self._ask(password=password))

    async def verify(self, password: str, stored: str | None) -> Verdict:
        """Raises Overloaded: it has ended, or cannot be started."""
        return Verdict(*await self._ask(password=password, stored=stored))

    async def _ask(self, **question: object) -> Any:
        if self._running is None or self._running.is_over:
            try:
                await self.open()
            except OSError as fault:
                log.warning("hash_process_lost", error=type(fault).__name__)
                raise Overloaded from fault
        running = cast("_Conversation", self._running)
        try:
            async with asyncio.timeout(self._patience_s):
                return await running.ask(question)
        except TimeoutError as stuck:
            running.end()
            raise Overloaded from stuck

    async def close(self) -> None:
        if self._running:
            self._running.end()
            await self._running.ended.wait()


class _Conversation(asyncio.SubprocessProtocol):
    """Questions and answers, a line of JSON each; answers come in any order."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self._is_over = False
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self._received = b""

    @property
    def process_id(self) -> int:
        return self._process.get_pid()

    @property
    def is_over(self) -> bool:
        """Nothing can be asked any more. The loop closes the pipe of a process that was killed a turn before it says so here."""
        return self._is_over or self._stdin.is_closing()

    async def ask(self, question: dict[str, object]) -> Any:
        if self.is_over:
            raise Overloaded
        self._number += 1
        number, answer = self._number, asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            self._stdin.write(json.dumps({"number": number, "asked": question}).encode() + b"\n")
            return await answer
        finally:
            del self._asked[number]

    def end(self) -> None:
        self._is_over = True
        if self._process.get_returncode() is None:
            self._process.kill()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._process = cast("asyncio.SubprocessTransport", transport)
        self._stdin = cast("asyncio.WriteTransport", self._process.get_pipe_transport(_STDIN))

    def pipe_data_received(self, _fd: int, data: bytes) -> None:
        *lines, self._received = (self._received + data).split(b"\n")
        for number, told, fault in map(json.loads, lines):
            asked = self._asked.get(number)
            if asked is None or asked.done():
                continue
            if fault:
                asked.set_exception(RuntimeError(f"no hash: {fault}"))
            else:
                asked.set_result(told)

    def pipe_connection_lost(self, _fd: int, _fault: Exception | None) -> None:
        self._lose()

    def process_exited(self) -> None:
        self._lose()
        self._process.close()
        self.ended.set()

    def _lose(self) -> None:
        if not self._is_over:
            log.warning("hash_process_lost", error=str(self._process.get_returncode()))
        self._is_over = True
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(Overloaded())
