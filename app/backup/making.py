"""Making a backup, while servers run."""

import errno
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app import __version__
from app.backup.archive import Manifest, Progress, publish, write
from app.backup.engines import engine_of
from app.clock import Clock, rfc3339
from app.security.digests import Digests
from app.settings import Settings

DATABASE = "database"
MAILS = "mails/"


@dataclass(frozen=True)
class Made:
    manifest: Manifest
    bytes: int


def back_up(
    settings: Settings, out: Path, *, clock: Clock, digests: Digests, environ: Mapping[str, str], progress: Progress
) -> Made:
    """Writes a new file. Beside it there must be room for the database twice.

    Raises:
        BackupRefused: the database cannot be copied.
        OSError: the file is there already, or cannot be written.
    """
    if out.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(out))
    made_at = rfc3339(clock.now())
    engine = engine_of(settings, environ)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.absolute().parent) as folder:
        copy = Path(folder, DATABASE)
        snapshot = engine.copy(copy, progress)
        manifest = Manifest(made_at, __version__, engine.name, snapshot.revision, snapshot.counts)
        draft = Path(folder, "draft")
        written = write(draft, manifest, {DATABASE: copy, **_mails(settings)}, digests, progress)
        publish(draft, out)
    return Made(written, out.stat().st_size)


def _mails(settings: Settings) -> dict[str, Path]:
    """Where mails are written into a folder."""
    folder = settings.mail_folder
    return {f"{MAILS}{file.name}": file for file in sorted(folder.glob("*.eml"))} if folder else {}
