"""Ids of rows as whole numbers of 128 bits: half the memory of UUID objects, and made by the thousand."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from struct import Struct
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Dialect, String, Uuid
from sqlalchemy.types import TypeDecorator, TypeEngine

_BYTES = 16
_IDS = Struct(f"{_BYTES}s" * 1_000)
_RANDOM_BITS = ~(0xF000 << 64 | 0xC000 << 48)
_VERSION_4 = 0x4000 << 64 | 0x8000 << 48


Key = TypeVar("Key")


hexadecimal = "%032x".__mod__
"""The digits of an id, which both drivers take for a UUID."""


class HasRowId(Protocol):
    id: int | None


@dataclass(frozen=True)
class IdsInRecords(Generic[Key]):
    """Ids by key that the records themselves keep: a dict besides would take 50 bytes more for each."""

    records: Mapping[Key, HasRowId]

    def __getitem__(self, key: Key) -> int | None:
        return self.records[key].id

    def __setitem__(self, key: Key, row_id: int) -> None:
        self.records[key].id = row_id


class RowId(TypeDecorator[int]):
    """A UUID column, read and written as a number."""

    impl = Uuid
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """SQLite keeps 32 hexadecimal digits."""
        kind: TypeEngine[Any] = String(2 * _BYTES) if dialect.name == "sqlite" else Uuid()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | UUID | None:
        if value is None:
            return None
        return f"{value:032x}" if dialect.name == "sqlite" else UUID(int=value)

    def process_result_value(self, value: str | UUID | None, dialect: Dialect) -> int | None:  # noqa: ARG002  # as SQLAlchemy calls it
        if value is None:
            return None
        return int(value, 16) if isinstance(value, str) else value.int


def new_ids() -> Iterator[int]:
    """Random UUIDs (version 4) without end. The system is asked for many at once, as asking takes longer than the rest."""
    while True:
        for number in map(int.from_bytes, _IDS.unpack(os.urandom(_IDS.size))):
            yield number & _RANDOM_BITS | _VERSION_4
