"""Cursors of the office's lists: where a page ended."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from pydantic_core import PydanticCustomError

from app.schemas.common import decode_cursor, encode_cursor

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def cursor_of_moment(at: datetime, id_: UUID) -> str:
    return encode_cursor(((at - _EPOCH) // _MICROSECOND, str(id_)))


def moment_in(cursor: str) -> tuple[datetime, UUID]:
    """Raises PydanticCustomError: `cursor_invalid`, for anything but what `cursor_of_moment` gave."""
    at, id_ = decode_cursor(cursor, int, str)
    try:
        return _EPOCH + at * _MICROSECOND, UUID(id_)
    except (ValueError, OverflowError):
        raise PydanticCustomError("cursor_invalid", "not a cursor") from None


def cursor_of_day(day: date, id_: UUID) -> str:
    return encode_cursor((day.isoformat(), str(id_)))


def day_in(cursor: str) -> tuple[date, UUID]:
    """Raises PydanticCustomError: `cursor_invalid`, for anything but what `cursor_of_day` gave."""
    day, id_ = decode_cursor(cursor, str, str)
    try:
        return date.fromisoformat(day), UUID(id_)
    except ValueError:
        raise PydanticCustomError("cursor_invalid", "not a cursor") from None
