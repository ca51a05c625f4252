"""Bringing a table to what the roster says: compare, then write what differs.

Core statements and streamed rows only: no object stays in a session, so that memory does not grow with the district.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Row, Select, Table, bindparam, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.services.roster.bulk import execute_many, insert_many, stream
from app.services.roster.progress import Meter

Key = TypeVar("Key")
Record = TypeVar("Record")


@dataclass
class Changes(Generic[Key]):
    """How one table of a district differs from the roster."""

    ids: dict[Key, UUID] = field(default_factory=dict)
    """The rows of what the roster has and the table too; with `give_ids` also of what is new."""
    created: list[Key] = field(default_factory=list)
    updated: list[Key] = field(default_factory=list)
    """Other values, or back after an end."""
    ended: list[Row[Any]] = field(default_factory=list)
    """The stored rows that the roster no longer has."""
    stored: int = 0
    live: int = 0
    """Stored rows that have not ended."""

    def give_ids(self) -> None:
        """For new rows that other new rows point to."""
        self.ids.update((key, uuid4()) for key in self.created)


@dataclass(frozen=True)
class Synced(Generic[Key, Record]):
    """A table with `id`, `district_id` and `ended_at` that follows the roster."""

    table: Table
    query: Select[Any]
    """Its rows, of all districts: `id`, `has_ended`, and what `key` and `is_same` look at."""
    key: Callable[[Row[Any]], Key]
    is_same: Callable[[Row[Any], Record], bool]

    async def compare(
        self, connection: AsyncConnection, district_id: str, roster: Mapping[Key, Record]
    ) -> Changes[Key]:
        changes: Changes[Key] = Changes()
        async for rows in stream(connection, self.query.where(self.table.c.district_id == district_id)):
            for row in rows:
                self._compare_row(changes, row, roster)
        changes.created = [key for key in roster if key not in changes.ids]
        return changes

    async def write(
        self,
        connection: AsyncConnection,
        changes: Changes[Key],
        now: datetime,
        meter: Meter,
        *,
        constants: Mapping[str, Any],
        first: Callable[[Key], dict[str, Any]],
        values: Callable[[Key], dict[str, Any]],
    ) -> None:
        """`values` are what follows the roster. A new row also gets an id, `first`, and the `constants` of all new rows."""
        table, ids = self.table, changes.ids
        this_row = update(table).where(table.c.id == bindparam("row_id"))
        created = ({"id": ids.get(key) or uuid4(), **first(key), **values(key)} for key in changes.created)
        await insert_many(connection, table, created, meter, constants)
        updated = ({"row_id": ids[key], "ended_at": None, **values(key)} for key in changes.updated)
        await execute_many(connection, this_row, updated, meter)
        ended = ({"row_id": row.id, "ended_at": now} for row in changes.ended)
        await execute_many(connection, this_row, ended, meter)

    def _compare_row(self, changes: Changes[Key], row: Row[Any], roster: Mapping[Key, Record]) -> None:
        key = self.key(row)
        record = roster.get(key)
        changes.stored += 1
        changes.live += not row.has_ended
        if record is not None:
            changes.ids[key] = row.id
            if row.has_ended or not self.is_same(row, record):
                changes.updated.append(key)
        elif not row.has_ended:
            changes.ended.append(row)


def has_ended(table: Table) -> ColumnElement[bool]:
    return table.c.ended_at.is_not(None).label("has_ended")
