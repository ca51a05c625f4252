"""What an import found and did: places, codes and counts, no personal data."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.services.roster.codes import FORBIDDEN, FaultCode, WarningCode

KINDS = ("schools", "students", "guardians", "staff", "relationships")
SCHOOL_KINDS = ("schools", "students", "staff", "relationships")
"""Guardians belong to no school; their relationships count at the student's."""
ACTIONS = ("created", "updated", "ended", "leaving", "unchanged")
MOST_FAULTS = 100
"""So many are reported; the others are only counted."""


@dataclass(frozen=True)
class Fault:
    file: str
    row: int | None
    """Line in the file; the header is row 1. None where the fault is the file's."""
    column: str | None
    code: FaultCode | WarningCode


@dataclass(frozen=True)
class Warned:
    """One warning for each file, column and code: how often, and the row where it came first."""

    file: str
    row: int | None
    column: str | None
    code: WarningCode
    count: int


class Findings:
    """Gathers the faults and warnings of one package while it is read.

    If `strict`, a warning of something that the standard forbids is a fault too, at the place where it came first.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self.strict = strict
        self.faults: list[Fault] = []
        self.fault_count = 0
        self.damaged: set[str] = set()
        """Files with rows that could not be read, so that a sourcedId missing from them proves nothing."""
        self._warned: dict[tuple[str, str | None, WarningCode], Warned] = {}

    def fault(
        self, code: FaultCode | WarningCode, file: str, row: int | None = None, column: str | None = None
    ) -> None:
        self.fault_count += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(file, row, column, code))

    def damage(self, code: FaultCode, file: str, row: int | None = None, column: str | None = None) -> None:
        """A fault that costs the whole row."""
        self.damaged.add(file)
        self.fault(code, file, row, column)

    def warn(
        self, code: WarningCode, file: str, row: int | None = None, column: str | None = None, *, count: int = 1
    ) -> None:
        first = self._warned.get((file, column, code))
        if first is None:
            first = Warned(file, row, column, code, 0)
            if self.strict and code in FORBIDDEN:
                self.fault(code, file, row, column)
        self._warned[file, column, code] = Warned(file, first.row, column, code, first.count + count)

    @property
    def sorted_faults(self) -> Sequence[Fault]:
        return sorted(self.faults, key=_place)

    @property
    def warnings(self) -> Sequence[Warned]:
        return sorted(self._warned.values(), key=_place)


def _place(found: Fault | Warned) -> tuple[str, int, str, str]:
    return found.file, found.row or 0, found.column or "", found.code


def counts(pairs: Mapping[str, int] | Iterable[tuple[str, int]] = ()) -> dict[str, int]:
    """A count for each kind; `others` (people without any role) only where there are some."""
    given = dict(pairs)
    return {kind: given.get(kind, 0) for kind in KINDS} | {
        kind: n for kind, n in given.items() if kind not in KINDS and n
    }


@dataclass(frozen=True)
class SchoolChanges:
    """Counts by action, then by kind. Everybody counts once, at the primary school."""

    sourced_id: str
    name: str
    counts: Mapping[str, Mapping[str, int]]

    @property
    def size(self) -> int:
        return sum(sum(kinds.values()) for action, kinds in self.counts.items() if action != "unchanged")

    def as_json(self) -> dict[str, Any]:
        return {"sourced_id": self.sourced_id, "name": self.name, **self.counts}


@dataclass(frozen=True)
class RosterReport:
    """What was done; after a dry run, what would have been done.

    With errors nothing was written. The counts are then 0, except for `too_many_ended`: there they say what the package wanted.
    """

    dry_run: bool = False
    created: Mapping[str, int] = field(default_factory=counts)
    updated: Mapping[str, int] = field(default_factory=counts)
    ended: Mapping[str, int] = field(default_factory=counts)
    leaving: Mapping[str, int] = field(default_factory=counts)
    """Missing, and ended only when the district's days of grace are over."""
    unchanged: Mapping[str, int] = field(default_factory=counts)
    by_school: Sequence[SchoolChanges] = ()
    """The schools where something changes, most first."""
    warnings: Sequence[Warned] = ()
    errors: Sequence[Fault] = ()
    errors_total: int = 0

    @property
    def changes(self) -> int:
        return sum(sum(by_kind.values()) for by_kind in (self.created, self.updated, self.ended, self.leaving))

    def as_json(self) -> dict[str, Any]:
        return {
            "dry_run": self.dry_run,
            "created": dict(self.created),
            "updated": dict(self.updated),
            "ended": dict(self.ended),
            "leaving": dict(self.leaving),
            "unchanged": dict(self.unchanged),
            "by_school": [school.as_json() for school in self.by_school],
            "warnings": [
                {"file": w.file, "row": w.row, "column": w.column, "code": w.code.value, "count": w.count}
                for w in self.warnings
            ],
            "errors": [{"file": e.file, "row": e.row, "column": e.column, "code": e.code.value} for e in self.errors],
            "errors_total": self.errors_total,
        }
