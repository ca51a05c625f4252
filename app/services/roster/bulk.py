"""Many rows at once. No object stays in a session, so that memory does not grow with the district."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, repeat
from operator import itemgetter
from typing import Any

from sqlalchemy import Boolean, Delete, Dialect, Insert, Row, Select, Table, Update, Uuid
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from app.database.many import Arguments, run_many
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
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    meter: Meter,
    constants: Mapping[str, Any] | None = None,
) -> None:
    """The statement once for each row; ids are numbers, as `RowId` has them.

    `names` are what the values of each row are: columns to be set, or parameters of the statement. `constants` have one value for
    all rows. The statement is compiled once and the driver gets tuples, which takes half the time of SQLAlchemy's own way.
    """
    remaining = iter(rows)
    chunk = list(islice(remaining, _ROWS_AT_ONCE))
    if not chunk:
        return
    same = constants or {}
    compiled = statement.compile(dialect=connection.dialect, column_keys=[*names, *same])
    sources = [
        _source(name, names, same, _conversion(compiled.binds[name].type, connection.dialect))
        for name in compiled.positiontup or ()
    ]

    def chunks() -> Iterator[Sequence[Arguments]]:
        rows = chunk
        while rows:
            columns = list(zip(*rows, strict=True))
            # A column that is the same for all repeats without end, so that the others say how many rows there are.
            yield list(zip(*(source(columns) for source in sources), strict=False))
            meter.add(len(rows))
            rows = list(islice(remaining, _ROWS_AT_ONCE))

    await run_many(connection, str(compiled), chunks())


_Conversion = Callable[[Any], Any] | None
_Columns = Sequence[Sequence[Any]]


def _conversion(kind: TypeEngine[Any], dialect: Dialect) -> _Conversion:
    """How the driver wants the values of a type; None where it takes them as they are.

    What every row has is converted by C alone, at which SQLAlchemy's own functions take ten times as long.
    """
    if isinstance(kind, Uuid):
        return hexadecimal
    if isinstance(kind, Boolean) and dialect.name == "sqlite":
        return int  # a bool would be taken as well, after a long search for an adapter
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _source(
    name: str, names: Sequence[str], same: Mapping[str, Any], convert: _Conversion
) -> Callable[[_Columns], Iterable[Any]]:
    """Gives the values of one parameter out of the columns of some rows, as the driver wants them."""
    if name in same:
        constant = convert(same[name]) if convert else same[name]
        return lambda _: repeat(constant)
    place = names.index(name)
    if convert:
        return lambda columns: map(convert, columns[place])
    return itemgetter(place)
