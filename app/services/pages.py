"""Pages of lists: some items, and the place after which the next page begins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar
from uuid import UUID

Item = TypeVar("Item")
Position = TypeVar("Position")

MomentPosition = tuple[datetime, UUID]
"""In a list by time: moment and id of an item."""
DayPosition = tuple[date, UUID]
"""In a list by days: day and id of an item."""


@dataclass(frozen=True)
class Page(Generic[Item, Position]):
    items: Sequence[Item]
    end: Position | None
    """Of the last item; None where no other page follows."""

    @classmethod
    def of(cls, found: Sequence[Item], limit: int, place: Callable[[Item], Position]) -> "Page[Item, Position]":
        """Up to `limit` items out of `found`, which was asked for one more."""
        shown = found[:limit]
        return cls(shown, place(shown[-1]) if len(found) > limit else None)
