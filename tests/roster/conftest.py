"""An office with an open, empty district, and a package to fill."""

from pathlib import Path

import pytest

from app.clock import ManualClock
from app.database import Database
from app.security.digests import Digests
from tests.roster.office import Office
from tests.roster.packages import Package

SECRET_KEY = "a-key-for-rosters-that-never-changes-0123456789"


@pytest.fixture
async def office(database: Database, clock: ManualClock) -> Office:
    office = Office(database, clock, Digests([SECRET_KEY]))
    await office.open()
    return office


@pytest.fixture(params=["1.1", "1.2"])
def package(request: pytest.FixtureRequest, tmp_path: Path) -> Package:
    """The same people in either version."""
    return Package(tmp_path / "package", str(request.param))


@pytest.fixture
def package_1_1(tmp_path: Path) -> Package:
    return Package(tmp_path / "package", "1.1")


@pytest.fixture
def package_1_2(tmp_path: Path) -> Package:
    return Package(tmp_path / "package", "1.2")
