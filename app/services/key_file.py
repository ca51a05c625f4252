"""Activation keys on their way to paper: a private CSV file."""

import asyncio
import csv
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from app.services.keys import IssuedKey

COLUMNS = ("person_id", "first_name", "last_name", "portal", "activation_key", "expires_at")


class KeyFile:
    """The CSV file of a batch of keys: private, and flushed to disk before each batch counts."""

    def __init__(self, path: Path, *, append: bool = False) -> None:
        """Raises FileExistsError where the file is there already, unless it may be appended to."""
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_EXCL), 0o600)
        self._file = os.fdopen(descriptor, "a", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        if os.fstat(descriptor).st_size == 0:
            self._writer.writerow(COLUMNS)

    async def deliver(self, keys: Sequence[IssuedKey]) -> None:
        await asyncio.to_thread(self._write, keys)

    def _write(self, keys: Sequence[IssuedKey]) -> None:
        for key in keys:
            expires_at = key.expires_at.replace(microsecond=0).isoformat().replace("+00:00", "Z")
            self._writer.writerow(
                (key.person_id, key.first_name, key.last_name, key.portal, key.activation_key, expires_at)
            )
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._file.close()
