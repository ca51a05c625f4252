"""The real directory of districts, where this machine has it beside the repository."""

import csv
from collections.abc import Iterator
from pathlib import Path

from app.services.directory.index import DirectoryEntry, IndexedDistrict
from app.text import search_words

_FILE = Path(__file__).parents[3] / "shared" / "data" / "districts" / "us_school_districts_ccd2019.csv"
REAL_DIRECTORIES = [_FILE] if _FILE.exists() else []
"""For `parametrize`: one file or none."""


def districts_of(file: Path) -> Iterator[IndexedDistrict]:
    """As an import would store them, nobody having opened any."""
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield indexed(row["nces_id"], " ".join(row["name"].split()), row["state"], " ".join(row["city"].split()))


def indexed(district_id: str, name: str, state: str, city: str, *, is_open: bool = False) -> IndexedDistrict:
    entry = DirectoryEntry(district_id, name, state, city, ())
    return IndexedDistrict(entry, search_words(name), search_words(city), is_open)
