"""Valkey, where several processes count requests together, is killed, hangs, or comes back empty."""

import asyncio
from pathlib import Path
from tempfile import mkdtemp

from tests.drills.faults.scene import Seen, Stage, scene
from tests.support.valkey import Valkey

CALM_S = 1.0
LONGEST_ANSWER_S = 5.0
"""Nobody waits for a store that does not answer; this is a busy machine's worst, not a target."""


async def lost(stage: Stage) -> Seen:
    """Killed, brought back empty, frozen, thawed: nobody is turned away, and nobody waits for it."""
    valkey = Valkey(Path(mkdtemp(prefix="campus-valkey-", dir=stage.folder)))
    try:
        async with scene(stage, {"CAMPUS_REDIS_URL": valkey.url}) as told:
            for lose, bring_back in ((valkey.kill, valkey.start), (valkey.freeze, valkey.thaw)):
                await asyncio.sleep(CALM_S)
                lose()
                try:
                    await asyncio.sleep(CALM_S if stage.is_short else 8)
                finally:
                    bring_back()
                await told.recovers()
            await asyncio.sleep(CALM_S)
    finally:
        valkey.kill()
    numbers = told.crowd.numbers
    told.must(not numbers.answers["503 overloaded"], "nobody was turned away")
    told.must(numbers.longest_s < LONGEST_ANSWER_S, f"nobody waited for it ({numbers.longest_s:.1f} s)")
    return told.seen
