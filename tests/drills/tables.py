"""What the drills print."""

import sys
from collections.abc import Mapping, Sequence
from statistics import median

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.drills.drill import Found
from tests.drills.faults.scene import Seen
from tests.drills.guessing import Outcome
from tests.drills.roster_kills import RosterKills

WIDTH_OF_A_LOG = 150
FEW = 10
CONSOLE = Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_LOG)


def print_violations(violations: Sequence[str]) -> int:
    for violation in violations:
        CONSOLE.print(f"VIOLATION {violation}", markup=False)
    return len(violations)


def guard_table(engine: str, outcomes: Mapping[str, Outcome]) -> Table:
    columns = ("drill", "verified wrong", "verified right", "hashes", "answers", "as it should be")
    table = _table(f"{engine}: the guard", columns, left={"drill", "answers"})
    for name, outcome in outcomes.items():
        verified = outcome.verified
        answers = "\n".join(f"{count:,} x {answer}" for answer, count in outcome.answers.items())
        numbers = (f"{number:,}" for number in (verified.wrong, verified.right, verified.hashes))
        table.add_row(name, *numbers, answers, "yes" if outcome.holds else "[bold]no[/bold]", end_section=True)
    return table


def kill_table(engine: str, found: Found) -> Table:
    columns = ("kill", "of", "after ms", "errands", "answered", "done unanswered", "violations")
    table = _table(f"{engine}: {len(found.kills)} kills", columns, left={"of"})
    for kill in found.kills:
        done = (len(kill.errands), kill.answered, kill.lost_but_done, len(kill.violations))
        table.add_row(str(kill.number), kill.victim, f"{kill.after_s * 1000:.0f}", *map(str, done))
    table.caption = f"{len(found.mails)} mails, of them {found.copies} second copies under the same Message-ID"
    return table


def import_table(engine: str, found: RosterKills) -> Table:
    columns = ("killed", "as before", "as after", "of these had ended", "violations")
    table = _table(f"{engine}: roster imports", columns, left=set())
    table.add_row(*map(str, (len(found.moments), found.before, found.after, found.survived, len(found.violations))))
    return table


def fault_table(engine: str, drills: Mapping[str, Seen]) -> Table:
    columns = ("drill", "requests", "answers", "longest s", "recovered after s", "remarks", "violations")
    table = _table(f"{engine}: faults", columns, left={"drill", "answers", "remarks"})
    for word, seen in drills.items():
        numbers = seen.numbers
        answers = "\n".join(f"{count:,} x {answer}" for answer, count in sorted(numbers.answers.items()))
        recoveries = _each_or_range(seen.recoveries_s)
        remarks = f"[bold]not run: {escape(seen.not_run)}[/bold]" if seen.not_run else escape("\n".join(seen.remarks))
        figures = (f"{numbers.requests:,}", answers, f"{numbers.longest_s:.2f}", recoveries, remarks)
        table.add_row(word, *figures, str(len(seen.violations)), end_section=True)
    return table


def _each_or_range(seconds: Sequence[float]) -> str:
    if len(seconds) > FEW:
        return f"{min(seconds):.2f} to {max(seconds):.2f}, half of them within {median(seconds):.2f}"
    return ", ".join(f"{each:.2f}" for each in seconds)


def _table(title: str, columns: Sequence[str], *, left: set[str]) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="left" if column in left else "right")
    return table
