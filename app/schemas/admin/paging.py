"""Pages that are ordered by a moment and an id."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from pydantic_core import PydanticCustomError

from app.schemas.common import decode_cursor, encode_cursor

TimePosition = tuple[datetime, UUID]
"""Moment and id of the last item of a page."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def time_cursor(position: TimePosition) -> str:
    return encode_cursor(((position[0] - _EPOCH) // _MICROSECOND, position[1].hex))


def time_position(cursor: str) -> TimePosition:
    """Raises PydanticCustomError: `cursor_invalid`, for anything but what `time_cursor` gave."""
    at, text = decode_cursor(cursor, int, str)
    try:
        return _EPOCH + at * _MICROSECOND, UUID(text)
    except (ValueError, OverflowError) as fault:
        raise PydanticCustomError("cursor_invalid", "not a cursor") from fault
