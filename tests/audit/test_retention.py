"""Old events end with the district's days: the worker prunes them, the chain says so, and nobody else can."""

import asyncio
import os
import signal
from datetime import timedelta

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from app.clock import ManualClock
from app.database import Database
from app.security.digests import Digests
from app.services.audit_chain import Head
from app.services.audit_sealing import lay_seal, newest_seal
from app.settings import Settings
from tests.audit.trail import Trail
from tests.conftest import SECRET_KEY
from tests.drills.victims import FORKS
from tests.support.die_with_parent import die_with_parent

YEAR = timedelta(days=365)


async def test_each_district_keeps_its_trail_for_its_own_days(trail: Trail, clock: ManualClock) -> None:
    await trail.open_district("wake", retention_days=365)
    await trail.open_district("kent")
    for count, district in ((3, "wake"), (2, "wake"), (2, "kent"), (1, None)):
        await trail.seal(count, district)
    kept = await trail.verification.heads()
    clock.advance(YEAR - timedelta(minutes=1))
    await trail.seal(1)
    assert await trail.retention.prune() == 5
    assert await trail.retention.prune() == 0
    assert await trail.read("SELECT chain, number, pruned_upto FROM audit_seals ORDER BY 1, 2") == [
        *(("-", 1, None), ("kent", 1, None), ("wake", 2, None), ("wake", 3, None), ("wake", 4, 2)),
    ]
    await trail.sealing.seal()
    assert await trail.findings(*kept, Head("wake", 1, "0" * 64)) == [], "a seal of what is gone is nothing to compare"
    (told,) = await trail.read("SELECT data FROM audit_events WHERE tag = 'worker:audit:pruned'")
    assert "5" in str(told.data)
    clock.advance(2 * YEAR + timedelta(days=1))
    assert await trail.retention.prune() == 2 + 1 + 2, "three years where nobody has said another number"
    await trail.sealing.seal()
    assert await trail.findings() == []


async def test_what_is_done_to_a_pruned_trail_is_found(trail: Trail, clock: ManualClock) -> None:
    await pruned(trail, clock)
    await trail.tamper("INSERT INTO sealed_events SELECT 1, chain, 1, digest FROM sealed_events WHERE event_id = 6")
    assert await trail.findings() == [("events_differ", 1, None)]
    await trail.tamper("DELETE FROM sealed_events WHERE event_id = 1", "DELETE FROM audit_events WHERE id = 6")
    assert await trail.findings() == [("event_removed", 3, 6)]
    await trail.tamper("DELETE FROM audit_seals WHERE number = 2")
    assert ("seal_missing", 2, None) in await trail.findings()


async def test_nothing_goes_before_its_time_and_without_a_checkpoint(trail: Trail, clock: ManualClock) -> None:
    await pruned(trail, clock)
    for table in ("audit_events", "sealed_events", "audit_seals"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with trail.database.transaction() as session:
                await session.execute(text(f"DELETE FROM {table}"))
    async with trail.database.transaction() as session:
        head = await newest_seal(session, "wake")
        await lay_seal(session, trail.digests, head, "wake", clock.now(), pruned_upto=3)
        await session.execute(text("DELETE FROM audit_events WHERE id <= 6"))
        await session.execute(text("DELETE FROM sealed_events WHERE number <= 3"))
        await session.execute(text("DELETE FROM audit_seals WHERE number < 3"))
    assert ("pruned_early", 6, None) in await trail.findings(), "even with our keys"


def test_a_worker_that_is_killed_while_it_prunes_has_pruned_whole_or_not_at_all(settings: Settings) -> None:
    asyncio.run(_alone(settings, _old_trail))
    kills, whole = 0, {(6, 6, 3), (2, 1, 3)}
    while _pruned_and_killed(settings, kills):
        kills += 1
        assert asyncio.run(_alone(settings, _state)) in whole, kills
    assert kills > 5
    assert asyncio.run(_alone(settings, _state)) == (2, 1, 3)


async def pruned(trail: Trail, clock: ManualClock) -> None:
    """Events 1 to 5 are gone, 6 and the checkpoint's are there."""
    await _old_trail(trail)
    clock.advance(YEAR)
    assert await trail.retention.prune() == 5
    await trail.sealing.seal()
    assert await trail.findings() == []


async def _old_trail(trail: Trail) -> None:
    await trail.open_district("wake", retention_days=365)
    await trail.seal(3)
    await trail.seal(2)
    trail.clock.advance(timedelta(days=1))
    await trail.seal(1)
    trail.clock.advance(-timedelta(days=1))


async def _state(trail: Trail) -> tuple[int, int, int]:
    assert await trail.findings() in ([], [("event_unsealed", None, 6)])
    return await trail.counts()


async def _alone(settings: Settings, work: object, later: timedelta = timedelta()) -> object:
    trail = Trail(Database(settings), ManualClock(), Digests([SECRET_KEY]))
    trail.clock.advance(later)
    result = await work(trail)  # type: ignore[operator]  # a function over a trail
    await trail.database.close()
    return result


def _pruned_and_killed(settings: Settings, statements: int) -> bool:
    process = FORKS.Process(target=_prune_and_die, args=(settings, statements))
    process.start()
    process.join()
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode != 0


def _prune_and_die(settings: Settings, statements: int) -> None:
    die_with_parent(os.getppid())
    made = iter(range(statements))

    def count(*_: object, **__: object) -> None:
        if next(made, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    async def prune(trail: Trail) -> None:
        for engine in trail.database.engines:
            event.listen(engine, "before_cursor_execute", count)
            event.listen(engine, "commit", count)
        await trail.retention.prune()

    asyncio.run(_alone(settings, prune, YEAR + timedelta(minutes=2)))
