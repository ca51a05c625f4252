"""What the app's menu shows."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.common import Answer, Moment, Named
from app.services.app_areas import SWITCHED_OFF, Area, ClosureReason
from app.services.menu import MenuView

BackOn = Annotated[
    date, Field(description="By the district's calendar; left out where nobody knows", examples=["2026-08-03"])
]


class WhyClosed(StrEnum):
    """`switched_off`, or why it is closed for a time."""

    SWITCHED_OFF = SWITCHED_OFF
    SUMMER = ClosureReason.SUMMER
    BREAK = ClosureReason.BREAK
    GRADING = ClosureReason.GRADING
    OTHER = ClosureReason.OTHER


class ClosedAnswer(Answer):
    """For whom an area is not on, and until when."""

    student_id: Annotated[UUID, Field(description="As in GET /me/students; left out for staff")] | None = None
    school: Named | None = None
    reason: Annotated[WhyClosed, Field(description="Why it is not on", examples=["grading"])]
    back_on: BackOn | None = None
    back_at: Moment | None = None


class MenuItemAnswer(Answer):
    area: Area
    on: Annotated[bool, Field(description="For any of the students", examples=[True])]
    students: Annotated[list[UUID], Field(max_length=1_000, description="For whom it is on; empty for staff")]
    closed: Annotated[list[ClosedAnswer], Field(max_length=1_000, description="For whom it is not")]
    back_on: Annotated[BackOn, Field(description="Where it is on for nobody: when it is back for the first")] | None = (
        None
    )


class MenuAnswer(Answer):
    """Every area that this portal's app has, on or not."""

    timezone: Annotated[str, Field(max_length=64, description="The district's", examples=["America/New_York"])]
    items: Annotated[list[MenuItemAnswer], Field(max_length=len(Area), description="In the order of the menu")]
    notifications: Annotated[MenuItemAnswer, Field(description="Whether schools send push messages")]

    @classmethod
    def of(cls, menu: MenuView) -> "MenuAnswer":
        return cls.model_validate(menu)
