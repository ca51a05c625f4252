"""Signing keys that are changed: which signs, which may go, and the three steps, none of which comes too early."""

import os
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from app.cli.runtime import JsonOption, print_json
from app.clock import SystemClock, rfc3339
from app.security.signing_key_file import SigningKeyFile
from app.security.signing_key_list import ListedKey, SigningKeyList

app = typer.Typer(no_args_is_help=True, help="Change CAMPUS_SIGNING_KEYS without a refused token.")

PrintOption = Annotated[
    bool,
    typer.Option("--print", help="Write nothing; print the whole list, private keys too, for whoever keeps it"),
]
AnywayOption = Annotated[
    bool, typer.Option("--anyway", help="Do not wait: somebody may know the old key; apps get 401, and refresh")
]

_NONE = "No signing keys are configured: in development the first process makes one, and keeps it in the database."
_AFTER = {
    "new": "Start every process again, in any order. Five minutes after the last one: `campus signing-keys promote`.",
    "first": "Start every process again: it signs.",
    "promote": "Start every process again, in any order. Ten minutes after the last one: `campus signing-keys drop`.",
    "drop": "Start every process again, in any order. That was all.",
}


@app.command()
def status(*, as_json: JsonOption = False) -> None:
    """Prints which key signs, since when each is listed, and which step comes when. Prints no private key."""
    held, now = SigningKeyFile.of(os.environ), SystemClock().now()
    if as_json:
        print_json({"file": held.path, "keys": _facts(held.keys, now)})
    else:
        _tell(held.keys, now)


@app.command()
def new(*, to_print: PrintOption = False, as_json: JsonOption = False) -> None:
    """Makes a key and lists it behind the others: every process accepts it, none signs with it yet."""
    held = SigningKeyFile.of(os.environ)
    _do("new" if held.keys.keys else "first", held, held.keys.added, to_print=to_print, as_json=as_json)


@app.command()
def promote(*, anyway: AnywayOption = False, to_print: PrintOption = False, as_json: JsonOption = False) -> None:
    """Puts the new key first: it signs. Not before five minutes, for which others may keep the public keys."""
    held = SigningKeyFile.of(os.environ)
    _do("promote", held, lambda now: held.keys.promoted(now, anyway=anyway), to_print=to_print, as_json=as_json)


@app.command()
def drop(*, anyway: AnywayOption = False, to_print: PrintOption = False, as_json: JsonOption = False) -> None:
    """Takes out the key that signs no longer. Not before ten minutes, after which its last token has expired."""
    held = SigningKeyFile.of(os.environ)
    _do("drop", held, lambda now: held.keys.dropped(now, anyway=anyway), to_print=to_print, as_json=as_json)


def _do(
    step: str, held: SigningKeyFile, change: Callable[[datetime], SigningKeyList], *, to_print: bool, as_json: bool
) -> None:
    now = SystemClock().now().replace(microsecond=0)
    keys = change(now)
    if to_print:
        typer.echo(keys.text, nl=False)
        return
    path = held.write(keys)
    if as_json:
        print_json({"file": path, "keys": _facts(keys, now)})
        return
    _tell(keys, now)
    typer.echo(_AFTER[step])


def _facts(keys: SigningKeyList, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "kid": key.kid,
            "standing": keys.standing(key),
            "listed_at": key.listed_at,
            "signs_since": key.signs_since,
            "may_sign": _is_past(keys.may_sign_at(key), now),
            "may_sign_at": keys.may_sign_at(key),
            "may_go": _is_past(keys.may_go_at(key), now),
            "may_go_at": keys.may_go_at(key),
        }
        for key in keys.keys
    ]


def _tell(keys: SigningKeyList, now: datetime) -> None:
    console = Console(soft_wrap=True, highlight=False)
    if not keys.keys:
        console.print(_NONE, markup=False)
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for key in keys.keys:
        table.add_row(key.kid, _age(key, now), _verdict(keys, key, now))
    console.print(table, markup=False)


def _age(key: ListedKey, now: datetime) -> str:
    return f"{(now - key.listed_at).days} days old" if key.listed_at else "of unknown age"


def _verdict(keys: SigningKeyList, key: ListedKey, now: datetime) -> str:
    promote, drop = (_when(moment, now) for moment in (keys.may_sign_at(key), keys.may_go_at(key)))
    match keys.standing(key):
        case "signs":
            return f"signs since {rfc3339(key.signs_since)}" if key.signs_since else "signs"
        case "next":
            return f"on its way in: `campus signing-keys promote` {promote}"
        case "former":
            return f"signs no longer: `campus signing-keys drop` {drop}"
    return f"behind the first: may be promoted {promote}, if it is new, or dropped {drop}"


def _when(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "(nobody noted since when)"
    return "now" if moment <= now else f"from {rfc3339(moment)} on"


def _is_past(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now
