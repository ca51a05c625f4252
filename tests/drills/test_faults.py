"""The short form of the drills of faults: `make drills` has all of them, for longer, and prints what it saw."""

import asyncio
from pathlib import Path

from app import migrate
from app.settings import load_settings
from tests.bench.databases import production
from tests.drills.faults import postgresql
from tests.drills.faults.scene import Stage
from tests.support.postgresql import cluster


def test_a_postgresql_that_ends_in_the_middle_of_everything_costs_nobody_anything(tmp_path: Path) -> None:
    """On a server of its own, which comes back a second later: no account is lost, and no session."""
    with cluster(own=True) as server:
        url = server.create_database()
        migrate.upgrade(load_settings(production(url)))
        seen = asyncio.run(postgresql.restarted(Stage("PostgreSQL", url, "", tmp_path, seed=15, is_short=True)))
    assert seen.violations == []
    assert seen.recoveries_s
