"""A real browser, a real server with a folder for its mails, a district, and a parent in it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright

from app.clock import ManualClock
from app.settings import Settings
from tests.browser.find_chromium import find_chromium
from tests.browser.live import listening
from tests.browser.mailbox import Mailbox
from tests.browser.visitor import Visitor
from tests.support.office import Office
from tests.support.portal import Server, User
from tests.support.served import free_port

ADDRESS = "maria@example.org"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

Arrive = Callable[..., Awaitable[Visitor]]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), headless=True, args=[*FLAGS])
        yield browser
        await browser.close()


@pytest.fixture
def mail_folder(tmp_path: Path) -> Path:
    return tmp_path / "mails"


@pytest.fixture
def settings(settings: Settings, mail_folder: Path) -> Settings:
    return settings.model_copy(
        update={"mail_url": f"outbox://{mail_folder}", "public_url": f"http://127.0.0.1:{free_port()}"}
    )


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The pages know nothing of databases: one engine will do."""
    return sqlite_url


@pytest.fixture
async def server(settings: Settings, clock: ManualClock) -> AsyncIterator[Server]:
    async with listening(settings, clock) as server:
        yield server


@pytest.fixture
async def office(server: Server) -> Office:
    return await Office.open(server)


@pytest.fixture
async def mailbox(server: Server, mail_folder: Path) -> Mailbox:
    return Mailbox(server, mail_folder)


@pytest.fixture
async def arrive(browser: Browser, server: Server) -> AsyncIterator[Arrive]:
    """Brings visitors, with options of the browser's context. No page may have made the browser complain."""
    visitors: list[Visitor] = []
    async with AsyncExitStack() as stack:

        async def arrive(**options: Any) -> Visitor:
            visitor = await Visitor.arrive(browser, server.campus.settings.public_url, **options)
            stack.push_async_callback(visitor.leave)
            visitors.append(visitor)
            return visitor

        yield arrive
        assert [complaint for visitor in visitors for complaint in visitor.complaints] == []


@pytest.fixture
async def visitor(arrive: Arrive) -> Visitor:
    return await arrive()


@pytest.fixture
async def maria(office: Office, mailbox: Mailbox) -> User:
    """A parent with an account and a confirmed recovery address."""
    maria = await office.parent()
    assert (await maria.activate(username="maria2026", recovery_email=ADDRESS)).status_code == 201
    maria.username = "maria2026"
    token = (await mailbox.link("/confirm-email")).partition("#token=")[2]
    assert (await maria.http.post("/recovery-email/confirm", json={"token": token})).status_code == 204
    return maria


@pytest.fixture
async def reset_link(maria: User, mailbox: Mailbox) -> str:
    """Fresh from her mailbox."""
    who = {"district": maria.district, "portal": maria.portal, "username": maria.username}
    assert (await maria.http.post("/password-reset", json=who)).status_code == 202
    return await mailbox.link("/reset-password")
