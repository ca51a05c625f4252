"""The text of one CSV file, row by row: RFC 4180 in UTF-8, one line a row.

OneRoster allows no line break inside a field, so a line is a row. That keeps row numbers true, finds a stray quote in its own
row instead of at the end of the file, and lets most rows be split without a parser.
"""

import csv
import re
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from app.services.roster.codes import FaultCode, WarningCode
from app.services.roster.progress import Meter
from app.services.roster.report import Findings

LONGEST_LINE_BYTES = 131_072
"""The csv module's own limit for a field."""
_LONGEST_FIELD_LINES = 10
_ROWS_PER_STEP = 500
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FIELD = r'(?:"(?:[^"]|"")*+"|[^",]*+)'
_BORDERS = frozenset({"", ","})
_PARTS_OF_ONE = 3
_WELL_FORMED = re.compile(rf"{_FIELD}(?:,{_FIELD})*+")
# C0, DEL, C1 and Unicode's own line ends. C1 mostly comes from text that was decoded wrongly somewhere.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class CsvFile:
    """Header and rows of one file. Rows that cannot be read become faults and are left out."""

    def __init__(self, stream: BinaryIO, name: str, findings: Findings, meter: Meter) -> None:
        self.name = name
        self._stream = stream
        self._findings = findings
        self._meter = meter
        self._row = 0
        self._unreported_bytes = 0
        self._rows = self._well_formed_rows()
        self.columns: list[str] = []
        """The header, empty where there is none that can be read."""
        self._read_header()

    def _read_header(self) -> None:
        columns = next(self._rows, (0, []))[1]
        # Where the first row could not be read, the next one holds people, not names of columns.
        if self.name not in self._findings.damaged:
            self.columns = columns

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """Row number (the header is 1) and as many fields as the header has."""
        width = len(self.columns)
        for row, fields in self._rows:
            if len(fields) == width:
                yield row, fields
            else:
                self._findings.damage(FaultCode.RAGGED_ROW, self.name, row)

    def _well_formed_rows(self) -> Iterator[tuple[int, list[str]]]:
        for text in self._lines():
            row = self._row
            # isprintable is a quick way to be sure of most rows; some harmless characters fail it.
            if not text.isprintable() and _CONTROL.search(text):
                self._controlled(text)
                continue
            fields = text.split(",") if '"' not in text else _quoted_fields(text)
            if fields is None:
                self._misquoted(text)
            elif any(fields):
                yield row, fields
            else:
                self._findings.warn(WarningCode.BLANK_LINE, self.name, row)

    def _lines(self) -> Iterator[str]:
        while raw := self._stream.readline(LONGEST_LINE_BYTES + 1):
            self._row += 1
            self._unreported_bytes += len(raw)
            if self._row % _ROWS_PER_STEP == 0:
                self._report_bytes()
            if self._row == 1 and raw.startswith(_BYTE_ORDER_MARK):
                self._findings.warn(WarningCode.BYTE_ORDER_MARK, self.name, 1)
                raw = raw.removeprefix(_BYTE_ORDER_MARK)
            if len(raw) > LONGEST_LINE_BYTES:
                self._findings.damage(FaultCode.LINE_TOO_LONG, self.name, self._row)
                break
            try:
                yield raw.decode().removesuffix("\n").removesuffix("\r")
            except UnicodeDecodeError:
                self._findings.damage(FaultCode.NOT_UTF8, self.name, self._row)
        self._report_bytes()

    def _report_bytes(self) -> None:
        self._meter.add(self._unreported_bytes)
        self._unreported_bytes = 0

    def _misquoted(self, text: str) -> None:
        """Tells a field that goes on in the next lines from a quote that stands where none may."""
        row = self._row
        code = FaultCode.BROKEN_QUOTING
        if _WELL_FORMED.fullmatch(text + '"'):
            for following in islice(self._lines(), _LONGEST_FIELD_LINES):
                text += f" {following}"
                if _WELL_FORMED.fullmatch(text):
                    code = FaultCode.LINE_BREAK_IN_FIELD
                    break
        self._findings.damage(code, self.name, row)

    def _controlled(self, text: str) -> None:
        """Names the column where that is certain."""
        fields = text.split(",")
        index = next(index for index, field in enumerate(fields) if _CONTROL.search(field))
        is_certain = '"' not in text and len(fields) == len(self.columns)
        column = self.columns[index] if is_certain else None
        self._findings.damage(FaultCode.CONTROL_CHARACTER, self.name, self._row, column)


def _quoted_fields(text: str) -> list[str] | None:
    """Of a row with quotes, None where one of them stands where none may.

    Most rows have one quoted field, such as a list of agents, or all fields are: those are split by hand, at which the parser, and looking
    at the row before it, would take four times as long.
    """
    parts = text.split('"')
    if len(parts) == _PARTS_OF_ONE:
        before, quoted, after = parts
        if before[-1:] in _BORDERS and after[:1] in _BORDERS:
            return [*before.split(",")[:-1], quoted, *after.split(",")[1:]]
    fields = text[1:-1].split('","')
    if len(parts) == 2 * len(fields) + 1 and text[0] == text[-1] == '"':
        return fields
    return next(csv.reader((text,))) if _WELL_FORMED.fullmatch(text) else None
