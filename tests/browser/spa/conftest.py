"""A service, the front end of another origin that its district has registered, and people who open it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.browser.spa.front_end import serving_front_end
from tests.browser.spa.guest import Guest
from tests.support.hash_pools import quick_hashes
from tests.support.office import Office
from tests.support.portal import Server

Come = Callable[..., Awaitable[Guest]]


@pytest.fixture(autouse=True)
def hashes_cost_nothing(server: Server) -> Iterator[None]:
    with quick_hashes(server):
        yield


@pytest.fixture
async def origin(server: Server) -> AsyncIterator[str]:
    """Where the front end is."""
    async with serving_front_end(server.campus.settings.public_url) as origin:
        yield origin


@pytest.fixture
async def office(server: Server, origin: str) -> Office:
    """Of a district that knows the front end; its mails lead there."""
    office = await Office.open(server)
    await office.set(f"origins={origin}", f"portal_url={origin}", "languages=en,es", "support.phone=706-555-0110")
    return office


@pytest.fixture
async def come(browser: Browser, office: Office, origin: str) -> AsyncIterator[Come]:
    """Brings guests, with options of the browser's context. No page may have made the browser complain."""
    guests: list[Guest] = []
    async with AsyncExitStack() as stack:

        async def come(**options: Any) -> Guest:
            guest = await Guest.arrive(browser, origin, service=office.campus.settings.public_url, **options)
            stack.push_async_callback(guest.leave)
            guests.append(guest)
            return guest

        yield come
        assert [complaint for guest in guests for complaint in guest.complaints] == []


@pytest.fixture
async def guest(come: Come) -> Guest:
    return await come()
