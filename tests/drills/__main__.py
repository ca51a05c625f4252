"""Fifty kills on each engine, a table of what was killed and found, and exit code 1 if anything was lost or done twice."""

import argparse
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from tests.bench.databases import both_engines
from tests.bench.progress import ProgressLine
from tests.drills.drill import Found, drill


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.drills", description=__doc__)
    options.add_argument("--kills", type=int, default=50, help="on each engine")
    options.add_argument("--seed", type=int, default=20260803, help="the same seed, the same people and moments")
    chosen = options.parse_args()
    progress, console = ProgressLine(), Console()
    violations = 0
    with TemporaryDirectory(prefix="campus-drill-") as folder, both_engines(Path(folder)) as engines:
        for engine in engines:
            place = Path(folder) / engine.name
            place.mkdir()
            found = drill(
                engine.new_database(),
                place,
                kills=chosen.kills,
                seed=chosen.seed,
                say=partial(_say, progress, engine.name),
            )
            progress.clear()
            console.print(_table(engine.name, found))
            for violation in found.violations:
                console.print(f"VIOLATION {violation}", markup=False)
            violations += len(found.violations)
    console.print(f"{violations} violations." if violations else "Nothing was lost, nothing was done twice.")
    return 1 if violations else 0


def _say(progress: ProgressLine, engine: str, what: str) -> None:
    progress.say(f"{engine}: {what}")


def _table(engine: str, found: Found) -> Table:
    table = Table(title=f"{engine}: {len(found.kills)} kills", title_justify="left")
    for column in ("kill", "of", "after ms", "errands", "answered", "done unanswered", "violations"):
        table.add_column(column, justify="left" if column == "of" else "right")
    for kill in found.kills:
        done = (len(kill.errands), kill.answered, kill.lost_but_done, len(kill.violations))
        table.add_row(str(kill.number), kill.victim, f"{kill.after_s * 1000:.0f}", *map(str, done))
    table.caption = f"{len(found.mails)} mails, of them {found.copies} second copies under the same Message-ID"
    return table


if __name__ == "__main__":
    sys.exit(main())
