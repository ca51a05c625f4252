"""Families by command: who is whose guardian, and whom the portal shows to whom."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer

from app.cli.runtime import DistrictOption, JsonOption, campus, print_json, run
from app.services.clerk import operator_of
from app.services.office.relationships import RelationshipView

app = typer.Typer(no_args_is_help=True, help="Who is whose guardian, and whom the portal shows to whom.")


class Switch(StrEnum):
    ON = "on"
    OFF = "off"


@app.command()
def search(
    words: Annotated[str, typer.Argument(metavar="WORDS", help="A name, student number, address or id of either")],
    *,
    district: DistrictOption,
    as_json: JsonOption = False,
) -> None:
    """Finds relationships by the guardian or the student, with their ids. The first hundred."""

    async def command() -> Sequence[RelationshipView]:
        async with campus() as parts:
            page = await parts.relationships.search(operator_of(district), q=words, limit=100)
            return page.items

    found = [_facts(relationship) for relationship in run(command())]
    if as_json:
        print_json({"items": found})
    for relationship in [] if as_json else found:
        typer.echo("{id}  {guardian}, {relation} of {student}: portal {portal}".format(**relationship))


@app.command(name="set")
def set_flag(
    relationship: Annotated[UUID, typer.Argument(metavar="ID", help="The relationship's id")],
    *,
    district: DistrictOption,
    portal: Annotated[Switch, typer.Option("--portal", help="Whether the portal shows the student")],
    as_json: JsonOption = False,
) -> None:
    """Switches the portal flag; it holds at the guardian's next request."""

    async def command() -> RelationshipView:
        async with campus() as parts:
            return await parts.relationships.set_portal(operator_of(district), relationship, portal=portal is Switch.ON)

    changed = _facts(run(command()))
    if as_json:
        print_json(changed)
    else:
        typer.echo("{guardian}, {relation} of {student}: portal {portal}".format(**changed))


def _facts(relationship: RelationshipView) -> dict[str, Any]:
    guardian, student = relationship.guardian, relationship.student
    return {
        "id": relationship.id,
        "guardian": f"{guardian.first_name} {guardian.last_name}",
        "student": f"{student.first_name} {student.last_name}",
        "relation": relationship.relation,
        "portal": relationship.portal,
        "ended_at": relationship.ended_at,
    }
