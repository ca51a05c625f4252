"""A running service whose mails a test can read, and districts as their documents describe them."""

from collections.abc import AsyncIterator

import pytest

from app.clock import ManualClock
from app.mail.senders import MemorySender
from app.services.clerk import StaffRole
from app.settings import Settings
from tests.guard.hashes import quick_hashes
from tests.support.desk import at_desk
from tests.support.office import Office
from tests.support.portal import Server, User
from tests.support.recovery import Post, posting


@pytest.fixture
async def post(settings: Settings, clock: ManualClock) -> AsyncIterator[Post]:
    """Every answer is held against its specification; passwords are hashed quickly."""
    sender = MemorySender()
    async with posting(settings, clock, sender) as server:
        server.http.event_hooks = server.at("192.0.2.1").event_hooks
        with quick_hashes(server):
            yield Post(server, sender.messages)


@pytest.fixture
def server(post: Post) -> Server:
    return post.server


@pytest.fixture
async def office(server: Server) -> Office:
    """Jackson County Schools in Georgia, just opened, with the default settings."""
    return await Office.open(server)


@pytest.fixture
async def maria(office: Office) -> User:
    """A parent of Ana and Ben, who has not used her key yet."""
    return await office.parent()


@pytest.fixture
async def dana(office: Office) -> User:
    """The district's admin, at her desk, after a step-up."""
    return await at_desk(office, StaffRole.DISTRICT_ADMIN, name="Dana Reed")


@pytest.fixture
async def hugo(office: Office) -> User:
    """A member of the district's help desk, at his desk, after a step-up."""
    return await at_desk(office, StaffRole.HELP_DESK, name="Hugo Park")
