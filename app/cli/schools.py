"""Schools by command: which there are, and what each has switched on in the app."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import typer

from app.cli.runtime import DistrictOption, JsonOption, campus, print_json, run
from app.composition import Campus
from app.services.clerk import Clerk, operator_of
from app.services.office.school_desk import SchoolEntry

app = typer.Typer(no_args_is_help=True, help="Which schools there are, and what each has switched on in the app.")


@app.command("list")
def list_all(*, district: DistrictOption, as_json: JsonOption = False) -> None:
    """Prints the schools of the roster with their ids."""

    async def command() -> list[SchoolEntry]:
        async with campus() as parts:
            return [school async for school in _every(parts, operator_of(district))]

    schools = run(command())
    if as_json:
        print_json({"items": [_facts(school) for school in schools]})
    for school in [] if as_json else schools:
        typer.echo(f"{school.id}  {school.name}")


@app.command("set")
def change(
    school: Annotated[str, typer.Argument(metavar="SCHOOL", help="Its id, sourced id, identifier or name")],
    assignments: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY=VALUE",
            help='off.parent=fees, own_calendar=true, or closures="grading 2026-12-18T15:00..2027-01-08 grades"; empty restores the default',
        ),
    ],
    *,
    district: DistrictOption,
    as_json: JsonOption = False,
) -> None:
    """Switches areas of the app on or off at one school; all of the assignments or none."""

    async def command() -> SchoolEntry:
        async with campus() as parts:
            return await parts.school_desk.set(operator_of(district), school, assignments)

    changed = run(command())
    if as_json:
        print_json(_facts(changed))
    else:
        typer.echo(f"{changed.name}: {', '.join(assignments)}")


async def _every(parts: Campus, clerk: Clerk) -> AsyncIterator[SchoolEntry]:
    page = await parts.school_desk.page(clerk, 100)
    while True:
        for school in page.items:
            yield school
        if page.end is None:
            return
        page = await parts.school_desk.page(clerk, 100, page.end)


def _facts(school: SchoolEntry) -> dict[str, Any]:
    return {"id": str(school.id), "name": school.name, "areas": school.areas.model_dump(mode="json")}
