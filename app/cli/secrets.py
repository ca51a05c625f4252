"""Secret keys that are changed: what hangs on which, and making it anew under the newest."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from app.cli.roster import Bars, progress_bars
from app.cli.runtime import JsonOption, campus, print_json, run
from app.clock import rfc3339
from app.services.resealing import Resealed
from app.services.secret_standing import KeyStanding

app = typer.Typer(no_args_is_help=True, help="Change CAMPUS_SECRET_KEYS without a failed sign-in.")

_WAYS = {
    "kept": "goes on without the key, by what was kept of it",
    "reseal": "wants `campus secrets reseal`",
    "ends": "ends by itself",
    "given_up": "is lost without harm",
}


@app.command()
def status(*, as_json: JsonOption = False) -> None:
    """Prints what hangs on each secret key, and whether an older one may be taken out of the list. Prints no key."""

    async def command() -> list[KeyStanding]:
        async with campus() as parts:
            return await parts.secret_standing.keys()

    keys = run(command())
    if as_json:
        print_json({"keys": [_facts(each) for each in keys]})
    else:
        console = Console(soft_wrap=True, highlight=False)
        for each in keys:
            _tell(console, each)


@app.command()
def reseal(*, as_json: JsonOption = False) -> None:
    """Makes everything that can be anew under the newest secret key, while servers run; once they all have it first in their list."""

    async def command() -> tuple[Resealed, list[KeyStanding]]:
        with progress_bars(quiet=as_json) as bars:
            async with campus() as parts:
                return await parts.resealing.reseal(Bars(bars)), await parts.secret_standing.keys()

    done, keys = run(command())
    if as_json:
        facts = [_facts(each) for each in keys]
        print_json({"resealed": done.rows, "unreadable": done.unreadable, "seals": done.seals, "keys": facts})
    else:
        console = Console(soft_wrap=True, highlight=False)
        counts = ", ".join(f"{count} of {table}" for table, count in done.rows.items())
        console.print(f"Resealed: {counts}; {done.seals} seals of the trail.", markup=False)
        for each in keys:
            _tell(console, each)
    if done.unreadable:
        raise typer.Exit(1)


@app.command()
def forget(
    key: Annotated[str, typer.Argument(metavar="KEY", help="As `campus secrets status` names it")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Drops what was kept of a key that somebody may know: what still hangs on it ends when the servers start again."""

    async def command() -> None:
        async with campus() as parts:
            await parts.resealing.forget(key)

    run(command())
    if as_json:
        print_json({"forgotten": key})
    else:
        typer.echo(f"Nothing is kept of {key} any more. Start the servers again.")


def _facts(each: KeyStanding) -> dict[str, Any]:
    return {
        "key": each.key,
        "standing": each.standing,
        "kept_at": each.kept_at,
        "wants_reseal": each.wants_reseal,
        "may_go": each.may_go,
        "may_go_at": each.may_go_at,
        "hanging": [vars(hanging) for hanging in each.hanging],
    }


def _tell(console: Console, each: KeyStanding) -> None:
    console.print(f"{each.key}  {_verdict(each)}", markup=False)
    if each.standing == "newest" or not each.hanging:
        return
    table = Table(box=None, show_header=False, padding=(0, 2))
    for hanging in each.hanging:
        until = f" by {rfc3339(hanging.until)}" if hanging.until else ""
        way = "is lost with the key" if each.standing == "unknown" else _WAYS[hanging.way] + until
        table.add_row("", str(hanging.count), hanging.what, way)
    console.print(table)


def _verdict(each: KeyStanding) -> str:
    match each.standing:
        case "newest":
            return "newest: makes everything new"
        case "kept":
            return "listed no longer; kept as much as needed to recognise what is left"
        case "unknown":
            return "neither listed nor kept: list it again, else what hangs on it is lost"
    if each.wants_reseal:
        return "older: run `campus secrets reseal` before it is taken out"
    if each.may_go:
        return "older: may be taken out of the list now; nobody will notice"
    until = f" from {rfc3339(each.may_go_at)} on" if each.may_go_at else ""
    return f"older: may be taken out{until}; before that, whom it concerns signs in again or asks again"
