"""Backups: made while servers run, restored while none does."""

import os
from pathlib import Path
from typing import Annotated

import typer

from app.backup import back_up
from app.backup import restore as restore_backup
from app.cli.roster import Bars, progress_bars
from app.cli.runtime import JsonOption, campus, print_json, run
from app.clock import SystemClock, rfc3339
from app.composition.ground import secret_keys
from app.security.digests import Digests
from app.services.after_restore import Settled
from app.settings import load_settings

app = typer.Typer()


@app.command()
def backup(
    out: Annotated[Path, typer.Argument(help="A new file; only its owner may read it")], *, as_json: JsonOption = False
) -> None:
    """Copies the database into one file, while servers run. Secret and signing keys are not in it: keep them elsewhere."""
    settings = load_settings()
    with progress_bars(quiet=as_json) as bars:
        digests = Digests(secret_keys(settings))
        clock = SystemClock()
        made = back_up(settings, out, clock=clock, digests=digests, environ=os.environ, progress=Bars(bars))
    if as_json:
        print_json({"backup": str(out), "bytes": made.bytes, "manifest": vars(made.manifest)})
        return
    counts = made.manifest.counts
    typer.echo(f"{out} holds {counts['districts']} districts and {counts['accounts']} accounts ({made.bytes} bytes).")
    typer.echo(
        "The secret and signing keys are not in it: without them it is of little use, with them it is the house."
    )


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(metavar="IN", help="What `campus backup` has written")],
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Whatever is in the database now is lost")] = False,
    keep_sessions: Annotated[
        bool, typer.Option("--keep-sessions", help="Also those that were ended since the backup live again")
    ] = False,
    lost_keys: Annotated[
        bool, typer.Option("--lost-keys", help="The secret key that it was made under is gone for good")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Puts a backup in the place of the database, ends all sessions, and verifies the trail; servers and workers must have stopped."""
    settings = load_settings()
    with progress_bars(quiet=as_json) as bars:
        restored = restore_backup(
            settings,
            source,
            digests=Digests(secret_keys(settings)),
            environ=os.environ,
            progress=Bars(bars),
            replace=replace,
            lost_keys=lost_keys,
        )

    async def settle() -> Settled:
        async with campus(settings) as parts:
            return await parts.after_restore.settle(restored.manifest.made_at, keep_sessions=keep_sessions)

    settled = run(settle())
    found = {report.chain: dict(report.counts) for report in settled.reports if report.counts}
    if as_json:
        facts = {"sessions_ended": settled.sessions_ended, "newest_event_at": settled.newest_event_at}
        print_json({"ok": not found, "manifest": vars(restored.manifest), **facts, "trail": found})
    else:
        newest = rfc3339(settled.newest_event_at) if settled.newest_event_at else "nothing"
        typer.echo(f"Restored as of {restored.manifest.made_at}; the last event of its trail: {newest}.")
        typer.echo(f"{settled.sessions_ended} sessions ended." if not keep_sessions else "Sessions were kept.")
        typer.echo("The trail: " + ("whole." if not found else "FINDINGS; see `campus audit verify`."))
    if found:
        raise typer.Exit(1)
