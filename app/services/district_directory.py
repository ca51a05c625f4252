"""The directory of every district, opened or not, as operators import it."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from app.clock import Clock
from app.database import Database
from app.models import District
from app.services import audit
from app.services.directory.version import directory_changed
from app.services.setting_paths import SettingRefused
from app.text import search_words

_IMPORT_BATCH = 500


class DirectoryRefused(Exception):
    """A directory file that cannot be read; the message says where and why."""


@dataclass(frozen=True)
class DistrictDirectory:
    database: Database
    clock: Clock

    async def import_directory(self, file: Path) -> dict[str, int]:
        """Adds or renames the directory's entries from a CSV file, all or none; what an operator opened stays open.

        Columns: `nces_id` (or `id`), `name`, `state`, `city`; more are allowed. Gives counts of created, updated, unchanged.

        Raises:
            DirectoryRefused: a file without these columns, or a row that cannot be used.
        """
        entries = list(_read_directory(file))
        counts = {"created": 0, "updated": 0, "unchanged": 0}
        async with self.database.transaction() as session:
            rows = await session.execute(select(District.id, District.name, District.state, District.city))
            known = {row.id: (row.name, row.state, row.city) for row in rows}
            created = [entry for entry in entries if entry["id"] not in known]
            moved = [
                entry
                for entry in entries
                if known.get(entry["id"]) not in {None, (entry["name"], entry["state"], entry["city"])}
            ]
            for start in range(0, len(created), _IMPORT_BATCH):
                await session.execute(insert(District), created[start : start + _IMPORT_BATCH])
            for entry in moved:
                await session.execute(update(District).where(District.id == entry["id"]).values(**_names_of(entry)))
            counts = {
                "created": len(created),
                "updated": len(moved),
                "unchanged": len(entries) - len(created) - len(moved),
            }
            if created or moved:
                audit.record(
                    session, "operator:directory:imported", at=self.clock.now(), actor=audit.OPERATOR, data=counts
                )
                await directory_changed(session)
        return counts


def _read_directory(file: Path) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, strict=True)
            columns = set(reader.fieldnames or ())
            if not {"name", "state", "city"} <= columns or not columns & {"nces_id", "id"}:
                raise DirectoryRefused(f"{file.name}: the columns nces_id (or id), name, state and city are needed")
            for row in reader:
                yield _directory_row(file, reader.line_num, row, seen)
    except (UnicodeDecodeError, csv.Error, OSError) as fault:
        raise DirectoryRefused(f"{file.name}: cannot be read as CSV in UTF-8 ({fault})") from fault


def _directory_row(file: Path, line: int, row: dict[str, Any], seen: set[str]) -> dict[str, Any]:
    entry = {
        "id": (row.get("nces_id") or row.get("id") or "").strip(),
        "name": " ".join((row["name"] or "").split()),
        "state": (row["state"] or "").strip().upper(),
        "city": " ".join((row["city"] or "").split()) or None,
    }
    try:
        check_names(str(entry["id"]), str(entry["name"]), str(entry["state"]), entry["city"])
    except SettingRefused as fault:
        raise DirectoryRefused(f"{file.name}, line {line}: {fault}") from fault
    if entry["id"] in seen:
        raise DirectoryRefused(f"{file.name}, line {line}: the id {entry['id']} stands twice")
    seen.add(str(entry["id"]))
    return {**entry, **_names_of(entry), "settings": {}, "version": 1}


def _names_of(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": entry["name"],
        "state": entry["state"],
        "city": entry["city"],
        "name_words": search_words(entry["name"]),
        "city_words": search_words(entry["city"] or ""),
    }


_TAKEN_IDS = {"link"}
"""Words that stand after /districts/ in other routes."""


def check_names(district_id: str, name: str, state: str, city: str | None = None) -> None:
    if (
        not district_id
        or district_id in _TAKEN_IDS
        or len(district_id) > 64
        or not all(c.isascii() and (c.isalnum() or c in "-_.~") for c in district_id)
    ):
        raise SettingRefused(f"the id {district_id!r} must be 1 to 64 of the letters, digits and - _ . ~")
    if not name or len(name) > 200 or not name.isprintable():
        raise SettingRefused("the name must have 1 to 200 printable characters")
    if len(state) != 2 or not (state.isascii() and state.isalpha() and state.isupper()):
        raise SettingRefused(f"the state {state!r} must be two capital letters")
    if city is not None and (len(city) > 100 or not city.isprintable()):
        raise SettingRefused("the city must have at most 100 printable characters")
