"""What every command needs: the wired product over a migrated database, and a place for answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypeVar

import typer

from app.composition import Campus, open_campus
from app.errors import NotReady
from app.portals import Portal
from app.settings import Settings, load_settings

T = TypeVar("T")

DistrictOption = Annotated[str, typer.Option("--district", help="The district's id")]
PortalOption = Annotated[Portal, typer.Option("--portal", help="The portal of the account")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts")]


@asynccontextmanager
async def campus(settings: Settings | None = None) -> AsyncIterator[Campus]:
    """The product as the environment configures it.

    Raises:
        NotReady: the database is not there or not migrated.
    """
    async with open_campus(settings or load_settings()) as parts:
        checks = await parts.readiness.checks()
        if faults := {part: state for part, state in checks.items() if state != "ok" and part != "redis"}:
            raise NotReady(faults)
        yield parts


def run(command: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(command)


def print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))
