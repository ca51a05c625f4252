"""Rosters: what a district's student information system says of its schools and people."""

from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn
from rich.table import Table

from app.cli.runtime import DistrictOption, JsonOption, campus, print_json, run
from app.services.clerk import operator_of
from app.services.roster import RosterReport
from app.services.roster.report import SCHOOL_KINDS, Fault, Warned

app = typer.Typer(no_args_is_help=True, help="Import rosters.")


_ACTIONS = {
    "created": "new",
    "updated": "changed",
    "ended": "ended",
    "leaving": "leaving",
    "unchanged": "unchanged",
}
_MOST_SCHOOLS = 50


@app.callback()
def _roster() -> None:
    """Keeps `import` a sub-command while it is the only one."""


@app.command("import")
def import_roster(
    path: Annotated[Path, typer.Argument(help="A OneRoster 1.1 or 1.2 CSV package: a folder or a zip")],
    *,
    district: DistrictOption,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and compare, write nothing")] = False,
    allow_ending: Annotated[
        float, typer.Option(metavar="PERCENT", min=0, max=100, help="How many of the people may leave at once")
    ] = 20,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse everything that the standard forbids, not only what could do harm")
    ] = False,
    as_new: Annotated[
        bool, typer.Option("--as-new", help="The people of a first import count as entered today, not long ago")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Makes a district's schools and people those of a package. With faults nothing is written, and the exit code is 1."""

    async def command() -> RosterReport:
        async with campus() as parts:
            with progress_bars(quiet=as_json) as bars:
                return await parts.roster_import.run(
                    operator_of(district),
                    path,
                    dry_run=dry_run,
                    allow_ending_percent=allow_ending,
                    as_new=as_new,
                    strict=strict,
                    progress=Bars(bars),
                )

    report = run(command())
    if as_json:
        print_json(report.as_json())
    else:
        _show(report, Console(soft_wrap=True))
    if report.errors:
        raise typer.Exit(1)


def progress_bars(*, quiet: bool) -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    return Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal)


class Bars:
    """A bar for each phase of the import."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, phase: str, done: int, total: int) -> None:
        if phase not in self._tasks:
            self._tasks[phase] = self._bars.add_task(phase.capitalize().replace("_", " "))
        self._bars.update(self._tasks[phase], completed=done if total else 1, total=total or 1)  # nothing to do is done


def _show(report: RosterReport, console: Console) -> None:
    if not report.errors or report.changes:
        console.print(_counts(report))
    if report.by_school:
        console.print(_schools(report))
        if len(report.by_school) > _MOST_SCHOOLS:
            console.print(f"... and {len(report.by_school) - _MOST_SCHOOLS} more schools; --json lists them all.")
    if report.warnings:
        console.print(_warnings(report))
    if report.errors:
        console.print(_faults(report))
        if report.errors_total > len(report.errors):
            console.print(f"... and {report.errors_total - len(report.errors)} more faults.")
    found: list[Fault | Warned] = [*report.errors, *report.warnings]
    for code, advice in {one.code.value: one.code.advice for one in found}.items():
        console.print(f"[bold]{code}[/bold]: {escape(advice)}", highlight=False)
    console.print(_verdict(report))


def _counts(report: RosterReport) -> Table:
    table = Table("", title="Would change" if report.dry_run or report.errors else None)
    for action in _ACTIONS.values():
        table.add_column(action, justify="right")
    by_action = [getattr(report, name) for name in _ACTIONS]
    for kind in dict.fromkeys(chain(*by_action)):
        table.add_row(kind, *(f"{counts.get(kind, 0):,}" for counts in by_action))
    return table


def _schools(report: RosterReport) -> Table:
    """A row for each kind in which something changes at a school."""
    table = Table("school", "", title="By school")
    for action in _ACTIONS.values():
        table.add_column(action, justify="right")
    for school in report.by_school[:_MOST_SCHOOLS]:
        name = escape(school.name)
        for kind in SCHOOL_KINDS:
            counts = {action: school.counts[action][kind] for action in _ACTIONS}
            if any(count for action, count in counts.items() if action != "unchanged"):
                table.add_row(name, kind, *(f"{count:,}" for count in counts.values()))
                name = ""
    return table


def _warnings(report: RosterReport) -> Table:
    table = _places("Warnings", "first row")
    table.add_column("times", justify="right")
    for found in report.warnings:
        table.add_row(escape(found.file), _cell(found.row), _cell(found.column), found.code, f"{found.count:,}")
    return table


def _faults(report: RosterReport) -> Table:
    table = _places("Faults", "row")
    for found in report.errors:
        table.add_row(escape(found.file), _cell(found.row), _cell(found.column), found.code)
    return table


def _places(title: str, row: str) -> Table:
    """Codes are for looking up, so that they stay whole where the window is narrow."""
    table = Table(title=title)
    table.add_column("file", overflow="fold")
    table.add_column(row, justify="right")
    table.add_column("column", overflow="fold")
    table.add_column("code", no_wrap=True)
    return table


def _cell(value: object) -> str:
    return "" if value is None else escape(str(value))


def _verdict(report: RosterReport) -> str:
    if report.errors:
        return f"{report.errors_total} fault(s). Nothing was written."
    if not report.changes:
        return "The district already is as the package says. Nothing was written."
    return "Dry run: nothing was written." if report.dry_run else "Done."
