"""Running the service: serve, migrate, doctor, demo."""

import os
import tempfile
from typing import Annotated

import typer
import uvicorn
from rich.console import Console
from rich.table import Table

from app import metrics
from app import migrate as migrations
from app.cli.runtime import JsonOption, campus, print_json, run
from app.demo import DemoSummary, fill_demo
from app.doctor import Finding, examine, refuse_unsafe
from app.settings import Settings, SettingsError, load_settings

app = typer.Typer()

GRACE_S = 10
"""How long a stopping server lets running requests finish."""


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Server processes; CAMPUS_WORKERS if left out")
    ] = None,
) -> None:
    """Serves the API until it is stopped (SIGTERM or Ctrl-C); running requests are finished first."""
    if workers is not None:
        os.environ["CAMPUS_WORKERS"] = str(workers)
    settings = load_settings()
    refuse_unsafe(settings)
    _refuse_open_development(host)
    if not settings.is_production:
        migrations.upgrade(settings)
    if settings.workers > 1:
        # Each process counts for itself; the metrics page adds them up from this folder.
        os.environ.setdefault(metrics.FOLDER_VARIABLE, tempfile.mkdtemp(prefix="campus-metrics-"))
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=host,
        port=port,
        workers=settings.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
    )


@app.command()
def migrate() -> None:
    """Moves the database to the schema of this release; several processes may call it at once."""
    migrations.upgrade(load_settings())
    typer.echo(f"The database is at {migrations.newest_revision()}.")


@app.command()
def doctor(*, as_json: JsonOption = False) -> None:
    """Checks the configuration, the database and Redis; the exit code is not 0 where a server must not run like this."""
    try:
        settings = load_settings()
    except SettingsError as error:
        findings = [Finding("unsafe", *fault.split(": ", 1)) for fault in error.faults]
    else:
        findings = [*examine(settings), *run(_examine_parts(settings))]
    unsafe = any(finding.severity == "unsafe" for finding in findings)
    if as_json:
        print_json({"ok": not unsafe, "findings": [vars(finding) for finding in findings]})
    else:
        _print_findings(findings)
    raise typer.Exit(1 if unsafe else 0)


@app.command()
def demo(
    *,
    as_json: JsonOption = False,
    unused_key: Annotated[
        bool, typer.Option("--unused-key", help="Print one unused activation key of jackson-ga and nothing else")
    ] = False,
) -> None:
    """Fills a development database with demo districts and prints logins, an unused key and URLs; twice changes nothing."""
    settings = load_settings()
    if settings.is_production:
        raise SettingsError(["CAMPUS_ENV: demo data does not belong into production"])
    migrations.upgrade(settings)
    summary = run(_fill_demo(settings))
    if unused_key:
        typer.echo(summary.unused_key)
    elif as_json:
        print_json(summary.as_dict())
    else:
        _print_demo(summary)


def _refuse_open_development(host: str) -> None:
    if host not in {"127.0.0.1", "::1", "localhost"} and "CAMPUS_ENV" not in os.environ:
        raise SettingsError(["CAMPUS_ENV: say production or dev before listening to more than this machine"])


async def _examine_parts(settings: Settings) -> list[Finding]:
    from app.composition import open_campus  # noqa: PLC0415  # only where the settings are usable
    from app.errors import Overloaded  # noqa: PLC0415  # with it

    try:
        async with open_campus(settings) as parts:
            checks = await parts.readiness.checks()
    except (Overloaded, ValueError):
        checks = {"database": "unreachable"}
    return [Finding("unsafe", part, state) for part, state in checks.items() if state != "ok"]


async def _fill_demo(settings: Settings) -> DemoSummary:
    async with campus(settings) as parts:
        return await fill_demo(parts)


def _print_findings(findings: list[Finding]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for finding in findings:
        console.print(f"{finding.severity:8} {finding.part}: {finding.advice}", markup=False)
    if not findings:
        console.print("Everything is in order.")


def _print_demo(summary: DemoSummary) -> None:
    console = Console(highlight=False)
    table = Table(title="Demo logins", title_justify="left")
    for column in ("district", "portal", "username", "password", "who"):
        table.add_column(column)
    for login in summary.logins:
        table.add_row(login.district, login.portal, login.username, login.password, login.who)
    console.print(table)
    console.print(f"An unused activation key of jackson-ga: [bold]{summary.unused_key}[/bold]")
    for label, url in summary.urls.items():
        console.print(f"{label + ':':15} {url}")
