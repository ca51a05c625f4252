"""A trail of three districts, and whoever seals it."""

import pytest

from app.clock import ManualClock
from app.database import Database
from app.security.digests import Digests
from tests.audit.trail import Trail
from tests.conftest import SECRET_KEY


@pytest.fixture
def trail(database: Database, clock: ManualClock) -> Trail:
    return Trail(database, clock, Digests([SECRET_KEY]))
