"""A PostgreSQL that stands still keeps its connections and says nothing. Nobody waits for it longer than he has patience, wherever it catches him."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import bindparam, select, text

from app import migrate
from app.database import Database, Statement, patience, unhurried
from app.database.patience import AGAIN_S
from app.errors import Overloaded
from app.models import District
from app.settings import Settings
from tests.support.postgresql import cluster
from tests.support.postgresql_process import PostgresqlProcess

PATIENCE_S = 0.3
SLACK_S = 0.7
STATEMENT_TIMEOUT_S = 0.2
DRIVER_IS_LATER_S = 2.0
ASKED = Statement(select(District.id).where(District.id == bindparam("id", type_=District.id.type)))

Freeze = Callable[[], None]
Caught = Callable[[Database, Freeze], Awaitable[None]]


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    """Of a server that nobody else uses, so that it may be frozen."""
    with cluster(own=True) as server:
        url = server.create_database()
        migrate.upgrade(Settings(database_url=url))
        yield url


@pytest.fixture
async def database(server_url: str) -> AsyncIterator[Database]:
    database = Database(Settings(database_url=server_url), statement_timeout_s=STATEMENT_TIMEOUT_S)
    yield database
    await database.close()


async def connecting(database: Database, freeze: Freeze) -> None:
    freeze()
    async with database.transaction():
        pass


async def in_a_transaction(database: Database, freeze: Freeze) -> None:
    async with database.transaction() as session:
        session.add(district("in-a-transaction"))
        await session.flush()
        freeze()
        await session.execute(text("SELECT 1"))


async def at_the_commit(database: Database, freeze: Freeze) -> None:
    async with database.transaction() as session:
        session.add(district("perhaps"))
        await session.flush()
        freeze()


async def at_the_rollback(database: Database, freeze: Freeze) -> None:
    async with database.transaction() as session:
        session.add(district("at-the-rollback"))
        await session.flush()
        freeze()
        raise LookupError


async def reading(database: Database, freeze: Freeze) -> None:
    async with database.reading() as connection:
        freeze()
        await connection.execute(text("SELECT 1"))


async def in_brief(database: Database, freeze: Freeze) -> None:
    async with database.brief() as work:
        work.add(district("in-brief"))
        await work.flush()
        freeze()
        await ASKED.first(work, {"id": ""})


async def at_the_commit_in_brief(database: Database, freeze: Freeze) -> None:
    async with database.brief() as work:
        work.add(district("perhaps-in-brief"))
        await work.flush()
        freeze()


async def at_the_rollback_in_brief(database: Database, freeze: Freeze) -> None:
    async with database.brief() as work:
        work.add(district("at-the-rollback-in-brief"))
        await work.flush()
        freeze()
        raise LookupError


async def asking(database: Database, freeze: Freeze) -> None:
    async with database.asking() as work:
        freeze()
        await ASKED.first(work, {"id": ""})


async def asking_once(database: Database, freeze: Freeze) -> None:
    await database.first(ASKED, {"id": ""})
    freeze()
    await database.first(ASKED, {"id": ""})


CAUGHT = (
    connecting,
    in_a_transaction,
    at_the_commit,
    at_the_rollback,
    reading,
    in_brief,
    at_the_commit_in_brief,
    at_the_rollback_in_brief,
    asking,
    asking_once,
)


async def test_a_request_is_told_to_come_again_when_its_patience_ends(database: Database, server_url: str) -> None:
    """What was not committed is not there afterwards, and holds nobody up; of a commit nobody knows."""
    for caught in CAUGHT:
        with patience(PATIENCE_S):
            assert await seconds_of(caught, database, server_url) < PATIENCE_S + SLACK_S, caught.__name__
    await is_whole(database)


async def test_who_is_unhurried_waits_for_the_driver_alone(database: Database, server_url: str) -> None:
    """And not once more for a ROLLBACK on the same connection."""
    for caught in (in_a_transaction, in_brief):
        with unhurried():
            seconds = await seconds_of(caught, database, server_url)
        assert 0 < seconds - STATEMENT_TIMEOUT_S - DRIVER_IS_LATER_S < SLACK_S, caught.__name__
    await is_whole(database)


async def test_who_waits_for_a_connection_that_others_wait_with_waits_no_longer(server_url: str) -> None:
    small = Database(Settings(database_url=server_url, database_pool_size=1))
    with patience(PATIENCE_S):
        assert await seconds_of(several, small, server_url) < PATIENCE_S + SLACK_S
    await is_whole(small)
    await small.close()


async def test_who_has_waited_in_vain_does_not_wait_as_long_once_more(database: Database, server_url: str) -> None:
    """Somebody has something to give back, whatever became of his request."""
    with patience(2):
        assert await seconds_of(and_once_more, database, server_url) < 2 + AGAIN_S + SLACK_S
        async with database.transaction() as session:
            await session.execute(text("SELECT pg_sleep(0.1)"))


async def and_once_more(database: Database, freeze: Freeze) -> None:
    with pytest.raises(Overloaded):
        await in_brief(database, freeze)
    await database.first(ASKED, {"id": ""})


async def several(database: Database, freeze: Freeze) -> None:
    """All are refused."""
    await database.first(ASKED, {"id": ""})
    freeze()
    refusals = await asyncio.gather(*(database.first(ASKED, {"id": ""}) for _ in range(5)), return_exceptions=True)
    assert {type(refusal) for refusal in refusals} == {Overloaded}
    raise Overloaded


async def seconds_of(caught: Caught, database: Database, server_url: str) -> float:
    """How long it took from the freeze to the refusal."""
    moments: list[float] = []
    with thawing(server_url) as server:

        def freeze() -> None:
            server.freeze()
            moments.append(time.monotonic())

        with pytest.raises(Overloaded):
            await caught(database, freeze)
    return time.monotonic() - moments[0]


@contextmanager
def thawing(server_url: str) -> Iterator[PostgresqlProcess]:
    server = PostgresqlProcess.of(server_url)
    try:
        yield server
    finally:
        server.thaw()


async def is_whole(database: Database) -> None:
    async with asyncio.timeout(5), database.transaction() as session:
        await session.execute(text("LOCK TABLE districts"))
        names = set((await session.execute(select(District.id))).scalars())
    assert names <= {"perhaps", "perhaps-in-brief"}


def district(name: str) -> District:
    return District(id=name, name=name, state="NC", name_words=name)
