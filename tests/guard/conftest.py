"""A running service whose mails a test can read, a district, and a parent who is signed in."""

from collections.abc import AsyncIterator

import pytest

from app.clock import ManualClock
from app.settings import Settings
from tests.support.office import Office
from tests.support.portal import Server
from tests.support.quick_post import quick_post
from tests.support.recovery import Owner, Post, new_owner


@pytest.fixture
async def post(settings: Settings, clock: ManualClock) -> AsyncIterator[Post]:
    async with quick_post(settings, clock) as post:
        yield post


@pytest.fixture
def server(post: Post) -> Server:
    return post.server


@pytest.fixture
async def office(server: Server) -> Office:
    """Jackson County Schools in Georgia, just opened, with the default settings."""
    return await Office.open(server)


@pytest.fixture
async def maria(office: Office, post: Post) -> Owner:
    """A parent who is signed in; she has given no address yet."""
    return await new_owner(office, post, address=None)
