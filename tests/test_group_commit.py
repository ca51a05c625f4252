"""Those who wait to write on SQLite share a COMMIT, and nothing else."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import column, insert, select, text

from app.database import Database, Statement, Work, patience
from app.database.group_commit import MOST_MEMBERS, GroupCommit
from app.errors import Overloaded
from app.models import District, DistrictOrigin
from app.settings import Settings
from tests.support.engines import sqlite_only

pytestmark = sqlite_only

DISTRICTS = Statement(select(District.id).order_by(District.id))
REFER_TO_NOBODY = Statement(insert(DistrictOrigin).values(origin="https://portal.example", district_id="nowhere"))
REFERENCES_COUNT_AT_THE_COMMIT = Statement(text("PRAGMA defer_foreign_keys = ON"))
NO_MORE_PAGES = Statement(text("PRAGMA max_page_count = 1").columns(column("pages")))

Errand = Callable[[Work], Awaitable[None]]


async def test_nobody_is_told_before_the_whole_group_is_committed(database: Database) -> None:
    go_on = asyncio.Event()

    async def take_long(_: Work) -> None:
        await go_on.wait()

    running = [begin(database, "quick"), begin(database, "slow", take_long)]
    await asyncio.sleep(0.05)
    assert not running[0].done()
    assert await districts(database) == []
    go_on.set()
    await asyncio.gather(*running)
    assert await districts(database) == ["quick", "slow"]


async def test_who_raises_takes_back_what_he_wrote_himself(database: Database) -> None:
    async def fail(_: Work) -> None:
        raise LookupError

    outcomes = await together(begin(database, "a"), begin(database, "b", fail), begin(database, "c"))
    assert outcomes == [None, LookupError, None]
    assert await districts(database) == ["a", "c"]


async def test_who_is_cancelled_takes_back_what_he_wrote_himself(database: Database) -> None:
    cancelled = begin(database, "b", lambda _: asyncio.sleep(60))
    others = [begin(database, "a"), begin(database, "c")]
    await asyncio.sleep(0.05)
    cancelled.cancel()
    assert await together(cancelled, *others) == [asyncio.CancelledError, None, None]
    assert await districts(database) == ["a", "c"]


async def test_what_cannot_be_committed_is_nobodys(database: Database) -> None:
    async def break_a_reference(work: Work) -> None:
        await REFERENCES_COUNT_AT_THE_COMMIT.do(work, {})
        await REFER_TO_NOBODY.do(work, {})

    outcomes = await together(begin(database, "a"), begin(database, "b", break_a_reference), begin(database, "c"))
    assert outcomes == [sqlite3.IntegrityError] * 3
    assert await districts(database) == []
    await begin(database, "d")
    assert await districts(database) == ["d"]


async def test_a_full_disk_takes_back_the_whole_group_and_says_try_again(database: Database) -> None:
    async def fill(work: Work) -> None:
        await NO_MORE_PAGES.do(work, {})
        for number in range(1_000):
            work.add(district(f"district-{number}"))
        await work.flush()

    outcomes = await together(begin(database, "a"), begin(database, "b", fill), begin(database, "c"))
    assert outcomes == [Overloaded] * 3
    assert await districts(database) == []


@pytest.mark.usefixtures("database_url")  # as all of this module do
async def test_where_not_even_a_rollback_is_possible_all_are_told_and_the_turn_is_free_again() -> None:
    turn, file = asyncio.Lock(), LostFile()

    async def begun() -> Any:
        return file

    groups = GroupCommit(turn, begun)

    async def write() -> None:
        async with groups.member():
            await asyncio.sleep(0)

    async with asyncio.timeout(5):
        assert await together(*(asyncio.create_task(write()) for _ in range(3))) == [sqlite3.OperationalError] * 3
        async with turn:
            await groups.close()


async def test_who_has_no_patience_left_leaves_the_others_their_places(database: Database) -> None:
    async with database.transaction():
        with patience(0.05):
            hurried = begin(database, "hurried")
        calm = begin(database, "calm")
        assert await together(hurried) == [Overloaded]
    await calm
    assert await districts(database) == ["calm"]


async def test_who_has_no_patience_left_does_not_wait_for_those_before_him_in_the_group(database: Database) -> None:
    go_on = asyncio.Event()

    async def take_long(_: Work) -> None:
        await go_on.wait()

    slow = begin(database, "slow", take_long)
    with patience(0.05):
        hurried = begin(database, "hurried")
    calm = begin(database, "calm")
    async with asyncio.timeout(5):
        assert await together(hurried) == [Overloaded]
    assert not slow.done()
    go_on.set()
    assert await together(slow, calm) == [None, None]
    assert await districts(database) == ["calm", "slow"]


async def test_who_overlooks_that_the_disk_was_full_takes_nobody_with_him(database: Database) -> None:
    """Nobody is told that something is kept, and nothing is."""

    async def overlook(work: Work) -> None:
        with suppress(sqlite3.OperationalError):
            await NO_MORE_PAGES.do(work, {})
            for number in range(1_000):
                work.add(district(f"district-{number}"))
            await work.flush()

    outcomes = await together(begin(database, "a"), begin(database, "b", overlook), begin(database, "c"))
    assert None not in outcomes
    assert await districts(database) == []


async def test_long_transactions_get_their_turn_among_many_short_ones(database: Database) -> None:
    names = [f"district-{number:03}" for number in range(4 * MOST_MEMBERS)]
    short = [begin(database, name) for name in names]
    await asyncio.sleep(0)
    async with database.transaction() as session:
        session.add(district("long"))
        seen = (await session.scalars(select(District.id))).all()
    await asyncio.gather(*short)
    assert len(seen) < len(names), "it came before the last of them"
    assert await districts(database) == [*names, "long"]


async def test_two_processes_write_at_the_same_time(settings: Settings, database: Database) -> None:
    second = Database(settings)
    names = [f"district-{number:03}" for number in range(2 * MOST_MEMBERS)]
    await asyncio.gather(
        *(begin(each, name) for each, name in zip([database, second] * MOST_MEMBERS, names, strict=True))
    )
    await second.close()
    assert await districts(database) == names


class LostFile:
    """A connection whose file is gone."""

    in_transaction = True

    def execute(self, text: str) -> None:
        if text in {"COMMIT", "ROLLBACK"}:
            raise sqlite3.OperationalError("disk I/O error")


def begin(database: Database, name: str, errand: Errand | None = None) -> "asyncio.Task[None]":
    """Whoever begins while nothing else runs is in the same group."""

    async def add() -> None:
        async with database.brief() as work:
            work.add(district(name))
            await work.flush()
            if errand:
                await errand(work)

    return asyncio.create_task(add())


async def together(*running: "asyncio.Task[None]") -> list[type[BaseException] | None]:
    """What became of each."""
    outcomes = await asyncio.gather(*running, return_exceptions=True)
    return [None if outcome is None else type(outcome) for outcome in outcomes]


async def districts(database: Database) -> list[str]:
    async with database.asking() as work:
        return [row.id for row in await DISTRICTS.all(work, {})]


def district(name: str) -> District:
    return District(id=name, name=name, state="NC", name_words=name)
