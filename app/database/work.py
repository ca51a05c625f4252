"""Short work of the hot paths: `Statement`s in one transaction, or each for itself."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, ExitStack
from typing import Any, Protocol, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.database.statements import Compiled, Statement, Values, insertion_of
from app.telemetry.watchers import watchers

Run: TypeAlias = Callable[[Compiled, list[object]], Awaitable[list[Any]]]
"""Runs a compiled statement with its arguments on a connection and gives its rows."""
Listener: TypeAlias = Callable[[str], None]


class Work:
    """One short transaction, or single statements that each stand for themselves."""

    def __init__(self, run: Run, engine: str, listeners: list[Listener]) -> None:
        self._run = run
        self.engine = engine
        self._listeners = listeners
        self._added: list[Any] = []

    async def run(self, statement: Statement, values: Values) -> list[Any]:
        """The rows; called by `Statement` alone. What was added before is kept before."""
        if self._added:
            await self.flush()
        compiled = statement.compiled(self.engine)
        for heard in self._listeners:
            heard(compiled.text)
        arguments = compiled.arguments(values)
        if not watchers:
            return await self._run(compiled, arguments)
        with ExitStack() as stack:
            for watcher in watchers:
                stack.enter_context(watcher(self.engine, compiled.text))
            return await self._run(compiled, arguments)

    def add(self, row: Any) -> None:
        """Keeps an object of a mapped class, as a session's `add` does; they are kept in the order in which they were added."""
        self._added.append(row)

    async def flush(self) -> None:
        added, self._added = self._added, []
        for row in added:
            insertion = insertion_of(type(row))
            await self.run(insertion.statement, insertion.values(row))


Unit: TypeAlias = AsyncSession | Work
"""A transaction of whatever kind, for rules that are part of several."""
Asks: TypeAlias = AsyncSession | AsyncConnection | Work
"""Whatever a `Statement` that only reads may be run on."""


class Lane(Protocol):
    """The way to one engine."""

    def transaction(self) -> AbstractAsyncContextManager[Work]: ...

    def reading(self) -> AbstractAsyncContextManager[Work]: ...

    async def first(self, statement: Statement, values: Values) -> Any | None: ...

    async def close(self) -> None: ...
