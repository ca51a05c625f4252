"""What only many tries, or real tools, can show: kills at random points, guessers, a crowd. Tables of what was found; exit code 1 if anything is not as it should be."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from tests.bench.databases import Engine, both_engines
from tests.bench.progress import ProgressLine
from tests.drills.drill import Found, drill
from tests.drills.guessing import Outcome, drill_guard
from tests.drills.roster_kills import kill_imports
from tests.support import debian

WIDTH_OF_A_LOG = 130
CONSOLE = Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_LOG)
PROGRESS = ProgressLine()


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.drills", description=__doc__)
    options.add_argument("--kills", type=int, default=50, help="on each engine; 0 for none")
    options.add_argument("--import-kills", type=int, default=30, help="of roster imports, on each engine; 0 for none")
    options.add_argument("--seed", type=int, default=20260803, help="the same seed, the same people and moments")
    options.add_argument("--no-guessing", action="store_true", help="only the kills")
    chosen = options.parse_args()
    if not chosen.no_guessing and debian.bring("hydra") is None:
        CONSOLE.print("hydra is missing, so its drills are left out. On Debian or Ubuntu: sudo apt-get install hydra.")
    faults = 0
    with TemporaryDirectory(prefix="campus-drill-") as folder, both_engines(Path(folder)) as engines:
        for engine in engines:
            if not chosen.no_guessing:
                faults += _guess(engine, _place(folder, engine, "guessing"))
            if chosen.kills:
                faults += _kill(engine, _place(folder, engine, "kills"), chosen.kills, chosen.seed)
            if chosen.import_kills:
                faults += _kill_imports(engine, _place(folder, engine, "imports"), chosen.import_kills, chosen.seed)
    CONSOLE.print(f"{faults} faults." if faults else "Everything is as it should be.")
    return 1 if faults else 0


def _guess(engine: Engine, place: Path) -> int:
    """How many drills of the guard failed."""
    outcomes = drill_guard(engine.new_database(), place, partial(_say, engine.name))
    PROGRESS.clear()
    CONSOLE.print(_guard_table(engine.name, outcomes))
    return sum(not outcome.holds for outcome in outcomes.values())


def _kill(engine: Engine, place: Path, kills: int, seed: int) -> int:
    """How often something was lost or done twice."""
    found = drill(engine.new_database(), place, kills=kills, seed=seed, say=partial(_say, engine.name))
    PROGRESS.clear()
    CONSOLE.print(_kill_table(engine.name, found))
    for violation in found.violations:
        CONSOLE.print(f"VIOLATION {violation}", markup=False)
    return len(found.violations)


def _kill_imports(engine: Engine, place: Path, kills: int, seed: int) -> int:
    """How often a roster was written half, or the next import did not work."""
    found = kill_imports(engine.new_database(), place, kills=kills, seed=seed, say=partial(_say, engine.name))
    PROGRESS.clear()
    columns = ("killed", "as before", "as after", "of these had ended", "violations")
    table = _table(f"{engine.name}: roster imports", columns, left=set())
    table.add_row(*map(str, (len(found.moments), found.before, found.after, found.survived, len(found.violations))))
    CONSOLE.print(table)
    for violation in found.violations:
        CONSOLE.print(f"VIOLATION {violation}", markup=False)
    return len(found.violations)


def _place(folder: str, engine: Engine, name: str) -> Path:
    place = Path(folder) / engine.name / name
    place.mkdir(parents=True)
    return place


def _say(engine: str, what: str) -> None:
    PROGRESS.say(f"{engine}: {what}")


def _guard_table(engine: str, outcomes: Mapping[str, Outcome]) -> Table:
    columns = ("drill", "verified wrong", "verified right", "hashes", "answers", "as it should be")
    table = _table(f"{engine}: the guard", columns, left={"drill", "answers"})
    for name, outcome in outcomes.items():
        verified = outcome.verified
        answers = "\n".join(f"{count:,} x {answer}" for answer, count in outcome.answers.items())
        numbers = (f"{number:,}" for number in (verified.wrong, verified.right, verified.hashes))
        table.add_row(name, *numbers, answers, "yes" if outcome.holds else "[bold]no[/bold]", end_section=True)
    return table


def _kill_table(engine: str, found: Found) -> Table:
    columns = ("kill", "of", "after ms", "errands", "answered", "done unanswered", "violations")
    table = _table(f"{engine}: {len(found.kills)} kills", columns, left={"of"})
    for kill in found.kills:
        done = (len(kill.errands), kill.answered, kill.lost_but_done, len(kill.violations))
        table.add_row(str(kill.number), kill.victim, f"{kill.after_s * 1000:.0f}", *map(str, done))
    table.caption = f"{len(found.mails)} mails, of them {found.copies} second copies under the same Message-ID"
    return table


def _table(title: str, columns: Sequence[str], *, left: set[str]) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="left" if column in left else "right")
    return table


if __name__ == "__main__":
    sys.exit(main())
