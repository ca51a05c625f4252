"""What every command needs: the wired product over a migrated database, and a place for answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, TypeVar

import typer

from app.clock import rfc3339
from app.composition import Campus, open_campus
from app.database import Database, unhurried
from app.errors import NotReady
from app.migrate import newest_revision
from app.portals import Portal
from app.services.readiness import Readiness
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
    settings = settings or load_settings()
    checks = await database_checks(settings)
    if any(state != "ok" for state in checks.values()):
        raise NotReady(checks)
    async with open_campus(settings) as parts:
        yield parts


async def database_checks(settings: Settings, redis_url: str | None = None) -> dict[str, str]:
    """`ok` or what is wrong, by part; asked before the product is wired, which needs a database that is in order."""
    database = Database(settings)
    try:
        return await Readiness(database, redis_url, newest_revision()).checks()
    finally:
        await database.close()


def run(command: Coroutine[Any, Any, T]) -> T:
    with unhurried():
        return asyncio.run(command)


def print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2, default=_plain, ensure_ascii=False))


def _plain(value: object) -> str:
    return rfc3339(value) if isinstance(value, datetime) else str(value)
