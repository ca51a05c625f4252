"""Prints letters in a process of its own: drawing pages takes long, needs libraries of the system, and may fail without harm here."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from app.letters.facts import PaperLetter

CANNOT_PRINT = 3
"""How the process ends where something is missing on this machine; it says what."""
PATIENCE_S = 120
"""Without a further letter the process is taken for stuck."""
_AT_ONCE = 65_536


class CannotPrint(Exception):
    """This machine has not what letters need; the message says what is missing, and how to come by it."""


class PrintingFailed(Exception):
    """The process has ended before the last letter."""


class LetterPress:
    """`command` prints: what `app.letters` does."""

    def __init__(
        self, command: Sequence[str] = (sys.executable, "-m", "app.letters"), patience_s: float = PATIENCE_S
    ) -> None:
        self._command = command
        self._patience_s = patience_s
        self._is_ready = False

    async def check(self) -> None:
        """Whether letters can be printed here; once they can, nothing is asked again.

        Raises:
            CannotPrint: they cannot.
        """
        if self._is_ready:
            return
        async with self._running("--check") as process:
            try:
                async with asyncio.timeout(self._patience_s):
                    _, told = await process.communicate()
            except TimeoutError as stuck:
                raise CannotPrint("the process that prints letters does not answer") from stuck
        if process.returncode:
            raise CannotPrint(_reason(process, told))
        self._is_ready = True

    async def run(
        self,
        letters: AsyncIterable[Sequence[PaperLetter]],
        write: Callable[[bytes], object],
        printed: Callable[[int], object] = lambda _: None,
    ) -> None:
        """Prints them into one PDF, which `write` is given piece by piece; nothing is kept here.

        Raises:
            PrintingFailed: what was written is no whole PDF.
        """
        async with self._running() as process:
            try:
                async with asyncio.timeout(self._patience_s) as patience:

                    def hear(count: int) -> None:
                        patience.reschedule(asyncio.get_running_loop().time() + self._patience_s)
                        printed(count)

                    await asyncio.gather(_feed(process, letters), _take(process, write), _listen(process, hear))
                    await process.wait()
            except TimeoutError as stuck:
                raise PrintingFailed("no letter for too long") from stuck
        if process.returncode:
            raise PrintingFailed(f"ended with {process.returncode}")

    @asynccontextmanager
    async def _running(self, *words: str) -> AsyncIterator[Process]:
        process = await asyncio.create_subprocess_exec(*self._command, *words, stdin=PIPE, stdout=PIPE, stderr=PIPE)
        try:
            yield process
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


async def _feed(process: Process, letters: AsyncIterable[Sequence[PaperLetter]]) -> None:
    assert process.stdin  # noqa: S101  # it is a pipe
    with suppress(BrokenPipeError, ConnectionResetError):  # how it ended tells why
        async for some in letters:
            process.stdin.write("".join(f"{letter.as_line()}\n" for letter in some).encode())
            await process.stdin.drain()
    process.stdin.close()


async def _take(process: Process, write: Callable[[bytes], object]) -> None:
    assert process.stdout  # noqa: S101  # it is a pipe
    while piece := await process.stdout.read(_AT_ONCE):
        write(piece)


async def _listen(process: Process, printed: Callable[[int], object]) -> None:
    """Numbers are letters that are printed; other lines are the libraries', and may quote a letter."""
    assert process.stderr  # noqa: S101  # it is a pipe
    async for line in process.stderr:
        if line.strip().isdigit():
            printed(int(line))


def _reason(process: Process, told: bytes) -> str:
    lines = told.decode(errors="replace").strip().splitlines()
    if process.returncode == CANNOT_PRINT and lines:
        return lines[-1]
    return "the process that prints letters cannot be started"
