"""What happened to one's own account."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field
from pydantic_core import PydanticCustomError

from app.schemas.common import Answer, Moment, decode_cursor, encode_cursor
from app.services.activity import KINDS, SESSION_ENDED, ActivityItem, Position

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class ActivityAnswer(Answer):
    """One event. More kinds may come; an app shows those that it has words for."""

    id: UUID
    kind: Annotated[
        str,
        Field(
            max_length=40,
            pattern="^[a-z_]+$",
            description="One of " + ", ".join(f"`{kind}`" for kind in sorted({*KINDS.values(), SESSION_ENDED})),
            examples=["signed_in"],
        ),
    ]
    at: Moment
    device_name: (
        Annotated[
            str, Field(max_length=100, description="Of the session that began or ended", examples=["Maria's phone"])
        ]
        | None
    ) = None
    current: (
        Annotated[bool, Field(description="For sessions: whether it is the session of this very request")] | None
    ) = None


class ActivityList(Answer):
    items: Annotated[list[ActivityAnswer], Field(max_length=100, description="Newest first")]
    next_cursor: Annotated[str, Field(max_length=1_000)] | None = None

    @classmethod
    def of(cls, items: list[ActivityItem], end: Position | None) -> "ActivityList":
        return cls(
            items=[ActivityAnswer.model_validate(item) for item in items],
            next_cursor=encode_cursor(((end[0] - _EPOCH) // _MICROSECOND, end[1])) if end else None,
        )


def position_in(cursor: str) -> Position:
    """Raises PydanticCustomError: `cursor_invalid`, for anything but a cursor that an `ActivityList` gave."""
    at, shown = decode_cursor(cursor, int, int)
    if not 0 <= at < 2**53 or not 0 <= shown < 2**31:
        raise PydanticCustomError("cursor_invalid", "not a cursor")
    return _EPOCH + at * _MICROSECOND, shown
