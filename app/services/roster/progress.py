"""How far a long import has come."""

from typing import Protocol


class Progress(Protocol):
    def __call__(self, phase: str, done: int, total: int) -> None:
        """`phase` is "reading" (bytes), "comparing" or "writing" (rows). May be called from another thread than the one that waits."""
        ...


def no_progress(phase: str, done: int, total: int) -> None:
    """For those who do not look."""


class Meter:
    """Adds up the work of one phase."""

    def __init__(self, progress: Progress, phase: str, total: int) -> None:
        self._progress = progress
        self._phase = phase
        self._total = total
        self._done = 0
        progress(phase, 0, total)

    def add(self, amount: int) -> None:
        self._done += amount
        self._progress(self._phase, self._done, self._total)
