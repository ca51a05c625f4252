"""The audit trail of a district."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.schemas.common import Answer, Moment, moment_as_text
from app.schemas.cursors import CursorOf, Instant, NextCursor, Number
from app.services.office.audit_trail import AuditItem, AuditPosition
from app.services.pages import Page

_ACTOR = r"^(operator|worker|anonymous|account:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$"

EVENTS: CursorOf[AuditPosition] = CursorOf(tuple[Instant, Number])


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as fault:
        raise PydanticCustomError("invalid", "beyond the calendar") from fault


AskedMoment = Annotated[AwareDatetime, BeforeValidator(moment_as_text), AfterValidator(_in_utc)]
Actor = Annotated[str, StringConstraints(max_length=64, pattern=_ACTOR)]
TagPrefix = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z_]+(:[a-z_]*){0,2}$")]


class AuditEventItem(Answer):
    id: UUID
    at: Moment
    tag: Annotated[
        str, Field(max_length=64, description="`source:subject:action`", examples=["office:account:unlocked"])
    ]
    actor: Annotated[
        str, Field(max_length=64, description="`account:` and its id, `operator`, `worker` or `anonymous`")
    ]
    account_id: Annotated[UUID, Field(description="To which it happened")] | None = None
    person_id: Annotated[UUID, Field(description="To whom it happened")] | None = None
    data: Annotated[dict[str, Any], Field(description="Ids, counts and reasons; neither names nor addresses")]


class AuditPage(Answer):
    items: Annotated[list[AuditEventItem], Field(max_length=100, description="Newest first")]
    next_cursor: NextCursor | None = None

    @classmethod
    def of(cls, page: Page[AuditItem, AuditPosition], seal: Callable[[str], str]) -> Self:
        items, cursor = [AuditEventItem.model_validate(item) for item in page.items], EVENTS.write(page.end)
        return cls(items=items, next_cursor=seal(cursor) if cursor else None)
