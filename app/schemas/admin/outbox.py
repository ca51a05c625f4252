"""What became of mails and push messages."""

from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.schemas.common import Answer, Moment
from app.schemas.cursors import BY_MOMENT, NextCursor
from app.services.office.outbox_list import OutboxItem, OutboxState
from app.services.outbox import MAIL, PUSH, MailKind
from app.services.pages import MomentPosition, Page


class OutboxChannel(StrEnum):
    MAIL = MAIL
    PUSH = PUSH


class OutboxMessage(Answer):
    """Neither text nor links, and no address that could be written to."""

    id: Annotated[UUID, Field(description="Of a mail: its Message-ID begins with it")]
    kind: Annotated[str, Field(max_length=40, description="More may come", examples=[MailKind.PASSWORD_RESET.value])]
    channel: OutboxChannel
    state: Annotated[
        OutboxState,
        Field(
            description="`nobody`: there is nobody to write to. `limited`: enough for an hour or a day. `superseded`: a newer one "
            "took its place. `refused`: the mail server does not take it. `given_up`: tried for a day. `gone`: the app was removed"
        ),
    ]
    created_at: Moment
    due_at: Annotated[Moment, Field(description="When it is tried next")] | None = None
    finished_at: Moment | None = None
    attempts: Annotated[int, Field(ge=0, le=100_000)]
    last_error: (
        Annotated[str, Field(max_length=40, description="Why a try did not succeed; a word, never an address")] | None
    ) = None
    account_id: Annotated[UUID, Field(description="Left out where nobody has this username or address")] | None = None
    address_masked: (
        Annotated[str, Field(max_length=254, description="While it waits", examples=["m***@e***.org"])] | None
    ) = None


class OutboxPage(Answer):
    items: Annotated[list[OutboxMessage], Field(max_length=100, description="Newest first")]
    next_cursor: NextCursor | None = None

    @classmethod
    def of(cls, page: Page[OutboxItem, MomentPosition]) -> Self:
        items = [OutboxMessage.model_validate(item) for item in page.items]
        return cls(items=items, next_cursor=BY_MOMENT.write(page.end))
