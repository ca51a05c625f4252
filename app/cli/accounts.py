"""Help by command: look at an account, unlock it, switch it off and on, start it over."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated

import typer

from app.cli.runtime import DistrictOption, JsonOption, PortalOption, campus, print_json, run
from app.portals import Portal
from app.services.accounts import AccountReport, Accounts
from app.services.keys import IssuedKey

app = typer.Typer(no_args_is_help=True, help="Look at an account, unlock it, switch it off and on, start it over.")

UsernameArgument = Annotated[str, typer.Argument(metavar="USERNAME", help="In any case")]


class ResetMethod(StrEnum):
    KEY = "key"


@app.command()
def show(
    username: UsernameArgument,
    *,
    district: DistrictOption,
    portal: PortalOption = Portal.PARENT,
    as_json: JsonOption = False,
) -> None:
    """Shows what a help desk needs: locks, sessions, keys; no secrets."""

    async def command() -> AccountReport:
        async with campus() as parts:
            return await parts.accounts.show(district, username, portal)

    report = vars(run(command()))
    if as_json:
        print_json(report)
    else:
        for name, value in report.items():
            typer.echo(f"{name.replace('_', ' '):20} {'-' if value is None else value}")


@app.command()
def unlock(
    username: UsernameArgument,
    *,
    district: DistrictOption,
    portal: PortalOption = Portal.PARENT,
    as_json: JsonOption = False,
) -> None:
    """Lets its owner try again after too many wrong passwords; the password is the one before."""
    run(_change(lambda accounts: accounts.unlock(district, username, portal)))
    _report(username, "unlocked", f"{username} may sign in again.", as_json=as_json)


@app.command()
def disable(
    username: UsernameArgument,
    *,
    district: DistrictOption,
    portal: PortalOption = Portal.PARENT,
    as_json: JsonOption = False,
) -> None:
    """Switches an account off; its sessions end at once."""
    run(_change(lambda accounts: accounts.disable(district, username, portal)))
    _report(username, "disabled", f"{username} is switched off and signed out everywhere.", as_json=as_json)


@app.command()
def enable(
    username: UsernameArgument,
    *,
    district: DistrictOption,
    portal: PortalOption = Portal.PARENT,
    as_json: JsonOption = False,
) -> None:
    """Switches an account on again; its password is the old one."""
    run(_change(lambda accounts: accounts.enable(district, username, portal)))
    _report(username, "enabled", f"{username} is switched on.", as_json=as_json)


@app.command()
def reset(
    username: UsernameArgument,
    *,
    district: DistrictOption,
    portal: PortalOption = Portal.PARENT,
    method: Annotated[ResetMethod, typer.Option(help="How its owner gets back in")] = ResetMethod.KEY,
    as_json: JsonOption = False,
) -> None:
    """Takes the password off, ends every session, and prints an activation key that starts the account over."""

    async def command() -> IssuedKey:
        async with campus() as parts:
            return await parts.accounts.reset_by_key(district, username, portal)

    key = run(command())
    if as_json:
        print_json({"method": method, "activation_key": key.activation_key, "expires_at": key.expires_at})
    else:
        typer.echo(f"{username} is signed out everywhere. The new activation key: {key.activation_key}")
        typer.echo(f"It ends on {key.expires_at:%Y-%m-%d}. Hand it over in person or by letter, never over the phone.")


async def _change(change: Callable[[Accounts], Awaitable[None]]) -> None:
    async with campus() as parts:
        await change(parts.accounts)


def _report(username: str, done: str, sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"username": username, done: True})
    else:
        typer.echo(sentence)
