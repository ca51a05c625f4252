"""A running service whose mails a test can read, and districts in three states."""

from collections.abc import AsyncIterator

import pytest

from app.clock import ManualClock
from app.settings import Settings
from tests.linking.families import Region
from tests.support.portal import Server
from tests.support.quick_post import quick_post
from tests.support.recovery import Post


@pytest.fixture
async def post(settings: Settings, clock: ManualClock) -> AsyncIterator[Post]:
    async with quick_post(settings, clock) as post:
        yield post


@pytest.fixture
def server(post: Post) -> Server:
    return post.server


@pytest.fixture
def region(post: Post) -> Region:
    """Districts in three states, each of which opens when somebody asks for it."""
    return Region(post)
