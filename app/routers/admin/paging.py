"""Where a page of the office's lists begins."""

from typing import Annotated

from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from pydantic_core import PydanticCustomError

from app.routers.districts import Cursor
from app.schemas.admin.paging import TimePosition, time_position


async def _after(cursor: Cursor = None) -> TimePosition | None:
    try:
        return time_position(cursor) if cursor is not None else None
    except PydanticCustomError as fault:
        raise invalid_cursor() from fault


def invalid_cursor() -> RequestValidationError:
    return RequestValidationError([{"type": "cursor_invalid", "loc": ("query", "cursor"), "msg": "", "input": None}])


After = Annotated[TimePosition | None, Depends(_after)]
"""The place after which the page begins, out of `cursor`; None for the first page."""
