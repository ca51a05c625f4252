"""Cursors: where a page of a list ended, for the request that asks for the next one.

Apps give back what they got. Whatever else they send is refused, be it the same place written in another way.
"""

import base64
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, TypeAdapter

from app.schemas.common import no_control_characters
from app.services.pages import DayPosition, MomentPosition

Position = TypeVar("Position")


def _in_utc(moment: datetime) -> datetime:
    if moment.utcoffset():
        raise ValueError("a moment of another time zone")
    return moment.replace(tzinfo=UTC)


CursorText = Annotated[str, StringConstraints(max_length=1_000)]
NextCursor = Annotated[str, Field(max_length=1_000)]
Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Words = Annotated[str, AfterValidator(no_control_characters)]
Number = Annotated[int, Field(ge=0, lt=2**63)]
Count = Annotated[int, Field(ge=0, lt=2**31)]


class CursorOf(Generic[Position]):
    """Writes and reads the cursors of lists whose positions are of one type."""

    def __init__(self, kind: Any) -> None:
        self._kind: TypeAdapter[Position] = TypeAdapter(kind)

    def write(self, position: Position | None) -> str | None:
        """None where a list has no further page."""
        return None if position is None else self._text(position)

    def read(self, cursor: str) -> Position:
        """Raises ValueError for anything but what `write` gave."""
        written = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        position = self._kind.validate_json(written, strict=True)
        if self._text(position) != cursor:
            raise ValueError("not as this service writes it")
        return position

    def _text(self, position: Position) -> str:
        return base64.urlsafe_b64encode(self._kind.dump_json(position)).decode().rstrip("=")


BY_MOMENT: CursorOf[MomentPosition] = CursorOf(tuple[Instant, UUID])
BY_DAY: CursorOf[DayPosition] = CursorOf(tuple[date, UUID])
BY_ROW: CursorOf[UUID] = CursorOf(UUID)
