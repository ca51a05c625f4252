"""A running service whose mails a test can read, a district with a front end, and a parent with a confirmed address."""

from collections.abc import AsyncIterator

import pytest

from app.clock import ManualClock
from app.settings import Settings
from tests.support.office import Office
from tests.support.passkeys import ORIGIN
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
    """Jackson County Schools in Georgia, with a front end of its own."""
    office = await Office.open(server)
    await office.set(f"origins={ORIGIN}")
    return office


@pytest.fixture
async def maria(office: Office, post: Post) -> Owner:
    """A parent who is signed in and has a confirmed address."""
    return await new_owner(office, post)
