"""Help by command: look at an account, unlock it, switch it off and on, start it over."""

from enum import StrEnum
from typing import Annotated

import typer

from app.cli.runtime import DistrictOption, JsonOption, PortalOption, campus, print_json, run
from app.portals import Portal
from app.services.accounts import AccountReport
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

    async def command() -> None:
        async with campus() as parts:
            await parts.accounts.unlock(district, username, portal)

    run(command())
    if as_json:
        print_json({"username": username, "unlocked": True})
    else:
        typer.echo(f"{username} may sign in again.")


@app.command()
def disable(
    username: UsernameArgument,
    *,
    district: DistrictOption,
    portal: PortalOption = Portal.PARENT,
    as_json: JsonOption = False,
) -> None:
    """Switches an account off; its sessions end at once."""

    async def command() -> None:
        async with campus() as parts:
            await parts.accounts.disable(district, username, portal)

    run(command())
    if as_json:
        print_json({"username": username, "disabled": True})
    else:
        typer.echo(f"{username} is switched off and signed out everywhere.")


@app.command()
def enable(
    username: UsernameArgument,
    *,
    district: DistrictOption,
    portal: PortalOption = Portal.PARENT,
    as_json: JsonOption = False,
) -> None:
    """Switches an account on again; its password is the old one."""

    async def command() -> None:
        async with campus() as parts:
            await parts.accounts.enable(district, username, portal)

    run(command())
    if as_json:
        print_json({"username": username, "enabled": True})
    else:
        typer.echo(f"{username} is switched on.")


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
