"""Short work of the hot paths: `Statement`s in one transaction, or each for itself."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import cache
from typing import Any, Protocol, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.database.bundle import Bundle, Runnable
from app.database.statements import Compiled, Statement, Values, insertion_of
from app.telemetry.watchers import watched, watchers

Run: TypeAlias = Callable[[Runnable, list[object]], Awaitable[list[Any]]]
"""Runs a compiled statement, or a bundle of them, with its arguments on a connection and gives its rows."""
Listener: TypeAlias = Callable[[str], None]


class Work:
    """One short transaction, or single statements that each stand for themselves."""

    def __init__(self, run: Run, engine: str, listeners: list[Listener]) -> None:
        self._run = run
        self.engine = engine
        self._listeners = listeners
        self._kept: list[_Write] = []

    async def run(self, statement: Statement, values: Values) -> list[Any]:
        """The rows; called by `Statement` alone. What was kept before is done before."""
        if self._kept:
            await self.flush()
        compiled = statement.compiled(self.engine)
        return await self._send(compiled, compiled.arguments(values))

    def keep(self, statement: Statement, values: Values) -> None:
        """Does it before the next question or the end; called by `Statement` alone."""
        self._kept.append(lambda: (statement, values))

    def add(self, row: Any) -> None:
        """Keeps an object of a mapped class, as a session's `add` does; they are kept in the order in which they were added."""
        self.put(type(row), vars(row))

    def put(self, kind: type, values: Values) -> None:
        """The same without the object: a mapped class, and the values of its attributes."""
        insertion = insertion_of(kind)
        self._kept.append(lambda: (insertion.statement, insertion.values(values)))

    async def flush(self) -> None:
        """Does what was kept; on PostgreSQL in one statement, or in few."""
        kept, self._kept = self._kept, []
        writes: list[Compiled] = []
        arguments: list[object] = []
        for statement, values in (write() for write in kept):
            compiled = statement.compiled(self.engine)
            if writes and not (self.engine == "postgresql" and Bundle.may_grow(writes, compiled)):
                await self._send(_in_one(tuple(writes)), arguments)
                writes, arguments = [], []
            writes.append(compiled)
            arguments += compiled.arguments(values)
        if writes:
            await self._send(_in_one(tuple(writes)), arguments)

    async def _send(self, runnable: Runnable, arguments: list[object]) -> list[Any]:
        for heard in self._listeners:
            heard(runnable.text)
        if not watchers:
            return await self._run(runnable, arguments)
        with watched(self.engine, runnable.text):
            return await self._run(runnable, arguments)


_Write: TypeAlias = Callable[[], tuple[Statement, Values]]


@cache
def _in_one(writes: tuple[Compiled, ...]) -> Runnable:
    return writes[0] if len(writes) == 1 else Bundle(writes)


Unit: TypeAlias = AsyncSession | Work
"""A transaction of whatever kind, for rules that are part of several."""


def put(unit: Unit, kind: type, **values: object) -> None:
    """Adds a row of a mapped class. On the hot paths making the object would take as long as writing it."""
    if isinstance(unit, Work):
        unit.put(kind, values)
    else:
        unit.add(kind(**values))


Asks: TypeAlias = AsyncSession | AsyncConnection | Work
"""Whatever a `Statement` that only reads may be run on."""


class Lane(Protocol):
    """The way to one engine."""

    def transaction(self) -> AbstractAsyncContextManager[Work]: ...

    def reading(self) -> AbstractAsyncContextManager[Work]: ...

    async def first(self, statement: Statement, values: Values) -> Any | None: ...

    async def close(self) -> None: ...
