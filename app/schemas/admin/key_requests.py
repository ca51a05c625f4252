"""Requests for a key that wait for the office."""

from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.schemas.common import Answer, Moment, Request
from app.schemas.cursors import BY_MOMENT, NextCursor
from app.services.office.key_request_desk import KeyRequestView
from app.services.pages import MomentPosition, Page


class KeyRequestState(StrEnum):
    WAITING = "waiting"
    MAILED = "mailed"
    DISPLAYED = "displayed"
    HANDLED = "handled"
    DECLINED = "declined"


class KeyRequestOutcome(StrEnum):
    HANDLED = "handled"
    DECLINED = "declined"


class CloseKeyRequestBody(Request):
    outcome: KeyRequestOutcome


class GuardianAnswer(Answer):
    person_id: Annotated[UUID, Field(description="For POST /admin/activation-keys")]
    first_name: Annotated[str, Field(max_length=255, examples=["Maria"])]
    last_name: Annotated[str, Field(max_length=255, examples=["Lopez"])]
    has_address: Annotated[bool, Field(description="Whether the roster has an address for a mail")]


class KeyRequestAnswer(Answer):
    id: UUID
    student_id: UUID
    first_name: Annotated[str, Field(max_length=255, description="Of the student", examples=["Ana"])]
    last_name: Annotated[str, Field(max_length=255, examples=["Lopez"])]
    student_number: Annotated[str, Field(max_length=255, examples=["0123456"])] | None = None
    requested_at: Moment
    state: KeyRequestState
    keys: Annotated[int, Field(ge=0, le=100, description="How many went out for it")]
    handled_at: Moment | None = None
    guardians: Annotated[
        list[GuardianAnswer], Field(max_length=100, description="Without an account, while the request waits")
    ]


class KeyRequestList(Answer):
    items: Annotated[list[KeyRequestAnswer], Field(max_length=100)]
    next_cursor: NextCursor | None = None

    @classmethod
    def of(cls, page: Page[KeyRequestView, MomentPosition]) -> Self:
        items = [KeyRequestAnswer.model_validate(view) for view in page.items]
        return cls(items=items, next_cursor=BY_MOMENT.write(page.end))
