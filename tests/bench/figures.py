"""The figures: what was measured, what it is held against, and whether that will do."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from tests.bench.load import percentile

_WIDTH_OF_A_LOG = 130


class Series:
    """What each round measured, by name."""

    def __init__(self) -> None:
        self._values: defaultdict[tuple[str, ...], list[float]] = defaultdict(list)

    def add(self, value: float, *name: str) -> None:
        self._values[name].append(value)

    def add_all(self, values: Iterable[float], *name: str) -> None:
        self._values[name].extend(values)

    def median(self, *name: str) -> float:
        """Of the rounds: what disturbs one of them disturbs no figure."""
        return statistics.median(self._values[name])

    def least(self, *name: str) -> float:
        return min(self._values[name])

    def p99(self, *name: str) -> float:
        return percentile(self._values[name], 0.99)


@dataclass(frozen=True)
class Figure:
    name: str
    unit: str
    measured: float
    limit_name: str
    limit: float
    target: float | None
    """None where nothing is aimed at: the figures of others."""
    at_most: bool = False
    """The ratio shall be at most the target, not at least."""

    @property
    def ratio(self) -> float:
        return self.measured / self.limit

    @property
    def is_met(self) -> bool | None:
        if self.target is None:
            return None
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target


def print_figures(figures: Sequence[Figure], machine: str) -> None:
    console = Console()
    if not console.is_terminal:
        console.width = _WIDTH_OF_A_LOG
    table = Table(caption=machine, caption_justify="left")
    table.add_column("figure")
    for column in ("measured", "limit"):
        table.add_column(column, justify="right")
    table.add_column("what the limit is")
    for column in ("ratio", "target", "met"):
        table.add_column(column, justify="right")
    for figure in figures:
        table.add_row(*_cells(figure))
    console.print(table)


def _cells(figure: Figure) -> Sequence[str]:
    return (
        figure.name,
        f"{_number(figure.measured)} {figure.unit}",
        f"{_number(figure.limit)} {figure.unit}",
        figure.limit_name,
        f"{figure.ratio:.2f}",
        "" if figure.target is None else f"{'at most' if figure.at_most else 'at least'} {figure.target:g}",
        {None: "", True: "yes", False: "[bold]no[/bold]"}[figure.is_met],
    )


def _number(value: float) -> str:
    """Three digits that count, and no exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
