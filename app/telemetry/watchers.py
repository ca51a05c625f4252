"""Who is told of statements that the drivers themselves run; nobody where tracing is off. Imports nothing of the extras."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeAlias

Watcher: TypeAlias = Callable[[str, str], AbstractContextManager[object]]
"""Made of the engine's name and the statement's text, and held while the statement runs."""

watchers: list[Watcher] = []
"""Of all databases of this process, as what listens to SQLAlchemy's `Engine` is."""


@contextmanager
def watched(engine: str, text: str) -> Iterator[None]:
    """All of them are told."""
    with ExitStack() as stack:
        for watcher in watchers:
            stack.enter_context(watcher(engine, text))
        yield
