"""The promises of app/database/many.py, kept by both engines."""

import asyncio
from collections.abc import Iterator
from itertools import count

import pytest
from sqlalchemy import func, select

from app.database import Database
from app.database.many import Arguments, run_many
from app.models import District, OtherOrg

CHUNK = 100


async def test_rows_that_nobody_waits_for_any_more_are_not_made(database: Database) -> None:
    """However many are still to come, a writer who gives up leaves nothing, and the next one begins at once."""
    await open_district(database)
    has_begun = asyncio.Event()
    writer = asyncio.create_task(write_orgs(database, endless(has_begun, asyncio.get_running_loop())))
    await has_begun.wait()
    writer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writer
    assert await count_orgs(database) == 0
    await write_orgs(database, [orgs(0), orgs(1)])
    assert await count_orgs(database) == 2 * CHUNK


async def test_a_fault_among_the_rows_leaves_nothing(database: Database) -> None:
    await open_district(database)
    with pytest.raises(LookupError, match="no such school"):
        await write_orgs(database, interrupted())
    assert await count_orgs(database) == 0


def orgs(number: int) -> list[Arguments]:
    return [("wake", f"{number}-{place}") for place in range(CHUNK)]


def endless(has_begun: asyncio.Event, loop: asyncio.AbstractEventLoop) -> Iterator[list[Arguments]]:
    for number in count():
        yield orgs(number)
        loop.call_soon_threadsafe(has_begun.set)


def interrupted() -> Iterator[list[Arguments]]:
    yield orgs(0)
    raise LookupError("no such school")


async def open_district(database: Database) -> None:
    async with database.transaction() as session:
        session.add(District(id="wake", name="Wake", state="NC", name_words="wake"))


async def write_orgs(database: Database, chunks: Iterator[list[Arguments]] | list[list[Arguments]]) -> None:
    marks = "?, ?" if database.is_sqlite else "$1, $2"
    async with database.transaction() as session:
        insert = f"INSERT INTO other_orgs (district_id, sourced_id) VALUES ({marks})"  # noqa: S608  # our own marks
        await run_many(await session.connection(), insert, chunks)


async def count_orgs(database: Database) -> int:
    async with database.reading() as connection:
        return (await connection.execute(select(func.count()).select_from(OtherOrg))).scalar_one()
