"""What only many tries, lost parts, or real tools can show. Tables of what was found; exit code 1 if anything is not as it should be."""

import argparse
import asyncio
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.databases import Engine, both_engines
from tests.bench.progress import ProgressLine
from tests.drills.drill import drill
from tests.drills.faults.catalogue import DRILLS
from tests.drills.faults.scene import Seen, Stage
from tests.drills.guessing import drill_guard
from tests.drills.roster_kills import kill_imports
from tests.drills.tables import CONSOLE, fault_table, guard_table, import_table, kill_table, print_violations
from tests.support import debian

PROGRESS = ProgressLine()
WORDS = ("guessing", "kills", "imports", *(each.word for each in DRILLS))


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.drills", description=__doc__)
    options.add_argument("--only", nargs="+", choices=WORDS, default=WORDS, help="these drills alone")
    options.add_argument("--engine", choices=("SQLite", "PostgreSQL"), help="only on this one")
    options.add_argument("--short", action="store_true", help="each fault once, and not for long")
    options.add_argument("--kills", type=int, default=50, help="on each engine")
    options.add_argument("--import-kills", type=int, default=30, help="of roster imports, on each engine")
    options.add_argument("--seed", type=int, default=20260803, help="the same seed, the same people and moments")
    chosen = options.parse_args()
    if "guessing" in chosen.only and debian.bring("hydra") is None:
        CONSOLE.print("hydra is missing, so its drills are left out. On Debian or Ubuntu: sudo apt-get install hydra.")
    with TemporaryDirectory(prefix="campus-drill-") as folder, both_engines(Path(folder)) as engines:
        wanted = [engine for engine in engines if chosen.engine in {None, engine.name}]
        faults = sum(_drill(engine, Path(folder), chosen) for engine in wanted)
    CONSOLE.print(f"{faults} faults." if faults else "Everything is as it should be.")
    return 1 if faults else 0


def _drill(engine: Engine, folder: Path, chosen: argparse.Namespace) -> int:
    """How much is not as it should be."""
    faults = 0
    if "guessing" in chosen.only:
        faults += _guess(engine, _place(folder, engine, "guessing"))
    if "kills" in chosen.only:
        faults += _kill(engine, _place(folder, engine, "kills"), chosen.kills, chosen.seed)
    if "imports" in chosen.only:
        faults += _kill_imports(engine, _place(folder, engine, "imports"), chosen.import_kills, chosen.seed)
    return faults + _lose(engine, folder, chosen)


def _guess(engine: Engine, place: Path) -> int:
    """How many drills of the guard failed."""
    outcomes = drill_guard(engine.new_database(), place, partial(_say, engine.name))
    PROGRESS.clear()
    CONSOLE.print(guard_table(engine.name, outcomes))
    return sum(not outcome.holds for outcome in outcomes.values())


def _kill(engine: Engine, place: Path, kills: int, seed: int) -> int:
    """How often something was lost or done twice."""
    found = drill(engine.new_database(), place, kills=kills, seed=seed, say=partial(_say, engine.name))
    PROGRESS.clear()
    CONSOLE.print(kill_table(engine.name, found))
    return print_violations(found.violations)


def _kill_imports(engine: Engine, place: Path, kills: int, seed: int) -> int:
    """How often a roster was written half, or the next import did not work."""
    found = kill_imports(engine.new_database(), place, kills=kills, seed=seed, say=partial(_say, engine.name))
    PROGRESS.clear()
    CONSOLE.print(import_table(engine.name, found))
    return print_violations(found.violations)


def _lose(engine: Engine, folder: Path, chosen: argparse.Namespace) -> int:
    """How much was not as it must be after a fault of a part."""
    seen: dict[str, Seen] = {}
    for each in DRILLS:
        if each.word in chosen.only and engine.name in each.engines:
            _say(engine.name, each.word)
            place = _place(folder, engine, each.word)
            stage = Stage(engine.name, engine.new_database(), engine.empty_database(), place, chosen.seed, chosen.short)
            seen[each.word] = asyncio.run(each.run(stage))
    PROGRESS.clear()
    if seen:
        CONSOLE.print(fault_table(engine.name, seen))
    return print_violations([f"{word}: {what}" for word, each in seen.items() for what in each.violations])


def _place(folder: Path, engine: Engine, name: str) -> Path:
    place = folder / engine.name / name
    place.mkdir(parents=True)
    return place


def _say(engine: str, what: str) -> None:
    PROGRESS.say(f"{engine}: {what}")


if __name__ == "__main__":
    sys.exit(main())
