"""SQLite: its own online copy, from one moment, while servers write on."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from app.backup.archive import Progress, keep_names
from app.backup.faults import BackupRefused
from app.backup.snapshot import Snapshot, refuse_occupied
from app.settings import Settings

_PAGES_AT_ONCE = 4_096
_WAIT_S = 5


class SqliteEngine:
    name = "sqlite"

    def __init__(self, settings: Settings) -> None:
        self._path = settings.sqlite_path
        self.workshop: Path | None = (
            settings.sqlite_path.parent
        )  # on the same disk, so that the copy need only be renamed

    def copy(self, into: Path, progress: Progress) -> Snapshot:
        if not self._path.exists():
            raise BackupRefused(f"there is no database {self._path}")
        into.touch(mode=0o600)
        with _opened(self._path) as source, _opened(into) as copy:
            # A reader's snapshot: else each page that a server writes meanwhile would begin the copy anew.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            source.backup(
                copy,
                pages=_PAGES_AT_ONCE,
                progress=lambda _, remaining, total: progress("copying", total - remaining, total),
                sleep=0,
            )
            copy.execute("PRAGMA journal_mode=DELETE")  # so that the copy is one file
            return _examined(copy)

    def refuse_loss(self, *, replace: bool) -> None:
        if not self._path.exists() or self._path.stat().st_size == 0:
            return
        with _opened(self._path) as database:
            counts = _counts(database)
            refuse_occupied(counts, replace=replace)
            try:
                # Only the last one to have it open may do this; its write-ahead log goes into the file, and away.
                database.execute("PRAGMA journal_mode=DELETE").fetchone()
            except sqlite3.OperationalError:
                raise BackupRefused(f"{self._path} is in use: stop all servers and workers first") from None

    def load(self, file: Path, snapshot: Snapshot) -> None:
        with _opened(file) as copy:
            snapshot.refuse_other(_examined(copy))
        self._give_to_owner(file)
        with file.open("rb") as written:
            os.fsync(written.fileno())
        for ending in ("-wal", "-shm"):  # of the file that goes
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
        file.replace(self._path)
        keep_names(self._path.parent)

    def _give_to_owner(self, file: Path) -> None:
        """Root may restore what another user's service reads."""
        if os.geteuid() == 0:
            owner = (self._path if self._path.exists() else self._path.parent).stat()
            os.chown(file, owner.st_uid, owner.st_gid)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)) as connection:
            yield connection
    except sqlite3.DatabaseError as fault:
        raise BackupRefused(f"{path.name}: {fault}") from fault


def _examined(copy: sqlite3.Connection) -> Snapshot:
    (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise BackupRefused(f"the database is damaged: {verdict}")
    if broken := copy.execute("PRAGMA foreign_key_check").fetchone():
        raise BackupRefused(f"the database is damaged: a row of {broken[0]} belongs to a row that is not there")
    counts = _counts(copy)
    if "alembic_version" not in counts:
        raise BackupRefused("the database is no database of this service, or was never migrated")
    (revision,) = copy.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
    return Snapshot(revision, counts)


def _counts(connection: sqlite3.Connection) -> dict[str, int]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    names = [name for (name,) in connection.execute(query)]
    counted = {}
    for name in names:
        quoted = '"' + name.replace('"', '""') + '"'
        (counted[name],) = connection.execute(f"SELECT count(*) FROM {quoted}").fetchone()  # noqa: S608  # a name of the database's own, quoted
    return counted
