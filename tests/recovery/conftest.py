"""A running service whose mails a test can let leave and read, a district, and a parent with a confirmed address."""

from collections.abc import AsyncIterator

import pytest

from app.clock import ManualClock
from app.mail.senders import MemorySender
from app.settings import Settings
from tests.support.gate import GatedHashPool
from tests.support.office import Office
from tests.support.portal import Server
from tests.support.recovery import Owner, Post, new_owner, posting, use_hash_pool


@pytest.fixture
async def post(settings: Settings, clock: ManualClock) -> AsyncIterator[Post]:
    sender = MemorySender()
    async with posting(settings, clock, sender) as server:
        yield Post(server, sender.messages)


@pytest.fixture
def server(post: Post) -> Server:
    return post.server


@pytest.fixture
async def office(server: Server) -> Office:
    """Jackson County Schools in Georgia, just opened, with the default settings."""
    return await Office.open(server)


@pytest.fixture
async def maria(office: Office, post: Post) -> Owner:
    """A parent who is signed in and has a confirmed address."""
    return await new_owner(office, post)


@pytest.fixture
async def gate(server: Server) -> AsyncIterator[GatedHashPool]:
    """Every hash of the server waits at this gate, until the test lets it through."""
    pool = GatedHashPool()
    use_hash_pool(server, pool)
    yield pool
    await pool.close()
