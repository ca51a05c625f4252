"""The limit of an import: the rows that it stored, into equal empty tables, by the driver's own executemany in one transaction."""

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types

_REFERRED = "districts"
_ROSTER = ("schools", "persons", "enrollments", "relationships")
"""In the order of their references."""

Rows = Mapping[str, Sequence[tuple[Any, ...]]]
"""The rows of each table, as the driver gives and takes them."""


async def seconds_to_copy(source: str, target: str) -> tuple[int, float]:
    """How many rows a district's roster has at the URL `source`, and how long they take into the empty database at `target`."""
    if source.startswith("sqlite:"):
        return _in_sqlite(source.removeprefix("sqlite:///"), target.removeprefix("sqlite:///"))
    return await _in_postgresql(source, target)


def _in_sqlite(source: str, target: str) -> tuple[int, float]:
    with closing(sqlite3.connect(source)) as connection:
        rows = {table: connection.execute(_select(table)).fetchall() for table in (_REFERRED, *_ROSTER)}
    with closing(sqlite3.connect(target)) as connection:
        # As the product opens it.
        connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON")
        connection.executemany(_insert(_REFERRED, rows, "?"), rows[_REFERRED])
        connection.commit()
        begun = time.monotonic()
        with connection:
            for table in _ROSTER:
                connection.executemany(_insert(table, rows, "?"), rows[table])
        return _count(rows), time.monotonic() - begun


async def _in_postgresql(source: str, target: str) -> tuple[int, float]:
    connection = await asyncpg.connect(source)
    rows = {table: [tuple(row) for row in await connection.fetch(_select(table))] for table in (_REFERRED, *_ROSTER)}
    await connection.close()
    connection = await asyncpg.connect(target)
    await connection.executemany(_insert(_REFERRED, rows, "$"), rows[_REFERRED])
    begun = time.monotonic()
    async with connection.transaction():
        for table in _ROSTER:
            await connection.executemany(_insert(table, rows, "$"), rows[table])
    seconds = time.monotonic() - begun
    await connection.close()
    return _count(rows), seconds


def _select(table: str) -> str:
    return f"SELECT * FROM {table}"  # noqa: S608  # our own names


def _insert(table: str, rows: Rows, mark: str) -> str:
    marks = ", ".join(_marks(mark, len(rows[table][0])))
    return f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608  # our own names


def _marks(mark: str, count: int) -> Iterator[str]:
    return (mark if mark == "?" else f"{mark}{n}" for n in range(1, count + 1))


def _count(rows: Rows) -> int:
    return sum(len(rows[table]) for table in _ROSTER)
