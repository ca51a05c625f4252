"""Statements of the hot paths: made once, compiled once for each engine, and run by the driver itself.

Each time that it runs a statement, SQLAlchemy looks its compiled form up, wraps cursor and rows and changes stacks twice: 0.3 to 0.5 ms
of the processor, where the driver takes 0.02 (SQLite) to 0.06 (PostgreSQL). So what every sign-in and every signed-in request asks is a
`Statement`: still in SQLAlchemy's words, run in a `Work` (app/database/work.py) or, beside other things, in a session or a connection.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeAlias

from sqlalchemy import JSON, BindParameter, ColumnElement, Executable, Insert, bindparam, insert, inspect, null
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg as postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

Values: TypeAlias = Mapping[str, object]
"""What the bound parameters are, by name."""
_DIALECTS: Mapping[str, Dialect] = {"sqlite": sqlite.dialect(), "postgresql": postgresql.dialect()}  # type: ignore[no-untyped-call]  # they have no types


class _Parameter(NamedTuple):
    name: str
    process: Callable[[Any], object] | None
    places: Sequence[int]


class Compiled:
    """A statement as one driver takes it: its text, how to bind values, and what its rows are."""

    def __init__(self, core: Any, dialect: Dialect) -> None:
        compiled = core.compile(dialect=dialect)
        self.text = str(compiled)
        order = compiled.positiontup or ()
        self.places = len(order)
        self.writes_to = getattr(core, "table", None)
        self.is_insert = isinstance(core, Insert)
        self._fixed: list[object] = [None] * self.places
        self._parameters: list[_Parameter] = []
        for name in dict.fromkeys(order):
            self._place(compiled.binds[name], [place for place, each in enumerate(order) if each == name], dialect)
        columns = [*core.exported_columns] if getattr(core, "exported_columns", None) else []
        self._row = _row_of([column.key for column in columns])
        readers = [_result_processor(column, dialect) for column in columns]
        self._readers = [(place, reader) for place, reader in enumerate(readers) if reader]

    def _place(self, bind: BindParameter[Any], places: Sequence[int], dialect: Dialect) -> None:
        """Where a parameter stands: one that is named by the caller, or one whose value never changes."""
        if bind.expanding:
            raise TypeError(f"{bind.key}: as many parameters as there are values cannot be compiled once")
        process = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if bind.required:
            self._parameters.append(_Parameter(bind.key, process, places))
            return
        for place in places:
            self._fixed[place] = process(bind.value) if process else bind.value

    def arguments(self, values: Values) -> list[object]:
        arguments = self._fixed.copy()
        for parameter in self._parameters:
            value = values[parameter.name]
            bound = parameter.process(value) if parameter.process else value
            for place in parameter.places:
                arguments[place] = bound
        return arguments

    def rows(self, records: Iterable[Sequence[object]]) -> list[Any]:
        """Named tuples, their values as the columns' types make them."""
        rows = []
        for record in records:
            cells = [*record]
            for place, reader in self._readers:
                cells[place] = reader(cells[place])
            rows.append(self._row._make(cells))
        return rows


class Runs(Protocol):
    """What runs compiled statements."""

    engine: str

    async def run(self, statement: "Statement", values: Values) -> list[Any]: ...

    def keep(self, statement: "Statement", values: Values) -> None: ...


class Statement:
    """One statement for both engines, or another one `for_sqlite`."""

    def __init__(self, core: Executable, *, for_sqlite: Executable | None = None) -> None:
        self._cores = {"postgresql": core, "sqlite": core if for_sqlite is None else for_sqlite}
        self._compiled: dict[str, Compiled] = {}

    def compiled(self, engine: str) -> Compiled:
        found = self._compiled.get(engine)
        if found is None:
            found = self._compiled[engine] = Compiled(self._cores[engine], _DIALECTS[engine])
        return found

    async def all(self, on: "AsyncSession | AsyncConnection | Runs", values: Values) -> Sequence[Any]:
        """The rows."""
        if isinstance(on, AsyncSession):
            return (await on.execute(self._cores[on.get_bind().dialect.name], values)).all()
        if isinstance(on, AsyncConnection):
            return (await on.execute(self._cores[on.dialect.name], values)).all()
        return await on.run(self, values)

    async def first(self, on: "AsyncSession | AsyncConnection | Runs", values: Values) -> Any | None:
        """The first row, if there is one."""
        rows = await self.all(on, values)
        return rows[0] if rows else None

    async def scalar(self, on: "AsyncSession | AsyncConnection | Runs", values: Values) -> Any | None:
        """The first column of the first row, if there is one."""
        rows = await self.all(on, values)
        return rows[0][0] if rows else None

    async def do(self, on: "AsyncSession | AsyncConnection | Runs", values: Values) -> None:
        """For what gives no rows."""
        if isinstance(on, AsyncSession):
            await on.execute(self._cores[on.get_bind().dialect.name], values)
        elif isinstance(on, AsyncConnection):
            await on.execute(self._cores[on.dialect.name], values)
        else:
            await on.run(self, values)

    async def soon(self, on: "AsyncSession | AsyncConnection | Runs", values: Values) -> None:
        """For what gives no rows and reads no other table: done before the next question or the end, on PostgreSQL along with what is added."""
        if isinstance(on, (AsyncSession, AsyncConnection)):
            await self.do(on, values)
        else:
            on.keep(self, values)


class RowLock(Statement):
    """A statement that only holds rows. On SQLite whoever writes is alone, so there is nothing to run."""

    async def do(self, on: "AsyncSession | AsyncConnection | Runs", values: Values) -> None:
        if isinstance(on, (AsyncSession, AsyncConnection)) or on.engine != "sqlite":
            await super().do(on, values)


def among(column: Any, name: str, count: int) -> ColumnElement[bool]:
    """SQL: the column is one of `count` values, which `places` names. A statement for each count is compiled once; there are few."""
    among: ColumnElement[bool] = column.in_([bindparam(f"{name}_{place}", type_=column.type) for place in range(count)])
    return among


def places(name: str, values: Iterable[object]) -> dict[str, object]:
    return {f"{name}_{place}": value for place, value in enumerate(values)}


class Insertion:
    """The statement that keeps an object of a mapped class, with the defaults of its columns."""

    def __init__(self, kept: type) -> None:
        mapper: Any = inspect(kept)
        table = mapper.local_table
        columns = [column for column in table.columns if column is not table.autoincrement_column]
        # Their names end with an underscore, as SQLAlchemy keeps those of the columns for itself.
        values = {column.key: bindparam(f"{column.key}_", type_=column.type) for column in columns}
        self.statement = Statement(insert(table).inline().values(values))
        self._parts = [
            (f"{column.key}_", mapper.get_property_by_column(column).key, _default_of(column)) for column in columns
        ]

    def values(self, given: Values) -> Values:
        return {name: given[key] if key in given else default() for name, key, default in self._parts}


def insertion_of(kept: type) -> Insertion:
    if kept not in _INSERTIONS:
        _INSERTIONS[kept] = Insertion(kept)
    return _INSERTIONS[kept]


_INSERTIONS: dict[type, Insertion] = {}


def _row_of(names: Sequence[str]) -> Any:
    return namedtuple("Row", names)  # noqa: PYI024  # known only when the statement is


def _result_processor(column: ColumnElement[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    process: Callable[[Any], Any] | None = column.type.dialect_impl(dialect).result_processor(dialect, None)
    return process


def _default_of(column: Any) -> Callable[[], object]:
    """What an object gets that says nothing; a blank JSON column is empty, and does not hold JSON's `null`."""
    if column.default is None:
        blank = null() if isinstance(column.type, JSON) else None
        return lambda: blank
    made = column.default.arg
    return partial(made, None) if column.default.is_callable else lambda: made
