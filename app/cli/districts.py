"""Districts: open one, import the directory, change settings, announce."""

import zoneinfo
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.runtime import JsonOption, campus, print_json, run
from app.services.clerk import operator_of
from app.services.office.announcements import Notice
from app.services.setting_paths import SettingRefused

app = typer.Typer(no_args_is_help=True, help="Open districts, import the directory, change settings, announce.")

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The district's id")]


@app.command()
def add(
    *,
    district_id: Annotated[str, typer.Option("--id", help="An NCES id or a slug; it appears in URLs")],
    name: Annotated[str, typer.Option(help="The name that parents know")],
    state: Annotated[str, typer.Option(help="Two letters")],
    timezone: Annotated[str, typer.Option(help="An IANA name such as America/New_York")],
    city: Annotated[str | None, typer.Option()] = None,
    as_json: JsonOption = False,
) -> None:
    """Opens a district: a new one, or an entry of the directory."""

    async def command() -> bool:
        async with campus() as parts:
            return await parts.district_office.add(
                district_id=district_id, name=name, state=state, timezone=timezone, city=city
            )

    changed = run(command())
    if as_json:
        print_json({"id": district_id, "changed": changed})
    else:
        typer.echo(f"{district_id} is open." if changed else f"{district_id} was open already.")


@app.command("import")
def import_directory(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], *, as_json: JsonOption = False
) -> None:
    """Imports a directory of districts from CSV: nces_id (or id), name, state, city."""

    async def command() -> dict[str, int]:
        async with campus() as parts:
            return await parts.directory.import_directory(file)

    counts = run(command())
    if as_json:
        print_json(counts)
    else:
        typer.echo(", ".join(f"{count} {what}" for what, count in counts.items()))


@app.command("set")
def change(
    district_id: IdArgument,
    assignments: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE", help="Such as features.claim=true; empty restores the default")
    ],
    *,
    as_json: JsonOption = False,
) -> None:
    """Changes features and policies; all of the assignments or none."""

    async def command() -> dict[str, object]:
        async with campus() as parts:
            return (await parts.district_office.set(district_id, assignments)).model_dump(mode="json")

    settings = run(command())
    if as_json:
        print_json(settings)
    else:
        typer.echo(f"{district_id}: {', '.join(assignments)}")


@app.command()
def announce(
    district_id: IdArgument,
    *,
    title: Annotated[str, typer.Option()],
    body: Annotated[str, typer.Option()],
    link: Annotated[list[str], typer.Option(help="LABEL=URL, may be repeated")] = [],  # noqa: B006  # typer copies it
    visible_from: Annotated[datetime | None, typer.Option("--from", help="In the district's time zone")] = None,
    visible_until: Annotated[datetime | None, typer.Option("--until", help="In the district's time zone")] = None,
    as_json: JsonOption = False,
) -> None:
    """Publishes an announcement on the login screen."""
    links = [_link(text) for text in link]

    async def command() -> str:
        async with campus() as parts:
            zone = zoneinfo.ZoneInfo((await parts.districts.login_screen(district_id)).district.timezone)
            notice = Notice(
                title=title,
                body=body,
                links=links,
                published_on=visible_from.date() if visible_from else None,
                visible_from=visible_from and visible_from.replace(tzinfo=zone),
                visible_until=visible_until and visible_until.replace(tzinfo=zone),
            )
            return str((await parts.announcements.publish(operator_of(district_id), notice)).id)

    announcement = run(command())
    if as_json:
        print_json({"id": announcement})
    else:
        typer.echo(f"Announced as {announcement}.")


def _link(text: str) -> dict[str, str]:
    label, equals, url = text.partition("=")
    if not label or not equals or not url.startswith(("http://", "https://")):
        raise SettingRefused(f"--link {text!r} must read LABEL=https://...")
    return {"label": label, "url": url}
