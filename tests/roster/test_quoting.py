"""Quotes in a row: what may stand where, for every row that six characters can make."""

from collections.abc import Iterator
from io import BytesIO
from itertools import product

from app.services.roster.codes import FaultCode
from app.services.roster.csv_file import CsvFile
from app.services.roster.progress import Meter, no_progress
from app.services.roster.report import Findings

LONGEST = 6


def texts(letters: str, longest: int) -> Iterator[str]:
    return ("".join(chosen) for length in range(longest + 1) for chosen in product(letters, repeat=length))


FIELDS = {bare: bare for bare in texts("a", LONGEST)} | {
    '"' + content.replace('"', '""') + '"': content for content in texts('",a', LONGEST - 2)
}
"""What a field holds, by how it may be written."""


def rows_from(start: str, fields: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each row that begins so, with its fields."""
    for written, field in FIELDS.items():
        text = start + written
        if len(text) <= LONGEST:
            yield text, [*fields, field]
            yield from rows_from(f"{text},", [*fields, field])


def test_a_row_is_read_as_it_was_written_or_not_at_all() -> None:
    well_formed = dict(rows_from("", []))
    for text in filter('"'.__contains__, texts('",a', LONGEST)):
        fields = well_formed.get(text, [])
        findings = Findings()
        header = ",".join("h" * len(fields)) or "h"
        file = CsvFile(BytesIO(f"{header}\n{text}\n".encode()), "users.csv", findings, Meter(no_progress, "", 0))
        assert [read for _, read in file] == ([fields] if any(fields) else [])
        assert [fault.code for fault in findings.faults] == ([] if fields else [FaultCode.BROKEN_QUOTING])
