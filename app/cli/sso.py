"""Single sign-on by command: the providers of a district."""

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.runtime import DistrictOption, JsonOption, campus, print_json, run
from app.portals import Portal
from app.services.clerk import operator_of
from app.services.office.sso_desk import Examined, ProviderSettings
from app.services.setting_paths import SettingRefused
from app.services.sso.providers import DistrictProvider, Identifier, PortalMatch, RequiredClaim

app = typer.Typer(no_args_is_help=True, help="The OpenID providers that sign a district's people in, beside passwords.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="As it is called in addresses, such as google")]


@app.command("list")
def list_all(*, district: DistrictOption, as_json: JsonOption = False) -> None:
    """Prints the providers of a district, each with the address to register with it."""

    async def command() -> list[DistrictProvider]:
        async with campus() as parts:
            return list(await parts.sso_desk.list(operator_of(district)))

    providers = run(command())
    if as_json:
        print_json({"items": [_facts(one) for one in providers]})
    for one in [] if as_json else providers:
        typer.echo(f"{one.name}  {one.provider.issuer}  {'on' if one.enabled else 'off'}  {one.provider.callback_url}")


@app.command("set")
def put(
    name: Name,
    *,
    district: DistrictOption,
    issuer: Annotated[str, typer.Option(help="As the provider writes it itself")],
    client_id: Annotated[str, typer.Option(help="From the provider")],
    match: Annotated[
        list[str],
        typer.Option(
            metavar="PORTAL=CLAIM:IDENTIFIER",
            help="student=sub:sourced_id; an identifier is sourced_id, student_number, state_id or email",
        ),
    ],
    client_secret_file: Annotated[
        Path | None, typer.Option(help="A file with the secret; without it the secret stays")
    ] = None,
    label: Annotated[str | None, typer.Option(help="As the button calls it; the name if left out")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="Beside openid")] = None,
    require: Annotated[list[str] | None, typer.Option(metavar="CLAIM=VALUE", help="hd=jackson.example.org")] = None,
    make_accounts: Annotated[bool, typer.Option(help="For people of the roster who have none")] = True,
    trust_mfa: Annotated[bool, typer.Option(help="Its second factor takes the place of ours")] = False,
    enabled: bool = True,
    as_json: JsonOption = False,
) -> None:
    """Adds a provider, or puts other settings in the place of all that it had."""
    settings = ProviderSettings(
        label=label or name,
        issuer=issuer,
        client_id=client_id,
        client_secret=client_secret_file.read_text(encoding="utf-8").strip() if client_secret_file else None,
        scopes=scope or (),
        portals=[_match(text) for text in match],
        required_claims=[RequiredClaim(*_pair(text)) for text in require or ()],
        makes_accounts=make_accounts,
        trusts_mfa=trust_mfa,
        enabled=enabled,
    )

    async def command() -> DistrictProvider:
        async with campus() as parts:
            return await parts.sso_desk.put(operator_of(district), name, settings)

    one = run(command())
    if as_json:
        print_json(_facts(one))
    else:
        typer.echo(f"{one.name}: register {one.provider.callback_url} with the provider as redirect URI")


@app.command()
def remove(name: Name, *, district: DistrictOption, as_json: JsonOption = False) -> None:
    """Takes a provider away; accounts and sessions stay."""

    async def command() -> None:
        async with campus() as parts:
            await parts.sso_desk.remove(operator_of(district), name)

    run(command())
    if as_json:
        print_json({"name": name, "removed": True})
    else:
        typer.echo(f"{name} is gone")


@app.command()
def check(name: Name, *, district: DistrictOption, as_json: JsonOption = False) -> None:
    """Asks a provider who it is and for its keys; exit code 1 where that does not work."""

    async def command() -> Examined:
        async with campus() as parts:
            return await parts.sso_desk.examine(operator_of(district), name)

    examined = run(command())
    keys = examined.health.signing_keys if examined.health else 0
    if as_json:
        print_json({"works": keys > 0, "fault": examined.fault, "signing_keys": keys})
    else:
        typer.echo(f"{name} answers and has {keys} keys" if keys else f"{name}: {examined.fault or 'no_keys'}")
    if not keys:
        raise typer.Exit(1)


def _match(text: str) -> PortalMatch:
    portal, how = _pair(text)
    claim, _, identifier = how.rpartition(":")
    try:
        return PortalMatch(Portal(portal), claim, Identifier(identifier))
    except ValueError:
        raise SettingRefused(f"{text!r} does not read like student=sub:sourced_id") from None


def _pair(text: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not (left and equals and right):
        raise SettingRefused(f"{text!r} does not read like name=value")
    return left, right


def _facts(one: DistrictProvider) -> dict[str, Any]:
    return {
        "name": one.name,
        "label": one.label,
        "issuer": one.provider.issuer,
        "client_id": one.provider.client_id,
        "has_client_secret": one.provider.client_secret is not None,
        "scopes": one.provider.scopes,
        "portals": [vars(match) for match in one.portals],
        "required_claims": [vars(required) for required in one.required_claims],
        "makes_accounts": one.makes_accounts,
        "trusts_mfa": one.trusts_mfa,
        "enabled": one.enabled,
        "callback_url": one.provider.callback_url,
    }
