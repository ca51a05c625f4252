"""Requests for a key that wait for the office."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.admin.paging import time_cursor
from app.schemas.common import Answer, Moment, Request
from app.services.key_request_desk import KeyRequestView, Position


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
    next_cursor: Annotated[str, Field(max_length=1_000)] | None = None

    @classmethod
    def of(cls, views: list[KeyRequestView], end: Position | None) -> "KeyRequestList":
        return cls(
            items=[KeyRequestAnswer.model_validate(view) for view in views],
            next_cursor=time_cursor(end) if end else None,
        )
