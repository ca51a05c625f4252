"""A running service whose mails go into a folder, and a district."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.clock import ManualClock
from app.settings import Settings
from tests.support.office import Office
from tests.support.portal import Server, serving


@pytest.fixture
def mail_folder(tmp_path: Path) -> Path:
    return tmp_path / "mails"


@pytest.fixture
def settings(settings: Settings, mail_folder: Path) -> Settings:
    return settings.model_copy(update={"mail_url": f"outbox://{mail_folder}"})


@pytest.fixture
async def server(settings: Settings, clock: ManualClock) -> AsyncIterator[Server]:
    async with serving(settings, clock) as server:
        yield server


@pytest.fixture
async def office(server: Server) -> Office:
    return await Office.open(server)
