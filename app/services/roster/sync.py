"""Bringing a table to what the roster says: compare, then write what differs.

Core statements and streamed rows only: no object stays in a session. What is remembered of a row is a number, and the key that
the roster holds anyway.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from itertools import chain
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    ColumnElement,
    Insert,
    Row,
    Select,
    Table,
    Update,
    bindparam,
    func,
    insert,
    select,
    type_coerce,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from app.services.roster.bulk import execute_many, stream
from app.services.roster.progress import Meter
from app.services.roster.row_ids import IdsInRecords, RowId, new_ids

Key = TypeVar("Key")
Record = TypeVar("Record")
Rows = Iterator[tuple[Any, ...]]


class Fate(Enum):
    """What becomes of a live row that the roster does not have."""

    ENDS = auto()
    LEAVES = auto()
    """Its end is planned now."""
    STAYS = auto()
    """Its end was planned before, or hangs on another row's."""


@dataclass
class Changes(Generic[Key]):
    """How one table of a district differs from the roster."""

    ids: dict[Key, int] | IdsInRecords[Key] = field(default_factory=dict)
    """The rows that are to be updated. Of tables that others refer to: all that the roster has; with `give_ids` also what is new."""
    created: list[Key] = field(default_factory=list)
    updated: list[Key] = field(default_factory=list)
    """Other values, or back after an end."""
    noted: list[Key] = field(default_factory=list)
    """The same for everybody, but with something new to remember for later packages."""
    ended: list[Row[Any]] = field(default_factory=list)
    """The stored rows that the roster no longer has."""
    leaving: list[Row[Any]] = field(default_factory=list)
    """Those of them that end later."""
    staying: set[Key] = field(default_factory=set)
    """Those whose end is not this roster's business."""
    corrected: list[Row[Any]] = field(default_factory=list)
    """Rows that ended before, of which something is no longer true."""
    losing_access: int = 0
    """Of the updated rows."""
    stored: int = 0
    live: int = 0
    """Stored rows that have not ended."""

    def give_ids(self) -> None:
        """For new rows that other new rows point to."""
        for key, row_id in zip(self.created, new_ids(), strict=False):
            self.ids[key] = row_id


@dataclass(frozen=True)
class Synced(Generic[Key, Record]):
    """A table with `id`, `district_id` and `ended_at` that follows the roster."""

    table: Table
    query: Select[Any]
    """Its rows, of all districts: `id`, `has_ended`, and what `key` and `is_same` look at."""
    first: Sequence[str]
    """The columns that a new row gets and keeps, besides `id` and those that are the same for all new rows."""
    following: Sequence[str]
    """The columns that follow the roster."""
    values: Callable[[Record], tuple[Any, ...]]
    """What the roster says that they are."""
    key: Callable[[Row[Any]], Key]
    is_same: Callable[[Row[Any], Record], bool]
    looks_same: Callable[[Row[Any], Record], bool] = lambda _row, _record: False
    """Whether a row that is not the same differs only in what later packages ask about."""
    loses_access: Callable[[Row[Any], Record], bool] = lambda _row, _record: False
    """Whether somebody stays in the roster and yet gets nothing from it any more."""
    ids_in: Callable[[Mapping[Key, Record]], IdsInRecords[Key]] | None = None
    """Where other tables of the roster find the ids; None for a table that no other one refers to."""
    sqlite_order: tuple[ColumnElement[Any], ...] = ()
    """Of SQLite's indexes that begin with the district, the one whose order is most like that of the rows; it would take any."""
    last: Sequence[str] = ()
    """The columns that follow the roster in rows that have ended, too."""
    back_to_null: tuple[str, ...] = ()
    """Columns that are emptied when a row changes or ends."""

    async def count(self, connection: AsyncConnection, district_id: str) -> int:
        """How many rows there are to compare with, about."""
        rows = select(func.count()).where(self.table.c.district_id == district_id)
        return (await connection.execute(rows)).scalar_one()

    async def compare(
        self,
        connection: AsyncConnection,
        district_id: str,
        roster: Mapping[Key, Record],
        meter: Meter,
        *,
        fate: Callable[[Row[Any]], Fate] = lambda _: Fate.ENDS,
        is_correct: Callable[[Row[Any]], bool] = lambda _: True,
    ) -> Changes[Key]:
        """`fate` decides about live rows that the roster does not have; `is_correct` looks at those that ended before."""
        changes: Changes[Key] = Changes(self.ids_in(roster)) if self.ids_in else Changes()
        unmet = dict(zip(roster, roster, strict=True))
        query = self.query.where(self.table.c.district_id == district_id)
        if connection.dialect.name == "sqlite":
            query = query.order_by(*self.sqlite_order)
        async for rows in stream(connection, query):
            for row in rows:
                changes.stored += 1
                changes.live += not row.has_ended
                # The roster's own object: the equal one of the row would be a second one to be kept.
                key = unmet.pop(self.key(row), None)
                if key is not None:
                    self._compare_row(changes, key, row, roster[key])
                elif not row.has_ended:
                    self._decide(changes, row, fate(row))
                elif not is_correct(row):
                    changes.corrected.append(row)
            meter.add(len(rows))
        changes.created = list(unmet)
        return changes

    async def write(
        self,
        connection: AsyncConnection,
        roster: Mapping[Key, Record],
        changes: Changes[Key],
        now: datetime,
        meter: Meter,
        *,
        constants: Mapping[str, Any],
        first: Callable[[Key], tuple[Any, ...]],
        last: Callable[[Row[Any]], tuple[Any, ...]] = lambda _: (),
        leaves_at: datetime | None = None,
    ) -> None:
        """`first` and `last` give the values of these columns, `constants` those that all new rows have."""
        ids, values = changes.ids, self.values
        this_row = update(self.table).where(self.table.c.id == bindparam("row_id"))

        async def write(statement: Insert | Update, names: Sequence[str], rows: Rows, same: Mapping[str, Any]) -> None:
            await execute_many(connection, statement, names, rows, meter, same)

        its_ids = map(ids.__getitem__, changes.created) if self.ids_in else new_ids()
        created = zip(its_ids, changes.created, strict=False)
        rows = ((row_id, *first(key), *values(roster[key])) for row_id, key in created)
        await write(insert(self.table), ["id", *self.first, *self.following], rows, constants)
        emptied = dict.fromkeys(self.back_to_null)
        rows = ((ids[key], *values(roster[key])) for key in chain(changes.updated, changes.noted))
        await write(this_row, ["row_id", *self.following], rows, {"ended_at": None, **emptied})
        rows = ((row.id, *last(row)) for row in changes.ended)
        await write(this_row, ["row_id", *self.last], rows, {"ended_at": now, **emptied})
        rows = ((row.id,) for row in changes.leaving)
        await write(this_row, ["row_id"], rows, {"leaves_at": leaves_at})
        rows = ((row.id, *last(row)) for row in changes.corrected)
        await write(this_row, ["row_id", *self.last], rows, {})

    def _decide(self, changes: Changes[Key], row: Row[Any], fate: Fate) -> None:
        if fate is Fate.ENDS:
            changes.ended.append(row)
        elif fate is Fate.LEAVES:
            changes.leaving.append(row)
        else:
            changes.staying.add(self.key(row))

    def _compare_row(self, changes: Changes[Key], key: Key, row: Row[Any], record: Record) -> None:
        differs = row.has_ended or not self.is_same(row, record)
        if differs and not row.has_ended and self.looks_same(row, record):
            changes.noted.append(key)
        elif differs:
            changes.updated.append(key)
            changes.losing_access += not row.has_ended and self.loses_access(row, record)
        if differs or self.ids_in:
            changes.ids[key] = row.id


def row_id(table: Table) -> ColumnElement[int]:
    """The column `id` as a number."""
    return type_coerce(table.c.id, RowId()).label("id")


def has_ended(table: Table) -> ColumnElement[bool]:
    return table.c.ended_at.is_not(None).label("has_ended")
