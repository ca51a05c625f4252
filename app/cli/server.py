"""Running the service: serve, worker, migrate, demo."""

import asyncio
import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
import uvicorn
from rich.console import Console
from rich.table import Table

from app import metrics
from app import migrate as migrations
from app.cli.runtime import JsonOption, campus, print_json, run
from app.clock import SystemClock
from app.demo import TOTP_SECRET, DemoSummary, fill_demo
from app.doctor import refuse_unsafe
from app.http_protocol import HTTP_PROTOCOL
from app.logs import configure_logs
from app.security.totp import code_at
from app.settings import Settings, SettingsError, load_settings
from app.telemetry import switch as telemetry
from app.telemetry.faults import report
from app.worker import work

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
    _refuse_taken_port(host, port)
    with _metrics_folder(settings.workers):
        uvicorn.run(
            "app.main:create_server_app",
            factory=True,
            host=host,
            port=port,
            http=HTTP_PROTOCOL,
            workers=settings.workers,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_S,
        )


@app.command()
def worker() -> None:
    """Sends the outbox, prunes what has expired and seals the audit trail, until it is stopped; any number may run."""
    settings = load_settings()
    refuse_unsafe(settings)
    configure_logs(settings)
    telemetry.begin(settings)
    try:
        run(_work_until_stopped(settings))
    except Exception as fault:
        report(fault, part="worker")
        raise
    finally:
        telemetry.end()


@app.command()
def migrate() -> None:
    """Moves the database to the schema of this release; several processes may call it at once."""
    migrations.upgrade(load_settings())
    typer.echo(f"The database is at {migrations.newest_revision()}.")


@app.command()
def demo(
    *,
    as_json: JsonOption = False,
    unused_key: Annotated[
        bool, typer.Option("--unused-key", help="Print one unused activation key of jackson-ga and nothing else")
    ] = False,
    totp: Annotated[
        bool, typer.Option("--totp", help="Print what the authenticator of the demo's staff shows now and nothing else")
    ] = False,
) -> None:
    """Fills a development database with demo districts and prints logins, an unused key, URLs and what to try; twice changes nothing."""
    settings = load_settings()
    if settings.is_production:
        raise SettingsError(["CAMPUS_ENV: demo data does not belong into production"])
    if totp:
        typer.echo(code_at(TOTP_SECRET, SystemClock().now()))
        return
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


def _refuse_taken_port(host: str, port: int) -> None:
    """Uvicorn would only log it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            raise SettingsError([f"cannot listen on {host} port {port} ({fault.strerror})"]) from fault


@contextmanager
def _metrics_folder(workers: int) -> Iterator[None]:
    """Each of several processes counts for itself; the metrics page adds them up from this folder."""
    if workers == 1 or metrics.FOLDER_VARIABLE in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="campus-metrics-") as folder:
        os.environ[metrics.FOLDER_VARIABLE] = folder
        yield


async def _work_until_stopped(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with campus(settings) as parts:
        await work(parts, stop)


async def _fill_demo(settings: Settings) -> DemoSummary:
    async with campus(settings) as parts:
        return await fill_demo(parts)


def _print_demo(summary: DemoSummary) -> None:
    console = Console(highlight=False)
    table = Table(title="Demo logins", title_justify="left")
    for column in ("district", "portal", "username", "password", "who"):
        table.add_column(column)
    for login in summary.logins:
        table.add_row(login.district, login.portal, login.username, login.password, login.who)
    console.print(table)
    console.print(f"An unused activation key of jackson-ga: [bold]{summary.unused_key}[/bold]")
    console.print(
        f"Authenticator of the staff: secret {summary.totp_secret}, or what `campus demo --totp` prints", soft_wrap=True
    )
    for label, url in summary.urls.items():
        console.print(f"{label + ':':15} {url}")
    for district, lines in summary.to_try.items():
        console.print(f"What to try in {district}:")
        for line in lines:
            console.print(f"  - {line}", markup=False, soft_wrap=True)
