"""The promises of app/database.py, kept by both engines."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from app.database import Database, Statement
from app.errors import Overloaded
from app.models import AuditEvent, District, DistrictOrigin
from app.services.audit import OPERATOR, record
from app.settings import Settings
from tests.support.engines import postgresql_only, sqlite_only

NOON = datetime(2026, 8, 3, 12, 0, tzinfo=UTC)
NAME = Statement(select(District.name).where(District.id == bindparam("district")))
RENAME = Statement(update(District).where(District.id == bindparam("district")).values(name=bindparam("new_name")))
COUNT_DISTRICTS = select(func.count()).select_from(District)
CUT_OTHER_CONNECTIONS = text(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def test_what_a_transaction_did_is_there_when_it_ends(database: Database) -> None:
    await add_district(database, "wake")
    assert await count_districts(database) == 1


async def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(LookupError, match="no such school"):
        await add_district_and_fail(database, LookupError("no such school"))
    assert await count_districts(database) == 0


async def test_a_fault_of_the_caller_is_not_taken_for_a_lost_database(database: Database) -> None:
    """A missing file, for one, is an OSError just like a missing server."""
    with pytest.raises(FileNotFoundError, match=r"roster\.csv"):
        await add_district_and_fail(database, FileNotFoundError("roster.csv"))


async def test_a_mistake_in_a_statement_is_not_taken_for_a_lost_database(database: Database) -> None:
    with pytest.raises(DBAPIError, match="no_such_table"):
        async with database.reading() as connection:
            await connection.execute(text("SELECT 1 FROM no_such_table"))


async def test_a_row_cannot_refer_to_one_that_is_not_there(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            session.add(DistrictOrigin(origin="https://portal.example", district_id="nowhere"))


async def test_of_fifty_who_open_a_district_at_once_exactly_one_does(settings: Settings, database: Database) -> None:
    """They come through two pools, as from two processes, and none of them is turned away."""
    second = Database(settings)
    await add_district(database, "wake")
    opened = await asyncio.gather(
        *(open_district(process, "wake") for process in (database, second) for _ in range(25))
    )
    await second.close()
    assert sorted(opened) == [False] * 49 + [True]


async def test_a_reader_does_not_wait_for_a_writer_and_sees_what_is_committed(database: Database) -> None:
    async with asyncio.timeout(2):
        async with database.transaction() as session:
            session.add(district("wake"))
            await session.flush()
            assert await count_districts(database) == 0
        assert await count_districts(database) == 1


async def test_each_statement_of_a_reader_sees_what_was_committed_before_it(database: Database) -> None:
    async with database.reading() as connection:
        assert (await connection.execute(COUNT_DISTRICTS)).scalar_one() == 0
        await add_district(database, "wake")
        assert (await connection.execute(COUNT_DISTRICTS)).scalar_one() == 1


async def test_brief_work_is_kept_in_its_order_however_much_of_it_is_done_at_once(database: Database) -> None:
    tags = [f"test:event:{number:02}" for number in range(20)]
    await record_events(database, tags)
    assert await recorded_events(database) == tags


async def test_brief_work_sees_what_it_has_just_kept(database: Database) -> None:
    async with database.brief() as work:
        work.add(district("wake"))
        await RENAME.soon(work, {"district": "wake", "new_name": "Wake County"})
        assert await NAME.scalar(work, {"district": "wake"}) == "Wake County"
    assert await database.first(NAME, {"district": "wake"}) == ("Wake County",)


async def test_brief_work_that_raises_leaves_nothing_of_what_was_kept(database: Database) -> None:
    with pytest.raises(LookupError):
        await add_district_in_brief_and_fail(database, LookupError())
    assert await count_districts(database) == 0


@sqlite_only
async def test_a_reader_may_not_write(database: Database) -> None:
    with pytest.raises(OperationalError, match="readonly"):
        async with database.reading() as connection:
            await connection.execute(text("CREATE TABLE notes (note TEXT)"))


async def test_a_pool_of_one_connection_serves_everybody_in_turn(settings: Settings) -> None:
    small = Database(settings.model_copy(update={"database_pool_size": 1}))
    await asyncio.gather(*(add_district(small, f"district-{number}") for number in range(20)))
    assert await asyncio.gather(*(count_districts(small) for _ in range(20))) == [20] * 20
    await asyncio.gather(*(record_events(small, [f"test:event:{number:02}"]) for number in range(20)))
    assert len(await recorded_events(small)) == 20
    await small.close()


@postgresql_only
@pytest.mark.parametrize("statements_left", [1, 0], ids=["before a statement", "before the commit"])
async def test_a_server_lost_in_a_transaction_is_reported_and_forgotten(
    settings: Settings, database: Database, statements_left: int
) -> None:
    """The refusal says try again; trying again works, without a restart of ours, and finds nothing of the first attempt."""
    with pytest.raises(Overloaded):
        await add_district_and_lose_server(database, settings, "wake", statements_left)
    await add_district(database, "wake")
    assert await count_districts(database) == 1


@postgresql_only
async def test_a_server_lost_while_reading_is_reported_and_forgotten(settings: Settings, database: Database) -> None:
    with pytest.raises(Overloaded):
        await lose_server_and_count_districts(database, settings)
    assert await count_districts(database) == 0


@postgresql_only
async def test_nobody_notices_a_restart_between_two_requests(settings: Settings, database: Database) -> None:
    await add_district(database, "wake")
    assert await count_districts(database) == 1
    await cut_connections(settings)
    await add_district(database, "durham")
    assert await count_districts(database) == 2


@pytest.mark.parametrize("server", ["/no/such/folder", "127.0.0.1:1"], ids=["no socket", "nobody listens"])
async def test_a_server_that_is_not_there_is_reported(server: str) -> None:
    absent = Database(Settings(database_url=f"postgresql://postgres@/campus?host={server}"))
    with pytest.raises(Overloaded):
        await add_district(absent, "wake")
    with pytest.raises(Overloaded):
        await count_districts(absent)
    await absent.close()


def district(name: str) -> District:
    return District(id=name, name=name, state="NC", name_words=name)


async def add_district(database: Database, name: str) -> None:
    async with database.transaction() as session:
        session.add(district(name))


async def add_district_and_fail(database: Database, fault: Exception) -> None:
    async with database.transaction() as session:
        session.add(district("wake"))
        await session.flush()
        raise fault


async def add_district_in_brief_and_fail(database: Database, fault: Exception) -> None:
    async with database.brief() as work:
        work.add(district("wake"))
        raise fault


async def record_events(database: Database, tags: list[str]) -> None:
    async with database.brief() as work:
        for tag in tags:
            record(work, tag, at=NOON, actor=OPERATOR)


async def recorded_events(database: Database) -> list[str]:
    async with database.reading() as connection:
        return list(await connection.scalars(select(AuditEvent.tag).order_by(AuditEvent.id)))


async def open_district(database: Database, name: str) -> bool:
    """Whether this attempt was the one that opened it."""
    opening = update(District).where(District.id == name, District.opened_at.is_(None)).values(opened_at=NOON)
    async with database.transaction() as session:
        return await session.scalar(opening.returning(District.id)) is not None


async def count_districts(database: Database) -> int:
    async with database.reading() as connection:
        return (await connection.execute(COUNT_DISTRICTS)).scalar_one()


async def add_district_and_lose_server(database: Database, settings: Settings, name: str, statements_left: int) -> None:
    async with database.transaction() as session:
        session.add(district(name))
        await session.flush()
        await cut_connections(settings)
        for _ in range(statements_left):
            await session.execute(COUNT_DISTRICTS)


async def lose_server_and_count_districts(database: Database, settings: Settings) -> None:
    async with database.reading() as connection:
        await cut_connections(settings)
        await connection.execute(COUNT_DISTRICTS)


async def cut_connections(settings: Settings) -> None:
    """Ends every connection to this test's database, as a server does that shuts down."""
    operator = Database(settings)
    async with operator.reading() as connection:
        await connection.execute(CUT_OTHER_CONNECTIONS)
    await operator.close()
