"""The page about OWASP's verification standard (ASVS 5.0), from the table that names what shows each of its rows."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

CHAPTERS = {
    "V1": "Encoding and sanitization", "V2": "Validation and business logic", "V3": "Web front end", "V4": "API and web service",
    "V5": "File handling", "V6": "Authentication", "V7": "Session management", "V8": "Authorization", "V9": "Self-contained tokens",
    "V10": "OAuth and OIDC", "V11": "Cryptography", "V12": "Secure communication", "V13": "Configuration", "V14": "Data protection",
    "V15": "Secure coding and architecture", "V16": "Security logging and error handling",
}  # fmt: skip
_HEAD = """# OWASP ASVS 5.0

All rows of levels 1 and 2 of the [Application Security Verification Standard](https://owasp.org/www-project-application-security-verification-standard/), and those of level 3
that this service set out to keep, each with the tests and files that show it. What a row asks is put in our words. V17 (WebRTC) is about nothing that is here.
Written from [`asvs.tsv`](asvs.tsv) by `make docs`; a test finds every test and file that is named.

"""


class Row(NamedTuple):
    id: str
    level: str
    requirement: str
    holds: str
    """`yes`, `partly`, `no` or `n/a`; all but the first say in the note why."""
    evidence: Sequence[str]
    """Tests (`file::name`) and files, from the root of the tree."""
    note: str

    @property
    def chapter(self) -> str:
        return self.id.partition(".")[0]


def rows(table: Path) -> Iterator[Row]:
    with table.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            evidence = (row.pop("evidence") or "").split()
            yield Row(**row, evidence=evidence)


def asvs_page(table: Path) -> str:
    known = list(rows(table))
    page = [_HEAD, _summary(known)]
    for chapter, group in groupby(known, key=lambda row: row.chapter):
        of_chapter = list(group)
        page.append(f"\n## {chapter} {CHAPTERS[chapter]}\n\n")
        applicable = [row for row in of_chapter if row.holds != "n/a"]
        if applicable:
            page.append("| row | level | asks | holds | shown by |\n| --- | --- | --- | --- | --- |\n")
            page += [_line(row) for row in applicable]
        page += _not_applicable([row for row in of_chapter if row.holds == "n/a"])
    return "".join(page)


def _summary(known: Sequence[Row]) -> str:
    levels = sorted({row.level for row in known})
    counts = Counter((row.level, row.holds) for row in known)
    table = ["| level | holds | partly | no | not applicable |\n| --- | --- | --- | --- | --- |\n"]
    table += [
        f"| {level} | " + " | ".join(str(counts[level, holds]) for holds in ("yes", "partly", "no", "n/a")) + " |\n"
        for level in levels
    ]
    deviations = [f"- **{row.id}** {row.requirement}: {row.note}\n" for row in known if row.holds in {"partly", "no"}]
    return "".join([*table, "\n## Deviations\n\n", *deviations])


def _line(row: Row) -> str:
    shown = [_link(each) for each in row.evidence]
    # What deviates is told once, at the top.
    note = [row.note] if row.note and row.holds == "yes" else []
    return f"| {row.id} | {row.level} | {row.requirement} | {row.holds} | {'<br>'.join([*note, *shown])} |\n"


def _link(evidence: str) -> str:
    file, _, test = evidence.partition("::")
    return f"[{test.removeprefix('test_').replace('_', ' ') or f'`{file}`'}](../{file})"


def _not_applicable(known: Iterable[Row]) -> Iterator[str]:
    told = [f"{row.id} ({row.note.rstrip('.')})" for row in known]
    if told:
        yield f"\nNot applicable: {', '.join(told)}.\n"
