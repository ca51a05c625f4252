"""What a copy of a database says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.backup.faults import BackupRefused

PEOPLE = ("districts", "accounts", "persons")
"""Where one of these has a row, a database is not empty."""


@dataclass(frozen=True)
class Snapshot:
    revision: str
    counts: Mapping[str, int]
    """Rows by table."""

    def refuse_other(self, found: "Snapshot") -> None:
        """Raises BackupRefused where what was loaded is not what was backed up."""
        if found.revision != self.revision or dict(found.counts) != dict(self.counts):
            raise BackupRefused("what was restored is not what the backup says; nothing was changed")


def refuse_occupied(counts: Mapping[str, int], *, replace: bool) -> None:
    if not replace and any(counts.get(table) for table in PEOPLE):
        rows = ", ".join(f"{counts[table]} {table}" for table in PEOPLE if counts.get(table))
        raise BackupRefused(f"the database is not empty ({rows}); with --replace they are lost")
