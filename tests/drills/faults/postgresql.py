"""PostgreSQL ends and comes back, hangs, or has no connection left."""

import asyncio

import asyncpg  # type: ignore[import-untyped]  # it ships no types

from tests.drills.faults.scene import Scene, Seen, Stage, scene
from tests.support.postgresql_process import PostgresqlProcess

CALM_S = 1.0
LONGEST_ANSWER_S = 10.0
"""Of a request that meets a database which hangs: its patience, and two tries to put something right."""
SLACK_S = 2.0
"""Of a busy machine, and of what a request does besides asking the database."""


async def restarted(stage: Stage) -> Seen:
    """Ended without warning under load, away for a while, started again: it recovers from its log, and we by ourselves."""
    await _keep_every_commit(stage.database_url)
    server = PostgresqlProcess.of(stage.database_url)
    async with scene(stage) as told:
        for _ in range(1 if stage.is_short else 5):
            await asyncio.sleep(CALM_S)
            guard = await asyncio.to_thread(server.crash)
            try:
                await asyncio.sleep(CALM_S)
            finally:
                await asyncio.to_thread(server.revive, guard)
            await told.recovers()
    return _was_noticed(told)


async def frozen(stage: Stage) -> Seen:
    """Every process of it stands still: connections stay, nothing answers. Within the patience of a request, and beyond it."""
    server = PostgresqlProcess.of(stage.database_url)
    async with scene(stage) as told:
        for seconds in (2,) if stage.is_short else (2, 10, 45):
            await asyncio.sleep(CALM_S)
            server.freeze()
            try:
                await asyncio.sleep(seconds)
            finally:
                server.thaw()
            await told.recovers()
    longest = told.crowd.numbers.longest_s
    told.must(longest < LONGEST_ANSWER_S + SLACK_S, f"nobody waits longer than 10 s for it ({longest:.1f} s)")
    return told.seen


async def exhausted(stage: Stage) -> Seen:
    """Somebody else takes every connection that the server has, and each process of ours loses its own; then they are free again."""
    async with scene(stage) as told:
        await asyncio.sleep(CALM_S)
        others = await _take_everything(stage.database_url)
        try:
            await others[0].execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = 'campus'"
            )
            others += await _take_everything(stage.database_url)
            told.remark(f"{len(others)} connections taken")
            await asyncio.sleep(CALM_S if stage.is_short else 10)
        finally:
            await asyncio.gather(*(connection.close() for connection in others))
        await told.recovers()
    return _was_noticed(told)


def _was_noticed(told: Scene) -> Seen:
    told.must(told.crowd.numbers.answers["503 overloaded"] > 0, "somebody was told to come again")
    return told.seen


async def _take_everything(url: str) -> list[asyncpg.Connection]:
    taken: list[asyncpg.Connection] = []
    while True:
        try:
            taken.append(await asyncpg.connect(url))
        except asyncpg.TooManyConnectionsError:
            return taken


async def _keep_every_commit(url: str) -> None:
    """The servers of tests may lose the last commits in a crash; an operator's does not, and this is what is looked at here."""
    connection = await asyncpg.connect(url)
    try:
        name = await connection.fetchval("SELECT current_database()")
        await connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = on")
    finally:
        await connection.close()
