"""Turns at something scarce, shared by lanes: a bounded queue in which no lane can take everything from the others.

The lanes that wait are served one after the other, one turn each. A lane may wait with so many as there are places free, times `_SHARE`:
alone it gets nearly all of them, and a lane that has nobody waiting always finds one. Whoever is refused is refused when he comes.
"""

import asyncio
import random
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.errors import Overloaded

_SHARE = 8
"""After the dynamic thresholds of Choudhury and Hahne (1998): one lane alone may fill eight ninths of the places."""
_COME_AGAIN_S, _SPREAD_S = 2, 9
"""Whoever was refused in one second is asked to come again in different ones, or the same crowd would stand here again."""


class FairTurns:
    def __init__(self, *, at_once: int, places: int) -> None:
        self._free = at_once
        self._places = places
        self._lanes: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        """Those in which somebody waits, in the order of their turns."""

    @asynccontextmanager
    async def turn(self, lane: str) -> AsyncIterator[None]:
        """Waits for a turn, which lasts as long as the block.

        Raises:
            Overloaded: at once, for there is no place to wait.
        """
        await self._wait(lane)
        try:
            yield
        finally:
            self._pass_on()

    def require_place(self, lane: str) -> None:
        """For whoever would do a lot before he asks for a turn.

        Raises:
            Overloaded: a turn would be refused.
        """
        if self._free:
            return
        if len(self._lanes.get(lane, ())) >= _SHARE * (self._places - self.waiting):
            raise Overloaded(_COME_AGAIN_S + random.randrange(_SPREAD_S))  # noqa: S311  # spreads a crowd, hides nothing

    @property
    def waiting(self) -> int:
        return sum(map(len, self._lanes.values()))

    async def _wait(self, lane: str) -> None:
        self.require_place(lane)
        if self._free:
            self._free -= 1
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lanes.setdefault(lane, deque()).append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.cancelled():
                self._leave(lane, mine)
            else:
                self._pass_on()  # the turn came in the moment in which he gave up
            raise

    def _pass_on(self) -> None:
        """To the next lane, or to whoever comes."""
        while self._lanes:
            lane, waiting = self._lanes.popitem(last=False)
            following = waiting.popleft()
            if waiting:
                self._lanes[lane] = waiting
            if not following.cancelled():
                following.set_result(None)
                return
        self._free += 1

    def _leave(self, lane: str, mine: asyncio.Future[None]) -> None:
        waiting = self._lanes.get(lane)
        if waiting and mine in waiting:
            waiting.remove(mine)
            if not waiting:
                del self._lanes[lane]
