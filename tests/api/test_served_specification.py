"""`GET /openapi.json` is large, and anybody may ask for it."""

import asyncio
import time

from tests.support.engines import sqlite_only
from tests.support.portal import Server


@sqlite_only
async def test_the_loop_goes_on_while_the_specification_is_made(server: Server) -> None:
    begun = turn = time.monotonic()
    making = asyncio.create_task(server.http.get("/openapi.json"))
    longest_stop = 0.0
    while not making.done():
        await asyncio.sleep(0.001)
        longest_stop, turn = max(longest_stop, time.monotonic() - turn), time.monotonic()
    assert longest_stop < (turn - begun) / 2
    assert (await server.http.get("/openapi.json")).content == (await making).content
