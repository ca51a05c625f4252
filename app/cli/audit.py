"""The audit trail of a district, as a file."""

import asyncio
import errno
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from app.cli.runtime import DistrictOption, JsonOption, campus, print_json, run
from app.services.clerk import operator_of
from app.services.office.audit_file import audit_header, audit_lines
from app.services.office.audit_trail import AuditFilter

app = typer.Typer(no_args_is_help=True, help="Read the audit trail.")


@app.callback()
def _audit() -> None:
    """Keeps `export` a sub-command while it is the only one."""


@app.command()
def export(
    *,
    district: DistrictOption,
    out: Annotated[Path, typer.Option("--csv", help="A new file; only its owner may read it")],
    person: Annotated[UUID | None, typer.Option(metavar="ID", help="What happened to this person")] = None,
    account: Annotated[UUID | None, typer.Option(metavar="ID", help="What happened to this account")] = None,
    actor: Annotated[
        str | None, typer.Option(help="What this one did: account:<id>, operator, worker or anonymous")
    ] = None,
    tag: Annotated[str | None, typer.Option(help="How the tag begins, such as office:account:")] = None,
    since: Annotated[datetime | None, typer.Option(help="In UTC")] = None,
    until: Annotated[datetime | None, typer.Option(help="In UTC; up to, but not including")] = None,
    as_json: JsonOption = False,
) -> None:
    """Writes the events of a district into a CSV file, newest first."""
    if out.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(out))
    wanted = AuditFilter(
        person, account, actor, tag, since and since.replace(tzinfo=UTC), until and until.replace(tzinfo=UTC)
    )

    async def command() -> int:
        async with campus() as parts:
            pages = await parts.audit_trail.export(operator_of(district), wanted)
            events = 0
            descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(audit_header())
                async for page in pages:
                    await asyncio.to_thread(file.write, audit_lines(page))
                    events += len(page)
            return events

    events = run(command())
    if as_json:
        print_json({"events": events, "csv": str(out)})
    else:
        typer.echo(f"{events} {'event is' if events == 1 else 'events are'} in {out}.")
