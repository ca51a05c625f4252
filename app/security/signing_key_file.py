"""Where the list of signing keys lies: in a file that this machine may write, or with somebody who gives it to the processes."""

import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.security.signing_key_list import SigningKeyList, SigningKeysRefused

VARIABLE = "CAMPUS_SIGNING_KEYS"


@dataclass(frozen=True)
class SigningKeyFile:
    """`path` is None where the environment holds the list itself, or where there is none."""

    path: Path | None
    keys: SigningKeyList

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "SigningKeyFile":
        """As the settings find it; a file that is not there yet is an empty list.

        Raises:
            SigningKeysRefused: it holds something else.
            OSError: it cannot be read.
        """
        named = environ.get(f"{VARIABLE}_FILE")
        if not named:
            return cls(None, SigningKeyList.parse(environ.get(VARIABLE, "")))
        # A link stays where it is: it is the file behind it that is replaced.
        path = Path(named).resolve()
        if not path.exists():
            return cls(path, SigningKeyList())
        changed_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as fault:
            raise SigningKeysRefused(f"{path} is not UTF-8") from fault
        return cls(path, SigningKeyList.parse(text, changed_at))

    def write(self, keys: SigningKeyList) -> Path:
        """Replaces the file: whoever reads it finds the list of before or the new one. It keeps its owner; nobody else may read it.

        Raises:
            SigningKeysRefused: there is none, or it cannot be replaced here.
        """
        if self.path is None:
            raise SigningKeysRefused(
                f"no file is named by {VARIABLE}_FILE; --print prints the list for whoever keeps it"
            )
        try:
            _replace(self.path, keys.text)
        except OSError as fault:
            advice = "--print prints the list for whoever keeps it"
            raise SigningKeysRefused(f"{self.path} cannot be replaced ({fault.strerror}); {advice}") from fault
        return self.path


def _replace(path: Path, text: str) -> None:
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            if path.exists():
                _keep_owner(out.fileno(), path.stat())
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink()
        raise


def _keep_owner(descriptor: int, before: os.stat_result) -> None:
    """And what its group may do, as a service may read its keys by its group."""
    if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
        os.fchown(descriptor, before.st_uid, before.st_gid)
    os.fchmod(descriptor, stat.S_IRUSR | stat.S_IWUSR | (before.st_mode & stat.S_IRGRP))
