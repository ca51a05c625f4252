"""The committed specification: written and checked."""

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()

FILE = Path(__file__).resolve().parents[2] / "openapi" / "openapi.json"


@app.command()
def openapi(
    *, check: Annotated[bool, typer.Option("--check", help="Write nothing; fail where the file differs")] = False
) -> None:
    """Writes openapi/openapi.json from the code, or checks that it is up to date."""
    from app.main import create_app  # noqa: PLC0415  # the other commands need no web framework
    from app.settings import Settings  # noqa: PLC0415  # with it

    text = json.dumps(create_app(Settings()).openapi(), indent=2, ensure_ascii=False) + "\n"
    if not check:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(text, encoding="utf-8")
    elif not FILE.exists() or FILE.read_text(encoding="utf-8") != text:
        typer.echo("openapi/openapi.json differs from the code; run make openapi and commit it", err=True)
        raise typer.Exit(1)
