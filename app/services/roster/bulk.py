"""Many rows at once, in Core statements: no object stays in a session, so that memory does not grow with the district."""

from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import islice
from typing import Any, cast

from sqlalchemy import Executable, Row, Select, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from app.models import Base
from app.services.roster.progress import Meter

_ROWS_AT_ONCE = 1_000


def table_of(model: type[Base]) -> Table:
    return cast("Table", model.__table__)


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
