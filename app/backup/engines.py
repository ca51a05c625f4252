"""What a backup asks of a database, whichever engine it is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from app.backup.archive import Progress
from app.backup.postgresql import PostgresqlEngine
from app.backup.snapshot import Snapshot
from app.backup.sqlite import SqliteEngine
from app.settings import Settings


class Engine(Protocol):
    name: str
    workshop: Path | None
    """Where a copy is unpacked before it is loaded; None for the machine's own place for such things."""

    def copy(self, into: Path, progress: Progress) -> Snapshot:
        """Writes the database, as it is at one moment, into a new file; servers run on meanwhile."""
        ...

    def refuse_loss(self, *, replace: bool) -> None:
        """Raises BackupRefused where something would be lost that is not to be replaced, or where servers or workers still run."""
        ...

    def load(self, file: Path, snapshot: Snapshot) -> None:
        """Puts the copy in the place of what is there, whole or not at all. Raises BackupRefused."""
        ...


def engine_of(settings: Settings, environ: Mapping[str, str]) -> Engine:
    """`environ` is what PostgreSQL's programs are started with."""
    return SqliteEngine(settings) if settings.is_sqlite else PostgresqlEngine(settings, environ)
