"""One drill that cannot be run, or fails itself, ends no other; the whole run says so and counts as failed."""

from pathlib import Path

from tests.drills.__main__ import Tally, seen_in, tell
from tests.drills.faults.catalogue import FaultDrill
from tests.drills.faults.scene import MeansMissing, Seen, Stage


async def without_means(_stage: Stage) -> Seen:
    raise MeansMissing("only root can make a small disk")


async def broken(_stage: Stage) -> Seen:
    raise TimeoutError


def test_what_was_not_run_is_said_and_what_failed_is_a_fault(tmp_path: Path) -> None:
    stage = Stage("SQLite", "", "", tmp_path, seed=1, is_short=True)
    seen = {word: seen_in(FaultDrill(word, run), stage) for word, run in (("disk", without_means), ("valkey", broken))}
    assert seen["disk"].not_run == "only root can make a small disk"
    tally = Tally()
    tell("SQLite", seen, tally)
    assert (tally.faults, tally.not_run) == (1, ["disk (SQLite)"])
    assert tally.verdict == "1 faults. Not run: disk (SQLite)."
