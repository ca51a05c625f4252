"""Households by command; how they are imported stands in `moving_in`."""

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def about() -> None:
    """Where families live and how they are reached, as the school's system has it."""
