"""The audit trail: as a file, and whether it is what was sealed."""

import asyncio
import errno
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from app.cli.runtime import DistrictOption, JsonOption, campus, print_json, run
from app.services.audit_chain import Head
from app.services.audit_verification import WHAT, ChainReport, Finding
from app.services.clerk import operator_of
from app.services.office.audit_file import audit_header, audit_lines
from app.services.office.audit_trail import AuditFilter

app = typer.Typer(no_args_is_help=True, help="Read the audit trail, and verify it.")


@app.command()
def export(
    *,
    district: DistrictOption,
    out: Annotated[Path, typer.Option("--csv", help="A new file; only its owner may read it")],
    person: Annotated[UUID | None, typer.Option(metavar="ID", help="What happened to this person")] = None,
    student: Annotated[
        UUID | None, typer.Option(metavar="ID", help="The same, and who looked at him or changed who may see him")
    ] = None,
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
    first, end = (moment and moment.replace(tzinfo=UTC) for moment in (since, until))
    wanted = AuditFilter(person, account, actor, tag, first, end, student)

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


OneDistrictOption = Annotated[str | None, typer.Option("--district", help="Only this district's; else all")]


@app.command()
def head(*, district: OneDistrictOption = None, as_json: JsonOption = False) -> None:
    """Prints the newest seal of each district, to be kept where nobody with this database comes."""

    async def command() -> list[Head]:
        async with campus() as parts:
            return await parts.audit_verification.heads(district)

    heads = run(command())
    if as_json:
        print_json({"heads": [str(each) for each in heads]})
    else:
        for each in heads:
            typer.echo(str(each))


@app.command()
def verify(
    *,
    district: OneDistrictOption = None,
    head: Annotated[list[str] | None, typer.Option(help="A seal that was kept elsewhere; may be repeated")] = None,
    heads: Annotated[
        Path | None, typer.Option(help="A file of them, one a line, as `campus audit head` prints")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Says which events were altered, removed or put in since they were sealed; the exit code is 1 if any."""
    kept = _heads([*(head or []), *(heads.read_text(encoding="utf-8").split() if heads else [])])

    async def command() -> list[ChainReport]:
        async with campus() as parts:
            return await parts.audit_verification.verify(district, kept)

    reports = run(command())
    if as_json:
        print_json({"ok": not any(report.counts for report in reports), "chains": [_facts(each) for each in reports]})
    else:
        for report in reports:
            _tell(report)
    if any(report.counts for report in reports):
        raise typer.Exit(1)


@app.command()
def adopt(*, district: OneDistrictOption = None, as_json: JsonOption = False) -> None:
    """Goes on with a chain whose newest seal no listed secret key has made: only after the keys were lost, never after a theft."""

    async def command() -> Head:
        async with campus() as parts:
            adopted = await parts.audit_sealing.adopt(district)
            await parts.audit_sealing.seal(everything=True)
            return adopted

    adopted = run(command())
    if as_json:
        print_json({"head": str(adopted)})
    else:
        typer.echo(f"The chain goes on with {adopted}")


def _heads(texts: list[str]) -> list[Head]:
    try:
        return [Head.read(text) for text in texts]
    except ValueError as fault:
        raise typer.BadParameter("a seal reads district:number:digest", param_hint="--head") from fault


def _facts(report: ChainReport) -> dict[str, object]:
    counted = {"seals": report.seals, "events": report.events, "unsealed": report.unsealed}
    head = str(report.head) if report.head else None
    findings = [vars(finding) | {"sentence": _sentence(finding)} for finding in report.findings]
    return {"chain": report.chain, **counted, "head": head, "counts": report.counts, "findings": findings}


def _tell(report: ChainReport) -> None:
    held = f"{report.chain}: {report.events} events under {report.seals} seals, {report.unsealed} not sealed"
    typer.echo(f"{held}: {'FINDINGS' if report.counts else 'ok'}")
    for finding in report.findings:
        typer.echo(f"  {_sentence(finding)}")
    if more := report.counts.total() - len(report.findings):
        typer.echo(f"  and {more} more")


def _sentence(finding: Finding) -> str:
    return WHAT[finding.what].format(event=finding.event, seal=finding.seal)
