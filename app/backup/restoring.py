"""Restoring a backup, while nothing runs."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app import migrate
from app.backup.archive import Archive, Manifest, Progress, opened
from app.backup.engines import engine_of
from app.backup.faults import BackupRefused
from app.backup.making import DATABASE, MAILS
from app.backup.snapshot import Snapshot
from app.security.digests import Digests
from app.settings import Settings


@dataclass(frozen=True)
class Restored:
    manifest: Manifest
    revision: str
    """Of the schema now."""


def restore(
    settings: Settings,
    source: Path,
    *,
    digests: Digests,
    environ: Mapping[str, str],
    progress: Progress,
    replace: bool = False,
    lost_keys: bool = False,
) -> Restored:
    """Puts the backup in the place of the database, whole or not at all, and moves it to the schema of this release.

    Raises:
        BackupRefused: it is damaged or another's, is for another engine or a newer release, or something would be lost.
        OSError: the file cannot be read, or the disk is full.
    """
    with opened(source) as archive:
        _refuse_strange(archive.manifest, digests, lost_keys=lost_keys)
        engine = engine_of(settings, environ)
        _refuse_unfit(archive.manifest, engine.name)
        engine.refuse_loss(replace=replace)
        if engine.workshop:
            engine.workshop.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".campus-restore-", dir=engine.workshop) as folder:
            file = Path(folder, DATABASE)
            archive.unpack(DATABASE, file)
            progress("reading", 1, 2)
            engine.load(file, Snapshot(archive.manifest.revision, archive.manifest.counts))
            progress("reading", 2, 2)
        _restore_mails(archive, settings)
    migrate.upgrade(settings)
    return Restored(archive.manifest, migrate.newest_revision())


def _refuse_strange(manifest: Manifest, digests: Digests, *, lost_keys: bool) -> None:
    if manifest.is_genuine(digests):
        return
    if manifest.made_under() in digests.key_ids:
        raise BackupRefused("the manifest of the backup was damaged or changed")
    if not lost_keys:
        raise BackupRefused(
            f"the backup was made under the secret key {manifest.made_under()}, which is not listed. List it (behind a newer one), "
            "as without it nobody can read authenticators or recognise keys. If it is lost: --lost-keys"
        )


def _refuse_unfit(manifest: Manifest, engine: str) -> None:
    if manifest.engine != engine:
        raise BackupRefused(f"the backup is one of {manifest.engine}, and CAMPUS_DATABASE_URL names {engine}")
    if manifest.revision > migrate.newest_revision():
        raise BackupRefused(f"the backup is at {manifest.revision}, which is newer than this release; run a newer one")
    if DATABASE not in manifest.parts:
        raise BackupRefused("the backup has no database in it")


def _restore_mails(archive: Archive, settings: Settings) -> None:
    """Beside those that are there."""
    folder = settings.mail_folder
    names = [name for name in archive.names if name.startswith(MAILS)]
    if folder is None or not names:
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in names:
        bare = Path(name).name
        if f"{MAILS}{bare}" == name and not (folder / bare).exists():
            archive.unpack(name, folder / bare)
