"""Notices on the login screen, as the office writes them."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.schemas.common import Answer, Moment, Request
from app.schemas.cursors import BY_DAY, NextCursor
from app.schemas.districts import AnnouncementLink
from app.services.office.announcements import MAX_BODY, Announced, Notice
from app.services.pages import DayPosition, Page
from app.services.setting_values import Line, WebUrl
from app.text import is_plain

FIRST, LAST = date(2000, 1, 1), date(2100, 12, 31)


def _no_other_century(day: date) -> date:
    if not FIRST.year <= day.year <= LAST.year:
        raise PydanticCustomError("date_out_of_range", "another century", {"min": str(FIRST), "max": str(LAST)})
    return day


def _paragraphs(text: str) -> str:
    if not is_plain(text.translate({ord(c): " " for c in "\r\n\t"})):
        raise PydanticCustomError("text_expected", "control characters")
    return text


_Day = Annotated[date, AfterValidator(_no_other_century)]
_Instant = Annotated[AwareDatetime, AfterValidator(_no_other_century)]
Paragraphs = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_BODY),
    AfterValidator(_paragraphs),
    Field(description="Plain text; line breaks stay", examples=["School begins on August 3."]),
]


class AnnouncementLinkBody(Request):
    label: Line
    url: WebUrl


class AnnouncementBody(Request):
    title: Annotated[Line, Field(examples=["Welcome back"])]
    body: Paragraphs
    links: Annotated[tuple[AnnouncementLinkBody, ...], Field(max_length=20)] = ()
    published_on: (
        Annotated[_Day, Field(description="Today in the district if left out; a change then leaves it as it was")]
        | None
    ) = None
    visible_from: _Instant | None = None
    visible_until: _Instant | None = None

    def notice(self) -> Notice:
        return Notice(**{**dict(self), "links": [link.model_dump() for link in self.links]})


class OfficeAnnouncementAnswer(Answer):
    """One notice, whether or not it shows now."""

    id: UUID
    published_on: date
    visible_from: Moment | None = None
    visible_until: Moment | None = None
    title: Annotated[str, Field(max_length=200, examples=["Welcome back"])]
    body: Annotated[str, Field(max_length=MAX_BODY)]
    links: Annotated[list[AnnouncementLink], Field(max_length=20)]


class OfficeAnnouncementList(Answer):
    items: Annotated[list[OfficeAnnouncementAnswer], Field(max_length=100, description="Newest first")]
    next_cursor: NextCursor | None = None

    @classmethod
    def of(cls, page: Page[Announced, DayPosition]) -> "OfficeAnnouncementList":
        items = [OfficeAnnouncementAnswer.model_validate(one) for one in page.items]
        return cls(items=items, next_cursor=BY_DAY.write(page.end))
