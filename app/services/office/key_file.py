"""Activation keys on their way to paper: private files, and CSV as text."""

import asyncio
import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TextIO

from app.clock import rfc3339
from app.services.keys import IssuedKey
from app.services.spreadsheets import csv_lines, harmless

COLUMNS = ("person_id", "first_name", "last_name", "portal", "activation_key", "expires_at")


def csv_of(keys: Iterable[IssuedKey]) -> str:
    """The whole table, with its header."""
    return csv_lines([COLUMNS, *map(_row, keys)])


class KeyFile:
    """The CSV file of a batch of keys: private, and flushed to disk before each batch counts.

    It is made with the first keys, so that a refused command leaves nothing behind; one that issued nothing leaves a file with the
    header alone.
    """

    def __init__(self, path: Path, *, append: bool = False) -> None:
        self._path = path
        self._mode = os.O_APPEND if append else os.O_EXCL
        self._file: TextIO | None = None

    async def deliver(self, keys: Sequence[IssuedKey]) -> None:
        """Raises OSError where the file cannot be written; the batch then does not count."""
        await asyncio.to_thread(self._write, keys)

    def _write(self, keys: Sequence[IssuedKey]) -> None:
        file = self._open()
        file.write(csv_lines(map(_row, keys)))
        file.flush()
        os.fsync(file.fileno())

    def _open(self) -> TextIO:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | self._mode, 0o600)
            self._file = os.fdopen(descriptor, "a", encoding="utf-8", newline="")
            if os.fstat(descriptor).st_size == 0:
                self._file.write(csv_lines([COLUMNS]))
            _keep_name(self._path.parent)
        return self._file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._open()
        if self._file:
            self._file.close()


class NoKeys(Exception):
    """Not a file of keys; the message says so."""


def keys_in(path: Path, at_once: int = 500) -> Iterator[list[str]]:
    """The keys of such a file, so many at once.

    Raises:
        NoKeys: another kind of file.
        OSError: it cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if "activation_key" not in (rows.fieldnames or ()):
                raise NoKeys(f"{path} has no column activation_key")
            keys = (row["activation_key"] or "" for row in rows)
            while some := list(islice(keys, at_once)):
                yield some
    except (UnicodeDecodeError, csv.Error) as fault:
        raise NoKeys(f"{path} is no CSV file in UTF-8") from fault


class LetterFile:
    """A private file of letters, which has its name only when it is whole; before that `.part` stands behind it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._file: BinaryIO | None = None

    def write(self, piece: bytes) -> None:
        """Raises OSError where that is not possible."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
            self._file = os.fdopen(os.open(self._part, flags, 0o600), "wb")
        self._file.write(piece)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """A file that nothing was written to is none."""
        if self._file is None:
            return
        with self._file as file:
            file.flush()
            os.fsync(file.fileno())
        if kind is not None:
            self._part.unlink()
            return
        self._part.rename(self._path)
        _keep_name(self._path.parent)


def _row(key: IssuedKey) -> tuple[object, ...]:
    names = harmless(key.first_name), harmless(key.last_name)
    return (key.person_id, *names, key.portal, key.activation_key, rfc3339(key.expires_at))


def _keep_name(folder: Path) -> None:
    """A new file is safe only when its folder is on disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
