"""What an import of accounts or keys found and did: rows, columns, codes and counts, no personal data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.services.office.import_codes import RowFault, RowWarning
from app.services.roster.codes import AdvisedCode
from app.services.roster.report import Findings

MOST_FINDINGS = 100
"""So many faults and so many warnings are reported; the others are only counted."""


@dataclass(frozen=True, order=True)
class Finding:
    row: int
    """Line in the file; the header is row 1. 0 where it is the whole file."""
    column: str
    code: AdvisedCode

    def as_json(self) -> dict[str, Any]:
        return {"row": self.row or None, "column": self.column or None, "code": self.code.value}


class ImportFindings:
    """Gathers the faults and warnings of one file."""

    def __init__(self) -> None:
        self.text = Findings()
        """Of the text of the file, before anything is made of its rows."""
        self._faults: list[Finding] = []
        self._fault_count = 0
        self._warnings: list[Finding] = []
        self._warning_count = 0

    @property
    def fault_count(self) -> int:
        return self._fault_count + self.text.fault_count

    @property
    def warning_count(self) -> int:
        return self._warning_count + sum(found.count for found in self.text.warnings)

    def fault(self, code: RowFault, row: int = 0, column: str = "") -> None:
        self._fault_count += 1
        if len(self._faults) < MOST_FINDINGS:
            self._faults.append(Finding(row, column, code))

    def warn(self, code: RowWarning, row: int = 0, column: str = "") -> None:
        self._warning_count += 1
        if len(self._warnings) < MOST_FINDINGS:
            self._warnings.append(Finding(row, column, code))

    @property
    def faults(self) -> Sequence[Finding]:
        of_text = [Finding(found.row or 0, found.column or "", found.code) for found in self.text.faults]
        return sorted([*of_text, *self._faults])[:MOST_FINDINGS]

    @property
    def warnings(self) -> Sequence[Finding]:
        of_text = [Finding(found.row or 0, found.column or "", found.code) for found in self.text.warnings]
        return sorted([*of_text, *self._warnings])[:MOST_FINDINGS]


@dataclass
class ImportCounts:
    """Rows, by what became of them; after a dry run, of what would have become of them."""

    created: int = 0
    unchanged: int = 0
    conflicts: int = 0
    """Left alone, because what is there differs."""
    left_out: int = 0


@dataclass(frozen=True)
class ImportReport:
    """With `errors` nothing was written, and the counts are 0."""

    dry_run: bool
    counts: ImportCounts
    errors: Sequence[Finding]
    errors_total: int
    warnings: Sequence[Finding]
    warnings_total: int

    @classmethod
    def of(cls, findings: ImportFindings, counts: ImportCounts, *, dry_run: bool) -> "ImportReport":
        return cls(
            dry_run,
            ImportCounts() if findings.fault_count else counts,
            findings.faults,
            findings.fault_count,
            findings.warnings,
            findings.warning_count,
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "dry_run": self.dry_run,
            **vars(self.counts),
            "warnings": [found.as_json() for found in self.warnings],
            "warnings_total": self.warnings_total,
            "errors": [found.as_json() for found in self.errors],
            "errors_total": self.errors_total,
        }
