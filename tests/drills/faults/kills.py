"""Server, worker, and the process that hashes for the server are killed at random moments, again and again, while everybody works."""

import asyncio
import random

from tests.drills.faults.scene import Seen, Stage, scene

KILLS, KILLS_IN_SHORT = 200, 10
WITHIN_S = 0.8
TOLD_EVERY = 10


async def killed(stage: Stage) -> Seen:
    """With SIGKILL, 200 times; server and worker are started again at once, what hashes by its server."""
    chance = random.Random(stage.seed)  # noqa: S311  # chance that can be repeated
    kills = KILLS_IN_SHORT if stage.is_short else KILLS
    async with scene(stage, newcomers=4 * kills, may_lose_answers=True) as told:
        for number in range(1, kills + 1):
            if number % TOLD_EVERY == 0:
                stage.say(f"mixed-kills: {number} of {kills}")
            names = chance.choice([["serve"], ["worker"], ["serve", "worker"], []])
            await asyncio.sleep(chance.uniform(0, WITHIN_S))
            if not names:
                told.running.kill_descendant("serve", chance)
            for name in names:
                told.running.kill(name)
            for name in names:
                told.running.start(name)
            await told.recovers()
    told.remark(f"{kills} kills, {len(told.crowd.activated)} accounts made meanwhile")
    return told.seen
