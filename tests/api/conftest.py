"""A running service, a district, and a parent with a key in her hand."""

from collections.abc import AsyncIterator

import pytest

from app.clock import ManualClock
from app.settings import Settings
from tests.support.gate import GatedHashPool
from tests.support.office import Office
from tests.support.portal import Server, User, serving


@pytest.fixture
async def server(settings: Settings, clock: ManualClock) -> AsyncIterator[Server]:
    async with serving(settings, clock) as server:
        yield server


@pytest.fixture
async def office(server: Server) -> Office:
    """Jackson County Schools in Georgia, just opened, with the default settings."""
    return await Office.open(server)


@pytest.fixture
async def maria(office: Office) -> User:
    """A parent of Ana and Ben, who has not used her key yet."""
    return await office.parent()


@pytest.fixture
async def gate(server: Server) -> AsyncIterator[GatedHashPool]:
    """Every hash of the server waits at this gate, until the test lets it through."""
    pool = GatedHashPool()
    server.use_hash_pool(pool)
    yield pool
    await pool.close()
