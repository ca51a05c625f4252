"""Turns at the hashes: a district that comes with everybody at once makes its own people wait, and not those of the others."""

import asyncio

import pytest

from app.errors import Overloaded
from app.security.fair_turns import FairTurns


class Queue:
    """One turn at a time, and who had it."""

    def __init__(self, places: int) -> None:
        self.turns = FairTurns(at_once=1, places=places)
        self.served: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []
        self._opens = asyncio.Event()

    async def come(self, *lanes: str) -> None:
        self.tasks += [asyncio.create_task(self._served(lane)) for lane in lanes]
        for _ in lanes:
            await asyncio.sleep(0)

    async def _served(self, lane: str) -> None:
        async with self.turns.turn(lane):
            self.served.append(lane)
            await self._opens.wait()

    async def end(self) -> list[str]:
        """Who was refused; until then nobody's turn ends."""
        self._opens.set()
        ends = await asyncio.gather(*self.tasks, return_exceptions=True)
        return [str(end) for end in ends if isinstance(end, Overloaded)]


async def test_the_lanes_take_turns_whoever_came_first() -> None:
    queue = Queue(places=100)
    await queue.come(*["crowd"] * 10, "small", "tiny", "small")
    assert await queue.end() == []
    assert queue.served == [*["crowd"] * 2, "small", "tiny", "crowd", "small", *["crowd"] * 7]


async def test_a_crowd_is_refused_while_there_is_still_a_place_for_others() -> None:
    queue = Queue(places=90)
    await queue.come(*["crowd"] * 200)
    assert queue.turns.waiting == 80
    with pytest.raises(Overloaded):
        queue.turns.require_place("crowd")
    await queue.come("small")
    assert queue.turns.waiting == 81
    assert len(await queue.end()) == 200 - 81
    assert queue.served.index("small") == 2


async def test_whoever_gives_up_leaves_his_place_and_nobody_loses_a_turn() -> None:
    queue = Queue(places=10)
    await queue.come("a", "b", "c", "d")
    queue.tasks[1].cancel()
    await asyncio.sleep(0)
    assert queue.turns.waiting == 2
    queue.tasks[2].cancel()  # in the moment in which the turn comes
    await queue.end()
    assert queue.served == ["a", "d"]
    assert queue.turns.waiting == 0
    await queue.come("e")
    await queue.end()
    assert queue.served[-1] == "e", "the turn came back"
