"""The rows of one file as the values that we read, each with a sourcedId of its own where the layout has them."""

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from app.services.roster.codes import FaultCode, WarningCode
from app.services.roster.csv_file import CsvFile
from app.services.roster.header import check_header
from app.services.roster.layout import Layout
from app.services.roster.report import Findings

Rows = Iterator[tuple[int, Sequence[str]]]
"""Row numbers (the header is 1) and the values of the layout."""

Check = Callable[[int, Sequence[str]], None]
"""Looks at a row as it stands in the file."""

GUID = re.compile(r"[0-9A-Za-z./@_-]{1,255}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
DELETED = frozenset({"tobedeleted", "inactive"})  # `inactive` is of OneRoster 1.0 and still turns up


class Reference(NamedTuple):
    sourced_id: str
    file: str
    row: int
    column: str


class Table:
    """One file of a package, to be read once."""

    def __init__(self, layout: Layout, findings: Findings, mode: str = "bulk", *, is_open: bool = False) -> None:
        self.layout = layout
        self.file = layout.file
        self.findings = findings
        self.check_of: Callable[[Sequence[str]], Check] | None = None
        """Given the header, a further check of each row. Set before the rows are read."""
        self.mode = mode
        """`bulk`, `delta` or `absent`."""
        self.deleted: set[str] = set()
        """The sourcedIds of rows that are marked as deleted."""
        self.columns: frozenset[str] = frozenset()
        """The header, once it is read."""
        self.pending: list[Reference] = []
        """What is to be looked for in what is stored. Only if `is_open`: other rows than those of the file count, too."""
        self._is_open = is_open
        self._seen: set[str] = set()

    def knows(self, sourced_id: str) -> bool:
        """Whether a reference to this row is sound as far as the package tells."""
        return sourced_id in self._seen or self._is_open or self.file in self.findings.damaged

    def has(self, sourced_id: str) -> bool:
        """Whether the file has a row of this sourcedId, deleted or not."""
        return sourced_id in self._seen

    def refer(self, sourced_id: str, source: "Table", row: int, column: str) -> None:
        """Checks that another file's row refers to a row of this one. Where rows could not be read, nothing can be held against it."""
        if sourced_id in self._seen or self.file in self.findings.damaged:
            return
        if self._is_open:
            self.pending.append(Reference(sourced_id, source.file, row, column))
        else:
            source.fault(FaultCode.DANGLING_REFERENCE, row, column)

    def forget(self) -> None:
        """Frees what references are checked with: nothing more will refer to this file."""
        self._seen = set()

    def fault(self, code: FaultCode, row: int, column: str) -> None:
        self.findings.fault(code, self.file, row, column)

    def warn(self, code: WarningCode, row: int, column: str | None = None) -> None:
        self.findings.warn(code, self.file, row, column)

    def rows(self, file: CsvFile) -> Rows:
        """Row number and the stripped values of the layout, "" for columns that the file does not have."""
        if not check_header(file.columns, self.layout, self.findings):
            if file.columns:
                deque(file, maxlen=0)  # for the faults of its text
            return
        layout = self.layout
        self.columns = frozenset(file.columns)
        pick = _picker(file.columns, ("status", "dateLastModified", *layout.filled, *layout.optional, *layout.metadata))
        password = file.columns.index("password") if "password" in file.columns else None
        check = self.check_of(file.columns) if self.check_of else None
        row = 1
        for row, fields in file:
            if check:
                check(row, fields)
            if password is not None and fields[password]:
                self.warn(WarningCode.PASSWORD_DROPPED, row, "password")
            fields.append("")
            status, modified, *values = map(str.strip, pick(fields))
            if self._is_taken(row, status, modified, values):
                yield row, values
            elif status in DELETED:
                self.deleted.add(values[0])
        if row == 1:
            self._note_emptiness()

    def _is_taken(self, row: int, status: str, modified: str, values: Sequence[str]) -> bool:
        if self.mode == "delta":
            lives = self._lives_in_delta(row, status, modified)
            return self._is_sound(row, values if lives else values[:1]) and lives
        return self._is_sound(row, values) and (not (status or modified) or self._lives_in_bulk(row, status, modified))

    def _note_emptiness(self) -> None:
        if self.mode == "delta":
            self.findings.warn(WarningCode.NO_CHANGES, self.file)
        elif self.file not in self.findings.damaged:
            self.findings.fault(FaultCode.NO_ROWS, self.file)

    def _is_sound(self, row: int, values: Sequence[str]) -> bool:
        """Whether the row has a sourcedId of its own and all that must be filled; of a deleted one that is all that counts."""
        sourced_id = values[0]
        is_new = sourced_id not in self._seen or not self.layout.has_ids
        self._seen.add(sourced_id)
        if "" in values[: len(self.layout.filled)]:
            for column, value in zip(self.layout.filled, values, strict=False):
                if not value:
                    self.fault(FaultCode.REQUIRED_VALUE_MISSING, row, column)
            return False
        if not is_new:
            self.fault(FaultCode.DUPLICATE_SOURCED_ID, row, self.layout.filled[0])
            return False
        if not GUID.fullmatch(sourced_id):
            self.fault(FaultCode.BAD_GUID, row, self.layout.filled[0])
            return False
        return True

    def _lives_in_delta(self, row: int, status: str, modified: str) -> bool:
        """Whether the row says what is, not what is no more. In delta both columns must be filled."""
        if status in DELETED:
            if status != "tobedeleted":
                self.warn(WarningCode.INACTIVE_AS_DELETED, row, "status")
        elif status != "active":
            self.fault(FaultCode.BAD_ENUM if status else FaultCode.REQUIRED_VALUE_MISSING, row, "status")
        if modified:
            self._check_moment(row, modified)
        else:
            self.fault(FaultCode.REQUIRED_VALUE_MISSING, row, "dateLastModified")
        return status not in DELETED

    def _lives_in_bulk(self, row: int, status: str, modified: str) -> bool:
        """Whether the row is to be taken. In bulk both columns should be blank, but many exports fill them."""
        if modified:
            self.warn(WarningCode.LIFECYCLE_IN_BULK, row, "dateLastModified")
            self._check_moment(row, modified)
        if status:
            self.warn(WarningCode.LIFECYCLE_IN_BULK, row, "status")
        if status in DELETED:
            self.warn(WarningCode.MARKED_DELETED, row, "status")
        elif status not in {"", "active"}:
            self.fault(FaultCode.BAD_ENUM, row, "status")
        return status not in DELETED

    def _check_moment(self, row: int, text: str) -> None:
        """Nothing is done with it in bulk; nonsense still means that the columns are not what they say."""
        try:
            datetime.fromisoformat(text)
        except ValueError:
            self.fault(FaultCode.BAD_DATETIME, row, "dateLastModified")
            return
        if not _MOMENT.fullmatch(text):
            is_date = len(text) == len("2026-08-20")
            self.warn(WarningCode.BARE_DATE if is_date else WarningCode.LOOSE_MOMENT, row, "dateLastModified")


def _picker(columns: Sequence[str], wanted: Sequence[str]) -> Callable[[list[str]], tuple[str, ...]]:
    """Takes the wanted fields out of a row that has a "" appended for the columns that are not there."""
    where = {name: index for index, name in enumerate(columns)}
    return itemgetter(*(where.get(name, len(columns)) for name in wanted))
