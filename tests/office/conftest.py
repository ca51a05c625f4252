"""A running service whose mails a test can read, a district with families, and members of its office."""

from collections.abc import AsyncIterator

import pytest

from app.clock import ManualClock
from app.services.clerk import StaffRole
from app.settings import Settings
from tests.linking.families import Region
from tests.support.desk import at_desk
from tests.support.office import Office
from tests.support.portal import Server, User
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


@pytest.fixture
def region(post: Post) -> Region:
    """Districts in three states, each of which opens when somebody asks for it."""
    return Region(post)
