"""What is wrong, found before a parent finds it."""

from typing import Annotated

import typer
from rich.console import Console

from app import __version__
from app.cli.runtime import JsonOption, campus, database_checks, print_json, run
from app.clock import SystemClock
from app.doctor import Finding, examine
from app.services.checkup import Check
from app.settings import Settings, SettingsError, load_settings

app = typer.Typer()


@app.command()
def doctor(
    *,
    mail: Annotated[bool, typer.Option("--mail", help="Also say hello to the mail server; nothing is sent")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings decide about the exit code, too")] = False,
    as_json: JsonOption = False,
) -> None:
    """Checks the configuration and the running service; the exit code is 1 where a server must not run like this, else 0."""
    try:
        settings = load_settings()
        checks = [Check("settings", findings=examine(settings)), *run(_examine_parts(settings, mail=mail))]
    except SettingsError as error:
        faults = [Finding("unsafe", *_parts_of(fault), "settings.invalid") for fault in error.faults]
        checks = [Check("settings", findings=faults)]
    findings = [finding for check in checks for finding in check.findings]
    is_unsafe = any(finding.severity == "unsafe" for finding in findings)
    if as_json:
        print_json(
            {
                "ok": not is_unsafe,
                "release": __version__,
                "checked_at": SystemClock().now(),
                "checks": {check.id: {"state": check.state, **check.facts} for check in checks},
                "findings": [vars(finding) for finding in findings],
            }
        )
    else:
        _print(findings)
    raise typer.Exit(1 if is_unsafe or (strict and findings) else 0)


async def _examine_parts(settings: Settings, *, mail: bool) -> list[Check]:
    states = await database_checks(settings, settings.redis_url)
    checks = [
        Check(part, findings=[] if state == "ok" else [Finding("unsafe", part, state, f"{part}.not_ready")])
        for part, state in states.items()
    ]
    if any(states[part] != "ok" for part in ("database", "migrations")):
        return checks
    async with campus(settings) as parts:
        return [*checks, *await parts.checkup.checks(greet_mail_server=mail)]


def _parts_of(fault: str) -> tuple[str, str]:
    variable, _, advice = fault.partition(": ")
    return variable, advice


def _print(findings: list[Finding]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for finding in findings:
        console.print(f"{finding.severity:8} {finding.part}: {finding.advice}", markup=False)
    if not findings:
        console.print("Everything is in order.")
