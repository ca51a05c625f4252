"""Help by command: find an account, look at it, unlock it, switch it off and on, start it over, erase it."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import typer

from app.cli.runtime import DistrictOption, JsonOption, PortalOption, campus, print_json, run
from app.portals import Portal
from app.services.clerk import Clerk, operator_of
from app.services.office.account_desk import AccountPage
from app.services.office.account_diagnosis import AccountDiagnosis
from app.services.office.accounts import Accounts, ResetAnswer, ResetMethod

app = typer.Typer(
    no_args_is_help=True, help="Find an account, look at it, unlock it, switch it off and on, start it over, erase it."
)

UsernameArgument = Annotated[str, typer.Argument(metavar="USERNAME", help="In any case")]


@app.command()
def search(
    words: Annotated[str, typer.Argument(metavar="WORDS", help="A name, username, student number, address or id")],
    *,
    district: DistrictOption,
    portal: Annotated[Portal | None, typer.Option("--portal", help="Only accounts of this portal")] = None,
    as_json: JsonOption = False,
) -> None:
    """Finds accounts and people without one, and says why they cannot get in. The first hundred."""

    async def command() -> AccountPage:
        async with campus() as parts:
            return await parts.account_desk.search(operator_of(district), q=words, portal=portal, limit=100)

    page = run(command())
    found = [_facts(account) for account in page.accounts.items]
    without = [
        {"person_id": person.id, "first_name": person.first_name, "last_name": person.last_name}
        | {"portal": door.portal, "reason": door.reason}
        for person in page.without_account
        for door in person.doors
    ]
    if as_json:
        print_json({"items": found, "without_account": without})
        return
    for account in found:
        reasons = ", ".join(account["reasons"]) or "nothing keeps it shut"
        typer.echo("{username} ({portal}), {first_name} {last_name}: ".format(**account) + reasons)
    for person in without:
        typer.echo("{first_name} {last_name} has no {portal} account: {reason}".format(**person))


@app.command()
def show(
    username: UsernameArgument,
    *,
    district: DistrictOption,
    portal: PortalOption = Portal.PARENT,
    as_json: JsonOption = False,
) -> None:
    """Shows what a help desk needs: why its owner cannot get in, locks, sessions, keys; no secrets."""

    async def command() -> AccountDiagnosis:
        clerk = operator_of(district)
        async with campus() as parts:
            return await parts.account_desk.one(clerk, await parts.accounts.find(clerk, username, portal))

    facts = _facts(run(command()))
    if as_json:
        print_json(facts)
    else:
        for name, value in facts.items():
            typer.echo(f"{name.replace('_', ' '):20} {_in_a_line(value)}")


@app.command()
def unlock(
    username: UsernameArgument,
    *,
    district: DistrictOption,
    portal: PortalOption = Portal.PARENT,
    as_json: JsonOption = False,
) -> None:
    """Lets its owner try again after too many wrong passwords; the password is the one before."""
    run(_change(Accounts.unlock, district, username, portal))
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
    run(_change(Accounts.disable, district, username, portal))
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
    run(_change(Accounts.enable, district, username, portal))
    _report(username, "enabled", f"{username} is switched on.", as_json=as_json)


@app.command()
def erase(
    username: UsernameArgument,
    *,
    district: DistrictOption,
    portal: PortalOption = Portal.PARENT,
    as_json: JsonOption = False,
) -> None:
    """Deletes an account with all that came of it, for good; the audit trail keeps its ids and nothing else."""
    run(_change(Accounts.erase, district, username, portal))
    _report(username, "erased", f"{username} is erased.", as_json=as_json)


@app.command()
def reset(
    username: UsernameArgument,
    *,
    district: DistrictOption,
    portal: PortalOption = Portal.PARENT,
    method: Annotated[ResetMethod, typer.Option(help="How its owner gets back in")] = ResetMethod.KEY,
    as_json: JsonOption = False,
) -> None:
    """Takes the password off, ends every session, and prints an activation key, unless another method is chosen."""

    async def command() -> ResetAnswer:
        clerk = operator_of(district)
        async with campus() as parts:
            return await parts.accounts.reset(clerk, await parts.accounts.find(clerk, username, portal), method)

    done = run(command())
    if as_json:
        key = {"activation_key": done.key.activation_key, "expires_at": done.key.expires_at} if done.key else {}
        mail = {"address_masked": done.address_masked} if done.address_masked else {}
        print_json({"method": method, **mail, **key})
        return
    typer.echo(f"{username} is signed out everywhere. {_way_in(done)}")
    if done.key:
        ends = f"It ends on {done.key.expires_at:%Y-%m-%d}."
        typer.echo(f"{ends} Hand it over in person or by letter, never over the phone.")


def _way_in(done: ResetAnswer) -> str:
    if done.key:
        return f"The new activation key: {done.key.activation_key}"
    if done.address_masked:
        return f"A link for a new password goes to {done.address_masked}."
    return "The student may claim the account once more."


async def _change(
    change: Callable[[Accounts, Clerk, UUID], Awaitable[None]], district: str, username: str, portal: Portal
) -> None:
    clerk = operator_of(district)
    async with campus() as parts:
        await change(parts.accounts, clerk, await parts.accounts.find(clerk, username, portal))


def _report(username: str, done: str, sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"username": username, done: True})
    else:
        typer.echo(sentence)


def _facts(account: AccountDiagnosis) -> dict[str, Any]:
    """One flat object; of nested ones what a person at a shell asks for."""
    key, address = account.key, account.recovery_email
    return {
        "id": account.id,
        "person_id": account.person.id,
        "portal": account.portal,
        "username": account.username,
        "first_name": account.person.first_name,
        "last_name": account.person.last_name,
        "created_at": account.created_at,
        "last_signed_in_at": account.last_signed_in_at,
        "disabled_at": account.disabled_at,
        "has_password": account.has_password,
        "may_enter": account.may_enter,
        "failed_sign_ins": account.ladder.tries,
        "sign_in_step": account.ladder.step,
        "wait_until": account.ladder.wait_until,
        "live_sessions": account.live_sessions,
        "key_expires_at": key.expires_at if key and key.state == "live" else None,
        "status": account.status,
        "reasons": list(account.reasons),
        "key_state": key.state if key else None,
        "totp_set_up": account.totp.set_up,
        "passkeys": account.passkeys,
        "recovery_email": address.address_masked if address else None,
        "email_confirmed": bool(address and address.confirmed),
        "students": [
            {
                "relationship_id": student.relationship_id,
                "first_name": student.first_name,
                "last_name": student.last_name,
            }
            | {"portal": student.portal, "ended": student.ended}
            for student in account.relationships
        ],
        "mails": [vars(mail) for mail in account.mails],
        "can_do": list(account.can_do),
    }


def _in_a_line(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(_in_a_line(part) for part in value) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_in_a_line(part)}" for name, part in value.items())
    return "-" if value is None else str(value)
