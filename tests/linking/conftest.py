"""A running service whose mails a test can read, and districts in three states."""

from collections.abc import AsyncIterator

import pytest

from app.clock import ManualClock
from app.mail.senders import MemorySender
from app.settings import Settings
from tests.guard.hashes import quick_hashes
from tests.linking.families import Region
from tests.support.portal import Server
from tests.support.recovery import Post, posting


@pytest.fixture
async def post(settings: Settings, clock: ManualClock) -> AsyncIterator[Post]:
    """Every answer is held against its specification; passwords are hashed quickly, as families have many."""
    sender = MemorySender()
    async with posting(settings, clock, sender) as server:
        server.http.event_hooks = server.at("192.0.2.1").event_hooks
        with quick_hashes(server):
            yield Post(server, sender.messages)


@pytest.fixture
def server(post: Post) -> Server:
    return post.server


@pytest.fixture
def region(post: Post) -> Region:
    """Districts in three states, each of which opens when somebody asks for it."""
    return Region(post)
