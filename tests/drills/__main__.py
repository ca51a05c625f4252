"""What only many tries, lost parts, or real tools can show. Tables of what was found; exit code 1 if anything is not as it should be."""

import argparse
import asyncio
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.databases import Engine, both_engines
from tests.bench.progress import ProgressLine
from tests.drills.drill import drill
from tests.drills.faults.catalogue import DRILLS, FaultDrill
from tests.drills.faults.crowd import Numbers
from tests.drills.faults.scene import MeansMissing, Seen, Stage
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
    tally = Tally()
    with TemporaryDirectory(prefix="campus-drill-") as folder, both_engines(Path(folder)) as engines:
        wanted = [engine for engine in engines if chosen.engine in {None, engine.name}]
        for engine in wanted:
            _drill(engine, Path(folder), chosen, tally)
        _lose_calmly(wanted, Path(folder), chosen, tally)
    PROGRESS.say("the end")
    CONSOLE.print(tally.verdict)
    return 1 if tally.faults or tally.not_run else 0


@dataclass
class Tally:
    """Of all drills. One that ends in a fault of its own, or lacks its means, leaves the others be."""

    faults: int = 0
    not_run: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        parts = [f"{self.faults} faults."] if self.faults else []
        parts += [f"Not run: {', '.join(self.not_run)}."] if self.not_run else []
        return " ".join(parts) or "Everything is as it should be."

    def take(self, name: str, drill: Callable[[], int]) -> None:
        """Counts what a drill found, which gives the number of its faults."""
        try:
            self.faults += drill()
        except Exception:  # noqa: BLE001  # whatever it is, the other drills run
            traceback.print_exc()
            self.faults += print_violations([f"{name}: the drill itself failed"])


def _drill(engine: Engine, folder: Path, chosen: argparse.Namespace, tally: Tally) -> None:
    if "guessing" in chosen.only:
        tally.take("guessing", lambda: _guess(engine, _place(folder, engine, "guessing")))
        if debian.find(["hydra"]) is None:
            CONSOLE.print(
                "hydra is missing, so its drills are left out. On Debian or Ubuntu: sudo apt-get install hydra."
            )
            tally.not_run.append(f"guessing with hydra ({engine.name})")
    if "kills" in chosen.only:
        tally.take("kills", lambda: _kill(engine, _place(folder, engine, "kills"), chosen.kills, chosen.seed))
    if "imports" in chosen.only:
        place = _place(folder, engine, "imports")
        tally.take("imports", lambda: _kill_imports(engine, place, chosen.import_kills, chosen.seed))
    _lose(engine, folder, chosen, tally)


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


def _lose(engine: Engine, folder: Path, chosen: argparse.Namespace, tally: Tally) -> None:
    """Faults of parts, one after the other."""
    seen: dict[str, Seen] = {}
    for each in DRILLS:
        if each.word in chosen.only and engine.name in each.engines and not each.is_calm:
            _say(engine.name, each.word)
            seen[each.word] = seen_in(each, _stage(engine, folder, chosen, each.word))
    tell(engine.name, seen, tally)


def _lose_calmly(engines: Sequence[Engine], folder: Path, chosen: argparse.Namespace, tally: Tally) -> None:
    """What takes long and loads little, on the engines at the same time."""
    for each in DRILLS:
        if each.word in chosen.only and each.is_calm:
            stages = [_stage(engine, folder, chosen, each.word) for engine in engines if engine.name in each.engines]
            with ThreadPoolExecutor() as threads:
                all_seen = list(threads.map(partial(seen_in, each), stages))
            for stage, seen in zip(stages, all_seen, strict=True):
                tell(stage.engine, {each.word: seen}, tally)


def _stage(engine: Engine, folder: Path, chosen: argparse.Namespace, word: str) -> Stage:
    return Stage(
        engine.name,
        engine.new_database(),
        engine.empty_database(),
        _place(folder, engine, word),
        chosen.seed,
        chosen.short,
        partial(_say, engine.name),
    )


def seen_in(each: FaultDrill, stage: Stage) -> Seen:
    try:
        return asyncio.run(each.run(stage))
    except MeansMissing as missing:
        return Seen(Numbers(), not_run=str(missing))
    except Exception as fault:  # noqa: BLE001  # whatever it is, the other drills run
        traceback.print_exc()
        return Seen(Numbers(), violations=[f"the drill itself failed: {fault!r}"])


def tell(engine: str, seen: Mapping[str, Seen], tally: Tally) -> None:
    PROGRESS.clear()
    if seen:
        CONSOLE.print(fault_table(engine, seen))
    tally.not_run += [f"{word} ({engine})" for word, each in seen.items() if each.not_run]
    tally.faults += print_violations([f"{word}: {what}" for word, each in seen.items() for what in each.violations])


def _place(folder: Path, engine: Engine, name: str) -> Path:
    place = folder / engine.name / name
    place.mkdir(parents=True)
    return place


def _say(engine: str, what: str) -> None:
    PROGRESS.say(f"{engine}: {what}")


if __name__ == "__main__":
    sys.exit(main())
