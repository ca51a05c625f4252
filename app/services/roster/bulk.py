"""Many rows at once. No object stays in a session, so that memory does not grow with the district."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from sqlalchemy import Dialect, Executable, Row, Select, Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.models import Base
from app.services.roster.progress import Meter

_ROWS_AT_ONCE = 1_000


def table_of(model: type[Base]) -> Table:
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is not a plain table")
    return table


async def stream(connection: AsyncConnection, query: Select[Any]) -> AsyncIterator[Sequence[Row[Any]]]:
    """The rows of `query`, some at a time."""
    async with connection.stream(query) as result:
        async for rows in result.partitions(_ROWS_AT_ONCE):
            yield rows


async def execute_many(
    connection: AsyncConnection, statement: Executable, rows: Iterable[dict[str, Any]], meter: Meter
) -> None:
    """The statement once for each row."""
    remaining = iter(rows)
    while chunk := list(islice(remaining, _ROWS_AT_ONCE)):
        await connection.execute(statement, chunk)
        meter.add(len(chunk))


async def insert_many(
    connection: AsyncConnection,
    table: Table,
    rows: Iterable[dict[str, Any]],
    meter: Meter,
    constants: Mapping[str, Any] | None = None,
) -> None:
    """Inserts rows that all have the same columns; `constants` are columns with one value for all.

    The statement is compiled once and the driver gets tuples, which takes half the time of `execute_many`.
    """
    remaining = iter(rows)
    first = next(remaining, None)
    if first is None:
        return
    remaining = chain([first], remaining)
    same = dict(constants or {})
    statement = insert(table).compile(dialect=connection.dialect, column_keys=[*same, *first])
    in_order = itemgetter(*(statement.positiontup or ()))
    _convert([same], _conversions(connection.dialect, table, same))
    conversions = _conversions(connection.dialect, table, first)
    while chunk := list(islice(remaining, _ROWS_AT_ONCE)):
        _convert(chunk, conversions)
        await connection.exec_driver_sql(str(statement), [in_order(row | same) for row in chunk])
        meter.add(len(chunk))


_Conversions = Sequence[tuple[str, Callable[[Any], Any]]]


def _conversions(dialect: Dialect, table: Table, names: Iterable[str]) -> _Conversions:
    """How the driver wants the values of each column that it cannot take as they are."""
    processors = ((name, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names)
    return [(name, processor) for name, processor in processors if processor]


def _convert(rows: Iterable[dict[str, Any]], conversions: _Conversions) -> None:
    for row in rows:
        for name, convert in conversions:
            row[name] = convert(row[name])
