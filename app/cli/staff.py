"""The staff of a district's office: the first admin of a new district comes from here."""

from typing import Annotated

import typer

from app.cli.runtime import DistrictOption, JsonOption, campus, print_json, run
from app.services.clerk import StaffRole, operator_of
from app.services.office.staff_list import StaffView
from app.services.office.staff_office import NewStaff, StaffAdded
from app.text import is_plain, tidy

app = typer.Typer(no_args_is_help=True, help="Say who works for a district's office.")

_LONGEST_NAME = 100


@app.command()
def add(
    *,
    district: DistrictOption,
    username: Annotated[str, typer.Option(help="What the key will bring; by the district's policy")],
    role: Annotated[StaffRole, typer.Option(help="What the person may do")],
    person_name: Annotated[
        str | None, typer.Option(metavar='"First Last"', help="A person whom no roster knows")
    ] = None,
    person: Annotated[
        str | None, typer.Option(metavar="SOURCED_ID", help="Staff of the roster instead: the sourced id or the id")
    ] = None,
    school: Annotated[
        list[str] | None,
        typer.Option(help="Only for the help desk, may be repeated: the school's id, sourced id, identifier or name"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Gives somebody a part in the office, and prints the activation key that carries the username.

    Once more for the same --person: role, schools and key are replaced.
    """
    if (person_name is None) == (person is None):
        raise typer.BadParameter("name either a new person with --person-name or somebody of the roster with --person")
    first_name, last_name = _names(person_name) if person_name is not None else ("", "")
    new = NewStaff(role, username, first_name, last_name, person, school or ())

    async def command() -> StaffAdded:
        async with campus() as parts:
            return await parts.staff_office.add(operator_of(district), new)

    added = run(command())
    if as_json:
        print_json({name: value for name, value in vars(added).items() if name != "role"})
    else:
        typer.echo(f"{added.username} is {role.value} in {district}. The activation key: {added.activation_key}")
        typer.echo(f"It ends on {added.expires_at:%Y-%m-%d}. Hand it over in person, never over the phone.")


@app.command("list")
def list_staff(*, district: DistrictOption, as_json: JsonOption = False) -> None:
    """Shows who works for the office, in the order in which they were added."""

    async def command() -> list[StaffView]:
        async with campus() as parts:
            return await parts.staff_list.every(operator_of(district))

    members = run(command())
    if as_json:
        print_json({"items": [_as_json(member) for member in members]})
        return
    for member in members:
        schools = ", ".join(school.name for school in member.schools) or "whole district"
        name = f"{member.first_name} {member.last_name}"
        typer.echo(f"{member.person_id}  {member.role:14}  {member.username or '-':20}  {name} ({schools})")


@app.command()
def remove(
    username: Annotated[str, typer.Argument(metavar="USERNAME", help="In any case")],
    *,
    district: DistrictOption,
    as_json: JsonOption = False,
) -> None:
    """Takes somebody's part in the office away; the account is signed out everywhere."""

    async def command() -> None:
        async with campus() as parts:
            clerk = operator_of(district)
            await parts.staff_office.remove(clerk, await parts.staff_list.called(clerk, username))

    run(command())
    if as_json:
        print_json({"username": username, "removed": True})
    else:
        typer.echo(f"{username} has no part in the office of {district} any more, and is signed out everywhere.")


def _names(typed: str) -> tuple[str, str]:
    first, _, last = tidy(typed).partition(" ")
    if not last or not is_plain(typed) or len(typed) > _LONGEST_NAME:
        raise typer.BadParameter('--person-name must read "First Last"')
    return first, last


def _as_json(member: StaffView) -> dict[str, object]:
    schools = [vars(school) for school in member.schools]
    return {name: value for name, value in {**vars(member), "schools": schools}.items() if value is not None}
