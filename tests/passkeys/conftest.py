"""A running service whose mails a test can read, a district with a front end, and a parent with a confirmed address."""

from collections.abc import AsyncIterator

import pytest

from app.clock import ManualClock
from app.mail.senders import MemorySender
from app.settings import Settings
from tests.guard.hashes import quick_hashes
from tests.support.office import Office
from tests.support.passkeys import ORIGIN
from tests.support.portal import Server
from tests.support.recovery import Owner, Post, new_owner, posting


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
    """Jackson County Schools in Georgia, with a front end of its own."""
    office = await Office.open(server)
    await office.set(f"origins={ORIGIN}")
    return office


@pytest.fixture
async def maria(office: Office, post: Post) -> Owner:
    """A parent who is signed in and has a confirmed address."""
    return await new_owner(office, post)
