"""A CSV file of households as a student information system exports it: a row for each person, those of one household together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from app.services.household_facts import HouseholdFacts
from app.services.office.import_codes import RowFault, RowWarning
from app.services.office.import_report import ImportFindings
from app.services.roster.csv_file import CsvFile
from app.services.roster.progress import Meter, Progress

_REQUIRED = ("household_id", "person_id")
_ADDRESS = ("street", "city", "state", "postal_code")
_LISTS = ("phones", "emails")
_FACTS = (*_ADDRESS, *_LISTS, "language")
LONGEST_NUMBER = 64


@dataclass(frozen=True)
class HouseholdRows:
    """One household."""

    row: int
    """Of its first line in the file; the header is row 1."""
    number: str
    facts: HouseholdFacts = field(repr=False)
    people: Sequence[tuple[int, str]]
    """Row and our id, or the roster's sourced id."""


_Row = tuple[int, dict[str, str]]


def read_household_file(path: Path, findings: ImportFindings, progress: Progress) -> Iterator[HouseholdRows]:
    """The households that can be read, one after the other; what is wrong with the others goes into the findings.

    Of those that were read only the numbers are kept in memory, to notice one that comes again.

    Raises:
        OSError: there is no such file, or it may not be read.
    """
    seen: set[str] = set()
    with path.open("rb") as stream:
        for number, rows in groupby(_rows(stream, path, findings, progress), key=lambda row: row[1]["household_id"]):
            household = _household(number, list(rows), findings)
            if number in seen:
                findings.fault(RowFault.HOUSEHOLD_APART, household.row if household else 0, "household_id")
            elif household:
                yield household
            seen.add(number)
    if not seen and not findings.fault_count:
        findings.fault(RowFault.NO_ROWS)


def _rows(stream: BinaryIO, path: Path, findings: ImportFindings, progress: Progress) -> Iterator[_Row]:
    file = CsvFile(stream, path.name, findings.text, Meter(progress, "reading", path.stat().st_size))
    names = [column.strip().lower() for column in file.columns]
    known = [name for name in (*_REQUIRED, *_FACTS) if name in names]
    missing = [name for name in _REQUIRED if name not in names]
    doubled = [name for name in known if names.count(name) > 1]
    for code, columns in ((RowFault.MISSING_COLUMN, missing), (RowFault.DUPLICATE_COLUMN, doubled)):
        for column in columns:
            findings.fault(code, 1, column)
    if len(names) > len(known):
        findings.warn(RowWarning.EXTRA_COLUMN, 1)
    if missing or doubled:
        return
    places = {name: names.index(name) for name in known}
    for row, fields in file:
        values = {name: fields[place].strip() for name, place in places.items()}
        empty = [name for name in _REQUIRED if not values[name]]
        for name in empty:
            findings.fault(RowFault.REQUIRED_VALUE_MISSING, row, name)
        if not empty:
            yield row, values


def _household(number: str, rows: Sequence[_Row], findings: ImportFindings) -> HouseholdRows | None:
    """What the first row says counts; the others say the same, or nothing."""
    (first, said), *others = rows
    for row, values in others:
        for name in _FACTS:
            if values.get(name) and values[name] != said.get(name):
                findings.fault(RowFault.HOUSEHOLD_DIFFERS, row, name)
    if len(number) > LONGEST_NUMBER:
        findings.fault(RowFault.BAD_HOUSEHOLD_VALUE, first, "household_id")
        return None
    try:
        facts = HouseholdFacts.model_validate(_facts(said))
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False):
            column = next(str(part) for part in reversed(fault["loc"]) if part in _FACTS)
            findings.fault(RowFault.BAD_HOUSEHOLD_VALUE, first, column)
        return None
    return HouseholdRows(first, number, facts, [(row, values["person_id"]) for row, values in rows])


def _facts(values: dict[str, str]) -> dict[str, object]:
    address = {name: values[name] for name in _ADDRESS if values.get(name)}
    lists = {name: [part.strip() for part in values.get(name, "").split(";") if part.strip()] for name in _LISTS}
    others = {"address": address, "language": values.get("language")}
    return {**lists, **{name: value for name, value in others.items() if value}}
