"""What happened to one's own account."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.common import Answer, Moment
from app.schemas.cursors import Count, CursorOf, Instant, NextCursor
from app.services.activity import KINDS, SESSION_ENDED, SIGNED_IN_BY_SSO, ActivityItem, Position
from app.services.pages import Page

BY_EVENT: CursorOf[Position] = CursorOf(tuple[Instant, Count])


class ActivityAnswer(Answer):
    """One event. More kinds may come; an app shows those that it has words for."""

    id: UUID
    kind: Annotated[
        str,
        Field(
            max_length=40,
            pattern="^[a-z_]+$",
            description="One of "
            + ", ".join(f"`{kind}`" for kind in sorted({*KINDS.values(), SESSION_ENDED, SIGNED_IN_BY_SSO})),
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
    next_cursor: NextCursor | None = None

    @classmethod
    def of(cls, page: Page[ActivityItem, Position]) -> "ActivityList":
        return cls(
            items=[ActivityAnswer.model_validate(item) for item in page.items], next_cursor=BY_EVENT.write(page.end)
        )
