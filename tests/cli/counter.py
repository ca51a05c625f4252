"""What no command does, done with the product that the commands use."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.clock import Clock
from app.composition import Campus, open_campus
from app.settings import load_settings
from tests.support.shell import Shell

T = TypeVar("T")


def behind_the_counter(shell: Shell, work: Callable[[Campus], Awaitable[T]], clock: Clock | None = None) -> T:
    """What `work` gives, with the database and the secrets of this shell."""

    async def inside() -> T:
        async with open_campus(load_settings(shell.environment), clock=clock) as campus:
            return await work(campus)

    return asyncio.run(inside())
