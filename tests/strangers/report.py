"""What a tool came back with, and which of it is accepted: `accepted.toml` gives the reasons."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

_ACCEPTED = Path(__file__).with_name("accepted.toml")


class Finding(NamedTuple):
    kind: str
    """The tool's own word for it."""
    where: str
    """`app/settings.py:107`, or `GET /captcha`."""
    what: str = ""
    """What the tool says, or the line that it points to."""

    def __str__(self) -> str:
        return f"{self.kind}  {self.where}  {self.what[:200]}".rstrip()


@dataclass(frozen=True)
class Report:
    tool: str
    version: str
    asked: str
    """In a few words."""
    requests: int | None
    """None where it reads code."""
    findings: Sequence[Finding] = ()
    notes: Sequence[str] = ()
    """What was measured on the way."""


class Accepted(NamedTuple):
    """Patterns as shells have them; `what` may stand anywhere in what is found."""

    tool: str
    kind: str
    where: str
    reason: str
    what: str = ""

    def fits(self, tool: str, finding: Finding) -> bool:
        return (
            tool == self.tool
            and fnmatchcase(finding.kind, self.kind)
            and fnmatchcase(finding.where, self.where)
            and self.what in finding.what
        )


@dataclass(frozen=True)
class Judged:
    report: Report
    accepted: dict[Accepted, int] = field(default_factory=dict)
    """How many findings each row takes."""
    faults: list[str] = field(default_factory=list)


def accepted_rows() -> list[Accepted]:
    return [Accepted(**row) for row in tomllib.loads(_ACCEPTED.read_text(encoding="utf-8"))["accepted"]]


def judged(report: Report, rows: Iterable[Accepted]) -> Judged:
    """A finding that no row accepts is a fault, and so is a row that nothing needs any more."""
    judged = Judged(report, {row: 0 for row in rows if row.tool == report.tool})
    for finding in report.findings:
        fitting = next((row for row in judged.accepted if row.fits(report.tool, finding)), None)
        if fitting:
            judged.accepted[fitting] += 1
        else:
            judged.faults.append(str(finding))
    judged.faults.extend(
        f"accepted.toml: nothing is found of {row.kind} in {row.where}"
        for row, found in judged.accepted.items()
        if not found
    )
    return judged
