"""What a district brings along from another system: accounts with their hashes, and keys that are printed already."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.cli.roster import Bars, progress_bars
from app.cli.runtime import DistrictOption, JsonOption, campus, print_json, run
from app.composition import Campus
from app.services.clerk import operator_of
from app.services.office.household_import import HouseholdCounts
from app.services.office.import_report import Finding, ImportReport
from app.services.office.key_import import DAYS, MOST_DAYS

FileArgument = Annotated[Path, typer.Argument(metavar="FILE.csv", exists=True, dir_okay=False)]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Check and compare, write nothing")]

_CAUTION = (
    "These keys came from another system: somebody there may know them, or guess them. "
    "Tell families to use them soon, and prefer keys of your own (campus keys issue)."
)


def import_accounts(
    path: FileArgument, *, district: DistrictOption, dry_run: DryRunOption = False, as_json: JsonOption = False
) -> None:
    """Makes accounts of another system's: columns person_id, portal, username, and password_hash, recovery_email where there are some.

    Hashes of bcrypt, Argon2, PBKDF2 and scrypt are taken. With faults nothing is written, and the exit code is 1.
    """

    async def work(parts: Campus, bars: Bars) -> ImportReport:
        return await parts.account_import.run(operator_of(district), path, dry_run=dry_run, progress=bars)

    _finish(_run(work, quiet=as_json), "accounts", as_json=as_json)


def import_keys(
    path: FileArgument,
    *,
    district: DistrictOption,
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="How long the keys open something")] = DAYS,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Takes keys that another system printed: columns person_id, portal, activation_key. They should not live long.

    With faults nothing is written, and the exit code is 1.
    """

    async def work(parts: Campus, bars: Bars) -> ImportReport:
        return await parts.key_import.run(operator_of(district), path, days=days, dry_run=dry_run, progress=bars)

    _finish(_run(work, quiet=as_json), "keys", as_json=as_json, caution=_CAUTION)


def import_households(
    path: FileArgument, *, district: DistrictOption, dry_run: DryRunOption = False, as_json: JsonOption = False
) -> None:
    """Enters where families live: columns household_id, person_id, and street, city, state, postal_code, phones, emails, language where there are some.

    A row for each person, sorted by household. With faults nothing is written, and the exit code is 1.
    """

    async def work(parts: Campus, bars: Bars) -> ImportReport:
        return await parts.household_import.run(operator_of(district), path, dry_run=dry_run, progress=bars)

    _finish(_run(work, quiet=as_json), "households", as_json=as_json)


def _run(work: Callable[[Campus, Bars], Awaitable[ImportReport]], *, quiet: bool) -> ImportReport:
    async def command() -> ImportReport:
        async with campus() as parts:
            with progress_bars(quiet=quiet) as bars:
                return await work(parts, Bars(bars))

    return run(command())


def _finish(report: ImportReport, what: str, *, as_json: bool, caution: str | None = None) -> None:
    if as_json:
        print_json({**report.as_json(), **({"caution": caution} if caution else {})})
    else:
        _show(report, what, Console(soft_wrap=True))
        if caution and not report.errors:
            typer.echo(caution)
    if report.errors:
        raise typer.Exit(1)


def _show(report: ImportReport, what: str, console: Console) -> None:
    for title, found, total in (
        ("Warnings", report.warnings, report.warnings_total),
        ("Faults", report.errors, report.errors_total),
    ):
        if found:
            console.print(_places(title, found))
        if total > len(found):
            console.print(f"... and {total - len(found)} more.")
    for code, advice in {one.code.value: one.code.advice for one in [*report.errors, *report.warnings]}.items():
        console.print(f"[bold]{code}[/bold]: {escape(advice)}", highlight=False)
    if report.errors:
        console.print(f"{report.errors_total} fault(s). Nothing was written.")
        return
    counts = report.counts
    ends = {"there already": counts.unchanged, "different": counts.conflicts, "left out": counts.left_out}
    ends |= {"changed": counts.changed} if isinstance(counts, HouseholdCounts) else {}
    others = "".join(f", {count} {end}" for end, count in ends.items())
    console.print(f"New {what}: {counts.created}{others}.{' Dry run: nothing was written.' if report.dry_run else ''}")


def _places(title: str, found: Sequence[Finding]) -> Table:
    table = Table(title=title)
    table.add_column("row", justify="right")
    table.add_column("column", overflow="fold")
    table.add_column("code", no_wrap=True)
    for one in found:
        table.add_row(str(one.row or ""), escape(one.column), one.code)
    return table
