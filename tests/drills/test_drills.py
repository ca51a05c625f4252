"""The short form of the drills: a few kills, on both engines."""

from pathlib import Path

from tests.drills.drill import drill

KILLS = 3


def test_d4_whoever_is_killed_nothing_is_lost_or_done_twice(database_url: str, tmp_path: Path) -> None:
    """Mails, links and keys: `make drills` has fifty kills, and says what it found."""
    if database_url.startswith("sqlite"):
        Path(database_url.removeprefix("sqlite:///")).chmod(0o600)  # as a production server wants it
    found = drill(database_url, tmp_path, kills=KILLS, seed=15)
    assert found.violations == []
    assert {kill.victim for kill in found.kills} == {"serve", "worker", "both"}
    assert found.mails
