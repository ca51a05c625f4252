"""The file of a backup: a plain tar, readable for its owner alone, with a manifest in front.

The manifest names every part with its SHA-256, and carries a digest under the newest secret key: whoever changes a backup, but has no
secret key, is found.
"""

import errno
import hashlib
import hmac
import json
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from app.backup.faults import BackupRefused
from app.security.digests import Digests

FORMAT = 1
MANIFEST = "manifest.json"
_MOST_OF_A_MANIFEST = 50_000_000
_CHUNK = 1 << 20
_PURPOSE = "backup-manifest"

Progress = Callable[[str, int, int], None]
"""The phase, how much is done, how much there is."""


@dataclass(frozen=True)
class Manifest:
    made_at: str
    release: str
    engine: str
    """`sqlite` or `postgresql`."""
    revision: str
    """Of the schema."""
    counts: Mapping[str, int]
    """Rows by table, at the same moment as the copy."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 by name in the file."""
    format: int = FORMAT
    mac: str = ""

    def signed(self, digests: Digests) -> "Manifest":
        return Manifest(**{**asdict(self), "mac": digests.digest(_PURPOSE, self._said())})

    def made_under(self) -> str:
        """The id of the secret key."""
        return self.mac.partition(":")[0]

    def is_genuine(self, digests: Digests) -> bool:
        candidates = digests.candidates(_PURPOSE, self._said())
        return any(hmac.compare_digest(self.mac.encode(), each.encode()) for each in candidates)

    def _said(self) -> str:
        return json.dumps({**asdict(self), "mac": ""}, sort_keys=True)


def write(draft: Path, manifest: Manifest, files: Mapping[str, Path], digests: Digests, progress: Progress) -> Manifest:
    """A new file, on disk when this returns; gives the manifest with what was written."""
    parts = {name: _sha256(file, progress) for name, file in files.items()}
    manifest = Manifest(**{**asdict(manifest), "parts": parts}).signed(digests)
    with os.fdopen(os.open(draft, _NEW, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            _add(tar, MANIFEST, json.dumps(asdict(manifest), indent=2).encode())
            for place, (name, source) in enumerate(files.items(), start=1):
                tar.add(source, name, recursive=False, filter=_private)
                progress("writing", place, len(files))
        file.flush()
        os.fsync(file.fileno())
    return manifest


def publish(draft: Path, out: Path) -> None:
    """Gives the draft its name.

    Raises:
        FileExistsError: there is a file of that name.
    """
    try:
        os.link(draft, out)  # unlike a rename, this refuses to replace a file
    except OSError as fault:
        if fault.errno == errno.EEXIST or out.exists():
            raise
        draft.rename(out)  # a disk that knows no second names
    keep_names(out.absolute().parent)


@dataclass(frozen=True)
class Archive:
    """A backup that is open for reading."""

    tar: tarfile.TarFile
    manifest: Manifest

    @property
    def names(self) -> list[str]:
        return list(self.manifest.parts)

    def unpack(self, name: str, into: Path) -> None:
        """A part as a new file, which only its owner may read.

        Raises:
            BackupRefused: it is not what the manifest says.
        """
        wanted, hashed = self.manifest.parts[name], hashlib.sha256()
        try:
            with self._stream(name) as stream, os.fdopen(os.open(into, _NEW, 0o600), "wb") as file:
                while chunk := stream.read(_CHUNK):
                    hashed.update(chunk)
                    file.write(chunk)
        except (tarfile.TarError, EOFError) as fault:
            raise BackupRefused(f"{name} in the backup is damaged") from fault
        if hashed.hexdigest() != wanted:
            raise BackupRefused(f"{name} in the backup is not what was backed up: it was damaged or changed")

    def _stream(self, name: str) -> IO[bytes]:
        try:
            stream = self.tar.extractfile(name)
        except KeyError:
            stream = None
        if stream is None:
            raise BackupRefused(f"the backup names {name}, but has no such part")
        return stream


@contextmanager
def opened(source: Path) -> Iterator[Archive]:
    """Raises BackupRefused where it is no backup."""
    try:
        with tarfile.open(source, "r:") as tar:
            first = tar.next()
            if first is None or first.name != MANIFEST or first.size > _MOST_OF_A_MANIFEST:
                raise BackupRefused(f"{source} is no backup of this service")
            yield Archive(tar, _manifest_in(source, tar, first))
    except tarfile.TarError as fault:
        raise BackupRefused(f"{source} is no backup of this service, or is damaged") from fault


def keep_names(folder: Path) -> None:
    """After a power cut the folder remembers the new name, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


def _manifest_in(source: Path, tar: tarfile.TarFile, member: tarfile.TarInfo) -> Manifest:
    stream = tar.extractfile(member)
    try:
        facts: Any = json.loads(stream.read() if stream else b"")
        if facts["format"] != FORMAT:
            raise BackupRefused(f"{source} has the form {facts['format']}, which this release does not know")
        return Manifest(**facts)
    except (ValueError, TypeError, KeyError) as fault:
        raise BackupRefused(f"{source} is no backup of this service, or is damaged") from fault


def _sha256(file: Path, progress: Progress) -> str:
    hashed, done, size = hashlib.sha256(), 0, file.stat().st_size
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            hashed.update(chunk)
            done += len(chunk)
            if size > _CHUNK:
                progress("hashing", done, size)
    return hashed.hexdigest()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o600
    tar.addfile(member, BytesIO(content))


def _private(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Nothing of this machine's users."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member
