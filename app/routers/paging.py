"""The questions that every list takes: how much, and after what."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from fastapi.exceptions import RequestValidationError

from app.schemas.cursors import BY_DAY, BY_MOMENT, BY_ROW, CursorOf, CursorText
from app.services.pages import DayPosition, MomentPosition

Position = TypeVar("Position")

Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[CursorText | None, Query(description="`next_cursor` of the page before")]


def after(cursors: CursorOf[Position]) -> Callable[[Cursor], Awaitable[Position | None]]:
    """A dependency: the position in `cursor`; None for the first page."""

    async def position(cursor: Cursor = None) -> Position | None:
        return position_in(cursor, cursors.read)

    return position


def position_in(cursor: str | None, read: Callable[[str], Position]) -> Position | None:
    """Raises RequestValidationError: `cursor_invalid`, where `read` finds no position."""
    try:
        return None if cursor is None else read(cursor)
    except ValueError as fault:
        raise RequestValidationError(
            [{"type": "cursor_invalid", "loc": ("query", "cursor"), "msg": "", "input": None}]
        ) from fault


AfterMoment = Annotated[MomentPosition | None, Depends(after(BY_MOMENT))]
AfterDay = Annotated[DayPosition | None, Depends(after(BY_DAY))]
AfterRow = Annotated[UUID | None, Depends(after(BY_ROW))]
