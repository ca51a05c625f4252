"""An operator's shell over a migrated database, with Grand Bend ISD and its roster."""

from pathlib import Path

import pytest

from tests.cli.grand_bend import GrandBend
from tests.support.shell import Shell

PORTAL = "https://portal.grandbend.example.org"


@pytest.fixture
def grand_bend(database_url: str, tmp_path: Path) -> GrandBend:
    """On each engine; with a telephone number, a portal of its own, and Maria's address."""
    secret = "a-key-for-letters-that-never-changes-0123456789"
    district = GrandBend(Shell(tmp_path, {"CAMPUS_DATABASE_URL": database_url, "CAMPUS_SECRET_KEYS": secret}))
    district.open()
    district.import_roster()
    district.shell.campus("districts", "set", "gb", "support.phone=555-0100", f"portal_url={PORTAL}")
    columns = "household_id,person_id,street,city,state,postal_code"
    home = "h1,maria,12 Oak Lane,Grand Bend,TX,78932"
    (tmp_path / "households.csv").write_text(f"{columns}\n{home}\nh1,ana,,,,\n", encoding="utf-8")
    district.shell.campus("households", "import", "--district", "gb", "households.csv")
    return district
