"""Activation keys: issued into a CSV file that is on disk before a batch counts."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from app.cli.runtime import DistrictOption, JsonOption, campus, print_json, run
from app.portals import Portal
from app.services.key_file import KeyFile
from app.services.keys import NobodyToIssueTo

app = typer.Typer(no_args_is_help=True, help="Issue activation keys.")


@app.callback()
def _keys() -> None:
    """Keeps `issue` a sub-command while it is the only one."""


@app.command()
def issue(
    *,
    district: DistrictOption,
    out: Annotated[Path, typer.Option("--csv", help="A new file for the keys; only its owner may read it")],
    portal: Annotated[Portal | None, typer.Option(help="Only this portal; all three if left out")] = None,
    school: Annotated[str | None, typer.Option(help="Only this school: its id, sourced id, identifier or name")] = None,
    replace: Annotated[
        str | None, typer.Option(metavar="PERSON", help="A new key for this person, instead of a lost one")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Issues a key to everybody who may have an account and has neither an account nor a live key."""
    if out.exists():
        raise NobodyToIssueTo(f"{out} is there already; keys are never written over others")

    async def command() -> int:
        async with campus() as parts:
            with KeyFile(out) as file, _progress() as progress:
                if replace:
                    await parts.key_issue.replace(district, replace, portal or Portal.PARENT, file.deliver)
                    return 1
                bar = progress.add_task("keys", total=None)
                return await parts.key_issue.issue(
                    district,
                    file.deliver,
                    portals=[portal] if portal else list(Portal),
                    school=school,
                    progress=lambda done, whole: progress.update(bar, completed=done, total=whole),
                )

    issued = run(command())
    if as_json:
        print_json({"issued": issued, "csv": str(out)})
    else:
        typer.echo(f"{issued} {'key is' if issued == 1 else 'keys are'} in {out}.")


def _progress() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
