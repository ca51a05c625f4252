"""Activation keys: issued into a CSV file that is on disk before a batch counts; listed, and taken back."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from app.cli.key_letters import print_letters, told_of
from app.cli.runtime import DistrictOption, JsonOption, campus, print_json, run
from app.composition import Campus
from app.portals import Portal
from app.services.clerk import operator_of
from app.services.keys import NobodyToIssueTo
from app.services.office.issued_keys import KeyQuery, KeyView
from app.services.office.key_facts import KeyState
from app.services.office.key_file import KeyFile

app = typer.Typer(no_args_is_help=True, help="Issue activation keys, list them, take them back.")


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
    pdf: Annotated[Path | None, typer.Option(help="A new file for the letters, too: a page a person")] = None,
    as_json: JsonOption = False,
) -> None:
    """Issues a key to everybody who may have an account and has neither an account nor a live key.

    The CSV is on disk first. If printing the letters fails or is stopped, `campus keys print` prints them from it.
    """
    _refuse_what_is_there(out, *([pdf] if pdf else []))

    async def command() -> tuple[int, int]:
        async with campus() as parts:
            if pdf:
                await parts.key_letters.check()
            with _progress() as progress:
                with KeyFile(out) as file:
                    issued = await _issue(parts, district, file, portal, school, replace, progress)
                return issued, await print_letters(parts, district, out, pdf, progress, issued) if pdf else 0

    issued, letters = run(command())
    if as_json:
        print_json({"issued": issued, "csv": str(out), **({"letters": letters, "pdf": str(pdf)} if pdf else {})})
    else:
        typer.echo(f"{issued} {'key is' if issued == 1 else 'keys are'} in {out}.")
        if letters:
            typer.echo(told_of(letters, pdf))


async def _issue(
    parts: Campus,
    district: str,
    file: KeyFile,
    portal: Portal | None,
    school: str | None,
    replace: str | None,
    progress: Progress,
) -> int:
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


@app.command("print")
def print_keys(
    *,
    district: DistrictOption,
    keys: Annotated[Path, typer.Option("--csv", exists=True, dir_okay=False, help="The file that `issue` wrote")],
    pdf: Annotated[Path, typer.Option(help="A new file for the letters: a page a person")],
    as_json: JsonOption = False,
) -> None:
    """Prints letters for the keys of a CSV file that are still good for something."""
    _refuse_what_is_there(pdf)

    async def command() -> int:
        async with campus() as parts:
            await parts.key_letters.check()
            with _progress() as progress:
                return await print_letters(parts, district, keys, pdf, progress)

    letters = run(command())
    if as_json:
        print_json({"letters": letters, "pdf": str(pdf)})
    else:
        typer.echo(told_of(letters, pdf))


@app.command("list")
def list_keys(
    *,
    district: DistrictOption,
    state: Annotated[KeyState | None, typer.Option(help="Only these")] = None,
    portal: Annotated[Portal | None, typer.Option(help="Only this portal")] = None,
    person: Annotated[UUID | None, typer.Option(help="Only this person's: the id")] = None,
    batch: Annotated[UUID | None, typer.Option(help="Only those of this batch")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="No more than so many, newest first")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Lists keys with their states; no keys in clear, which are known to nobody here."""

    async def command() -> Sequence[KeyView]:
        async with campus() as parts:
            page = await parts.issued_keys.page(operator_of(district), KeyQuery(state, person, batch, portal), limit)
            return page.items

    keys = run(command())
    if as_json:
        print_json([vars(key) for key in keys])
        return
    for key in keys:
        typer.echo(
            f"{key.id}  {key.state:8} {key.portal:8} {key.issued_at:%Y-%m-%d}  {key.last_name}, {key.first_name}"
        )


@app.command()
def revoke(
    key: Annotated[UUID | None, typer.Argument(metavar="KEY_ID", help="The id that `list` shows, not the key")] = None,
    *,
    district: DistrictOption,
    batch: Annotated[UUID | None, typer.Option(help="Instead: all of this batch that are still live")] = None,
    as_json: JsonOption = False,
) -> None:
    """Takes a key back, or those of a batch: it opens nothing any more."""
    if (key is None) == (batch is None):
        raise typer.BadParameter("name either a key or a batch")

    async def command() -> int:
        async with campus() as parts:
            clerk = operator_of(district)
            if batch:
                return await parts.key_batches.revoke(clerk, batch)
            await parts.issued_keys.revoke(clerk, key)  # type: ignore[arg-type]  # one of the two is there
            return 1

    revoked = run(command())
    if as_json:
        print_json({"revoked": revoked})
    else:
        typer.echo(f"{revoked} {'key opens' if revoked == 1 else 'keys open'} nothing any more.")


def _refuse_what_is_there(*files: Path) -> None:
    for file in files:
        if file.exists():
            raise NobodyToIssueTo(f"{file} is there already; keys are never written over others")


def _progress() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
