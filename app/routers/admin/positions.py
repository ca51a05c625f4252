"""The `cursor` of the office's lists, read."""

from collections.abc import Callable
from typing import TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic_core import PydanticCustomError

Position = TypeVar("Position")


def position(cursor: str | None, read: Callable[[str], Position]) -> Position | None:
    """Raises RequestValidationError: the cursor is not one that this service gave."""
    try:
        return None if cursor is None else read(cursor)
    except PydanticCustomError as fault:
        raise RequestValidationError(
            [{"type": fault.type, "loc": ("query", "cursor"), "msg": "", "input": None}]
        ) from fault
