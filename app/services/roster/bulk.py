"""Many rows at once. No object stays in a session, so that memory does not grow with the district."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from itertools import chain, islice, repeat
from operator import itemgetter
from typing import Any

from sqlalchemy import Boolean, Delete, Dialect, Insert, Row, Select, Table, Update, Uuid, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from app.models import Base
from app.services.roster.progress import Meter
from app.services.roster.row_ids import hexadecimal

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
    connection: AsyncConnection,
    statement: Insert | Update | Delete,
    rows: Iterable[Mapping[str, Any]],
    meter: Meter,
    constants: Mapping[str, Any] | None = None,
) -> None:
    """The statement once for each row; ids are numbers, as `RowId` has them.

    The rows all have the same names: columns to be set, or parameters of the statement. `constants` have one value for all rows.
    The statement is compiled once and the driver gets tuples, which takes half the time of SQLAlchemy's own way.
    """
    remaining = iter(rows)
    first = next(remaining, None)
    if first is None:
        return
    remaining = chain([first], remaining)
    same = constants or {}
    compiled = statement.compile(dialect=connection.dialect, column_keys=[*first, *same])
    sources = [
        _source(name, same, _conversion(compiled.binds[name].type, connection.dialect))
        for name in compiled.positiontup or ()
    ]
    while chunk := list(islice(remaining, _ROWS_AT_ONCE)):
        columns = [column(chunk) for column in sources]
        await connection.exec_driver_sql(str(compiled), list(zip(*columns, strict=True)))
        meter.add(len(chunk))


async def insert_many(
    connection: AsyncConnection,
    table: Table,
    rows: Iterable[Mapping[str, Any]],
    meter: Meter,
    constants: Mapping[str, Any] | None = None,
) -> None:
    """Inserts rows that all have the same columns; `constants` are columns with one value for all."""
    await execute_many(connection, insert(table), rows, meter, constants)


_Conversion = Callable[[Any], Any] | None
_Chunk = Sequence[Mapping[str, Any]]


def _conversion(kind: TypeEngine[Any], dialect: Dialect) -> _Conversion:
    """How the driver wants the values of a type; None where it takes them as they are.

    What every row has is converted by C alone, at which SQLAlchemy's own functions take ten times as long.
    """
    if isinstance(kind, Uuid):
        return hexadecimal
    if isinstance(kind, Boolean) and dialect.name == "sqlite":
        return int  # a bool would be taken as well, after a long search for an adapter
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _source(name: str, same: Mapping[str, Any], convert: _Conversion) -> Callable[[_Chunk], Iterable[Any]]:
    """Gives the values of one parameter for a chunk of rows, as the driver wants them."""
    if name in same:
        constant = convert(same[name]) if convert else same[name]
        return lambda chunk: repeat(constant, len(chunk))
    of_row = itemgetter(name)
    if convert:
        return lambda chunk: map(convert, map(of_row, chunk))
    return lambda chunk: map(of_row, chunk)
