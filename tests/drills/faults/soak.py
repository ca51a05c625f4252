"""Hours of ordinary work, in short: nothing may grow."""

import asyncio
import os
from pathlib import Path

from tests.drills.faults.scene import Scene, Seen, Stage, scene

SOAK_S, SOAK_IN_SHORT_S = 300.0, 8.0
WARM_UP = 0.2
GROWS_AT_MOST_MB = 20


async def soaked(stage: Stage) -> Seen:
    """Five minutes of load without a fault; set SOAK_S for an hour."""
    seconds = float(os.environ.get("SOAK_S", SOAK_IN_SHORT_S if stage.is_short else SOAK_S))
    async with scene(stage, newcomers=int(4 * seconds)) as told:
        await asyncio.sleep(seconds * WARM_UP)
        before = _held(told)
        for tenth in range(int(10 * WARM_UP), 10):
            stage.say(f"soak: {seconds * tenth / 10:.0f} of {seconds:.0f} s")
            await asyncio.sleep(seconds / 10)
        after = _held(told)
    told.remark(f"{seconds:.0f} s; memory {before[0]:.0f} -> {after[0]:.0f} MB, open files {before[1]} -> {after[1]}")
    told.must(after[0] - before[0] < GROWS_AT_MOST_MB, "the server holds no more memory than before")
    told.must(set(told.seen.numbers.answers) <= {"200", "201", "202"}, "nobody was refused")
    return told.seen


def _held(told: Scene) -> tuple[float, int]:
    """Resident megabytes and open files of the server."""
    process = Path("/proc", str(told.running.process_id("serve")))
    pages = int((process / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6, len(list((process / "fd").iterdir()))
