"""One statement for many rows."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from app.telemetry.watchers import watched

Arguments = Sequence[Any]
"""Of the statement, in the order of its places and as the driver takes them."""


async def run_many(connection: AsyncConnection, text: str, chunks: Iterable[Sequence[Arguments]]) -> None:
    """Runs the statement once for each of the arguments, which are asked for chunk by chunk."""
    if connection.dialect.name == "sqlite":
        await _run_in_driver(connection, text, chunks)
        return
    for chunk in chunks:
        await connection.exec_driver_sql(text, chunk)


async def _run_in_driver(connection: AsyncConnection, text: str, chunks: Iterable[Sequence[Arguments]]) -> None:
    """All in the driver's thread, which makes the chunks, too.

    SQLAlchemy would go to that thread and back three times for each chunk, and wait for its turn each time. Meanwhile the event loop serves.
    """
    is_wanted = True

    def rows() -> Iterator[Arguments]:
        for chunk in chunks:
            if not is_wanted:
                return
            yield from chunk

    driver: Any = (await connection.get_raw_connection()).driver_connection
    try:
        with watched("sqlite", text):
            cursor = await driver.executemany(text, rows())
            await cursor.close()
    finally:
        is_wanted = False  # who is cancelled rolls back as soon as the chunk at hand is written
