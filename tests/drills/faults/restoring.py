"""A backup is taken while everybody works, and restored into an empty database."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace

from app.clock import SystemClock
from app.settings import Settings, load_settings
from tests.documents.test_operations import POSTGRESQL_PROGRAMS
from tests.drills import invariants
from tests.drills.faults.scene import Seen, Stage, scene
from tests.drills.people import Person
from tests.support.recovery import posting
from tests.support.shell import Shell

CALM_S = 2.0


async def restored(stage: Stage) -> Seen:
    """The backup stops nobody; what it brings back is a whole moment of the database, and its people sign in."""
    async with scene(stage) as told:
        await asyncio.sleep(CALM_S)
        programs = f"{POSTGRESQL_PROGRAMS['pg_dump'].parent}:{os.defpath}"
        shell = Shell(stage.folder, {**told.environment, "PATH": programs})
        before = set(told.crowd.activated)
        taken = await asyncio.to_thread(shell.run, "backup", "campus.backup")
        told.must(taken.code == 0, f"a backup is taken: {taken.err}")
        await asyncio.sleep(CALM_S)
    told.must("503 overloaded" not in told.seen.numbers.answers, "nobody was turned away for it")
    elsewhere = {**told.environment, "CAMPUS_DATABASE_URL": stage.empty_url}
    brought = await asyncio.to_thread(
        replace(shell, variables={**elsewhere, "PATH": programs}).run, "restore", "campus.backup"
    )
    told.must(brought.code == 0, f"it is restored: {brought.err}")
    if brought.code == 0:
        told.seen.violations += [f"restored: {fault}" for fault in await invariants.broken(load_settings(elsewhere))]
        opened = await _sign_in(
            load_settings(elsewhere), [n for n in told.crowd.newcomers if n.user.username in before]
        )
        told.must(all(opened), "who had an account before the backup has it after the restore")
        told.remark(f"{len(opened)} accounts made before the backup, all open" if all(opened) else "")
    return told.seen


async def _sign_in(settings: Settings, people: Sequence[Person]) -> list[bool]:
    async with posting(settings, SystemClock()) as server:
        return [(await person.at(server).user.sign_in()).is_success for person in people]
