"""The short form of the drill of killed imports: at the points where most could go wrong, on both engines."""

from pathlib import Path

from tests.drills.roster_kills import kill_imports

POINTS = (("writing", 0.5), ("writing", 1.0))


def test_an_import_that_is_killed_leaves_the_district_as_it_was_and_the_next_one_works(
    database_url: str, tmp_path: Path
) -> None:
    """`make drills` kills thirty at random moments, and says what it found."""
    if database_url.startswith("sqlite"):
        Path(database_url.removeprefix("sqlite:///")).chmod(0o600)  # as a production server wants it
    found = kill_imports(database_url, tmp_path, points=POINTS)
    assert found.violations == []
    assert (found.before, found.after, found.survived) == (len(POINTS), 0, 0)
