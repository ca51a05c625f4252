"""The worker seals each event once, in chains that never fork, whoever writes, works or dies beside it."""

import asyncio
import os
import signal
from datetime import timedelta
from multiprocessing.process import BaseProcess

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from app.clock import ManualClock
from app.database import Database
from app.security.digests import Digests
from app.services import audit
from app.services.audit_sealing import EVENTS_AT_ONCE, LONGEST_TRANSACTION
from app.services.audit_verification import UNSEALED_AFTER
from app.settings import Settings
from tests.audit.trail import Trail
from tests.conftest import SECRET_KEY
from tests.drills.victims import FORKS
from tests.support.die_with_parent import die_with_parent
from tests.support.engines import postgresql_only

SECOND_KEY = "a-second-key-for-tests-that-never-changes-0123456789"


async def test_each_district_has_a_chain_over_all_of_its_events(trail: Trail) -> None:
    await trail.happen(2, "wake")
    await trail.happen(EVENTS_AT_ONCE, "kent")
    await trail.happen(1, None)
    heads = await trail.sealing.seal()
    assert [(head.chain, head.number) for head in heads] == [("kent", 1), ("wake", 1), ("-", 1), ("kent", 2)]
    assert await trail.sealing.seal() == []
    reports = [(report.chain, report.seals, report.events, report.unsealed) for report in await trail.verify()]
    assert reports == [("-", 1, 1, 0), ("kent", 2, EVENTS_AT_ONCE, 0), ("wake", 1, 2, 0)]
    assert await trail.findings() == []


async def test_what_is_not_sealed_in_time_is_told(trail: Trail, clock: ManualClock) -> None:
    await trail.happen(2)
    clock.advance(UNSEALED_AFTER)
    assert await trail.findings() == []
    clock.advance(timedelta(seconds=1))
    assert await trail.findings() == [("event_unsealed", None, 1), ("event_unsealed", None, 2)]


@postgresql_only
async def test_an_event_that_is_committed_late_comes_under_a_later_seal(trail: Trail, settings: Settings) -> None:
    """Its number is lower than those that are sealed; also where only a look through everything finds it."""
    slow, slowest = Database(settings), Database(settings)
    async with slowest.transaction() as older:
        audit.record(older, "api:story:slowest", at=trail.clock.now(), actor=audit.WORKER, district_id="wake")
        await older.flush()
        async with slow.transaction() as old:
            audit.record(old, "api:story:slow", at=trail.clock.now(), actor=audit.WORKER, district_id="wake")
            await old.flush()
            assert [head.number for head in await trail.seal(2)] == [1]
        assert [head.number for head in await trail.seal(1)] == [2]
        trail.clock.advance(LONGEST_TRANSACTION)
    assert await trail.sealing.seal() == []
    assert [head.number for head in await trail.sealing.seal(everything=True)] == [3]
    assert await trail.read("SELECT event_id, number FROM sealed_events ORDER BY 1") == [(1, 3), (2, 2), (3, 1), (4, 1), (5, 2)]  # fmt: skip
    assert await trail.findings() == []
    for database in (slow, slowest):
        await database.close()


async def test_many_workers_and_writers_at_once_make_one_chain(trail: Trail, settings: Settings) -> None:
    second = Trail(Database(settings), trail.clock, trail.digests)
    writers = (each.happen(3) for each in (trail, second) for _ in range(10))
    workers = (each.sealing.seal() for each in (trail, second) for _ in range(6))
    await asyncio.gather(*writers, *workers)
    await trail.sealing.seal(everything=True)
    events, sealed, seals = await trail.counts()
    assert (events, sealed) == (60, 60)
    assert 1 <= seals <= 13
    assert await trail.findings() == []
    await second.database.close()


async def test_the_database_itself_keeps_seals_as_they_are(trail: Trail) -> None:
    await trail.seal(2)
    statements = ["UPDATE audit_seals SET events = 0", "DELETE FROM audit_seals", "UPDATE sealed_events SET number = 2"]
    for statement in [*statements, "DELETE FROM sealed_events", "DELETE FROM audit_events"]:
        with pytest.raises(DBAPIError, match="append-only"):
            async with trail.database.transaction() as session:
                await session.execute(text(statement))
    assert await trail.counts() == (2, 2, 1)


async def test_a_new_secret_key_renews_the_newest_seals_and_an_old_one_can_go(trail: Trail) -> None:
    await trail.seal(2)
    both, new = trail.under(SECOND_KEY, SECRET_KEY), trail.under(SECOND_KEY)
    assert await new.findings() == [("seal_key_unknown", 1, None)]
    assert await new.seal(1) == [], "nobody goes on with what may be a stranger's"
    (renewed, _) = (await both.sealing.seal(everything=True), await both.sealing.seal(everything=True))
    assert [head.number for head in renewed] == [2]
    assert await new.findings() == []
    assert [head.number for head in await new.seal(1)] == [3]


async def test_after_the_loss_of_all_keys_an_operator_goes_on(trail: Trail) -> None:
    await trail.seal(2)
    new = trail.under(SECOND_KEY)
    assert (await new.sealing.adopt("wake")).number == 2
    assert [head.number for head in await new.sealing.seal()] == [3]
    assert await new.findings() == []
    assert await trail.findings() == [("seal_key_unknown", 3, None)]


def test_a_worker_that_is_killed_while_it_seals_has_sealed_whole_or_not_at_all(settings: Settings) -> None:
    """With SIGKILL before each of its statements and commits in turn, until one gets through."""
    asyncio.run(_happen(settings, 5))
    kills = 0
    while _sealed_and_killed(settings, kills):
        kills += 1
        events, sealed, seals = asyncio.run(_counts(settings))
        assert (events, sealed, seals) in {(10, 0, 0), (10, 10, 2)}, kills
    assert kills > 5
    assert asyncio.run(_counts(settings)) == (10, 10, 2)


async def _happen(settings: Settings, count: int) -> None:
    trail = _trail(settings)
    for district in ("wake", "kent"):
        await trail.happen(count, district)
    await trail.database.close()


async def _counts(settings: Settings) -> tuple[int, int, int]:
    trail = _trail(settings)
    assert await trail.findings() == []
    counts = await trail.counts()
    await trail.database.close()
    return counts


def _trail(settings: Settings) -> Trail:
    return Trail(Database(settings), ManualClock(), Digests([SECRET_KEY]))


def _sealed_and_killed(settings: Settings, statements: int) -> bool:
    process: BaseProcess = FORKS.Process(target=_seal_and_die, args=(settings, statements))
    process.start()
    process.join()
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode != 0


def _seal_and_die(settings: Settings, statements: int) -> None:
    """Dies when so many statements have been made, and one more, or a commit, is about to be."""
    die_with_parent(os.getppid())
    trail, made = _trail(settings), iter(range(statements))

    def count(*_: object, **__: object) -> None:
        if next(made, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    for engine in trail.database.engines:
        event.listen(engine, "before_cursor_execute", count)
        event.listen(engine, "commit", count)

    async def seal() -> None:
        await trail.sealing.seal()
        await trail.database.close()

    asyncio.run(seal())
