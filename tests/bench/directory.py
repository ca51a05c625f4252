"""As many districts as the country has, and what people type to find theirs."""

import csv
from itertools import product
from pathlib import Path
from urllib.parse import urlencode

from app.composition import Campus
from tests.bench.http_client import get
from tests.support.real_directory import REAL_DIRECTORIES
from tests.support.typical_queries import TYPICAL_QUERIES

_PLACES = ("Jackson", "Houston", "Springfield", "Cherry Hill", "Canon City", "Philadelphia", "Saint Paul", "Palo Alto")
_KINDS = ("County Schools", "ISD", "Unified", "Public School District", "Twp Schools", "City SD")
_STATES = ("AL", "CA", "GA", "IL", "MS", "NC", "NJ", "TX")
_MADE_UP = 18_607


def write_directory(folder: Path) -> Path:
    """The real directory where this machine has it; else one as large, made up of places, kinds and numbers."""
    if REAL_DIRECTORIES:
        return REAL_DIRECTORIES[0]
    file = folder / "directory.csv"
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["nces_id", "name", "state", "city"])
        several = _MADE_UP // (len(_PLACES) * len(_KINDS) * len(_STATES)) + 1
        rows = list(product(range(several), _PLACES, _KINDS, _STATES))[:_MADE_UP]
        writer.writerows(
            (f"d{row}", f"{place} {kind} {number}", state, f"{place}ville {row % 5_000}")
            for row, (number, place, kind, state) in enumerate(rows)
        )
    return file


async def fill(campus: Campus, file: Path) -> None:
    await campus.directory.import_directory(file)


def searches() -> list[bytes]:
    return [get(f"/districts?{urlencode({'q': query})}") for query in TYPICAL_QUERIES]
