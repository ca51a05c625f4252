"""Who works for the office."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.errors import FieldError, ValidationFailed
from app.schemas.common import Answer, Line, Moment, Request, Username
from app.schemas.cursors import BY_MOMENT, NextCursor
from app.services.clerk import StaffRole
from app.services.office.staff_list import StaffView
from app.services.office.staff_office import NewStaff
from app.services.pages import MomentPosition, Page
from app.translation import msg

_MAX_SCHOOLS = 500
SchoolIds = Annotated[
    list[UUID],
    Field(
        max_length=_MAX_SCHOOLS,
        description="The schools that a member of the help desk works for; empty for the whole district",
    ),
]


class StaffKeyChannel(StrEnum):
    """How the new colleague gets the key."""

    IN_PERSON = "in_person"
    LATER = "later"


class AddStaffBody(Request):
    """Either `person_id`, of somebody whom the roster knows as staff, or a name."""

    person_id: UUID | None = None
    first_name: Line | None = None
    last_name: Line | None = None
    username: Annotated[Username, Field(description="What the key will bring; by the district's `username_policy`")]
    role: StaffRole
    school_ids: SchoolIds = Field(default_factory=list)
    channel: Annotated[
        StaffKeyChannel,
        Field(
            description="`in_person`: the answer shows a key, for somebody who stands here and has shown a photo ID. "
            "`later`: no key now; it comes with POST /admin/activation-keys"
        ),
    ]
    photo_id_checked: Annotated[bool, Field(description="Must be true for `in_person`")] = False

    def newcomer(self) -> NewStaff:
        """Raises ValidationFailed: neither a person nor a whole name, or both; or no look at a photo ID."""
        if faults := list(self._faults()):
            raise ValidationFailed(faults)
        return NewStaff(
            role=self.role,
            username=self.username,
            first_name=self.first_name or "",
            last_name=self.last_name or "",
            person=self.person_id,
            schools=self.school_ids,
            with_key=self.channel is StaffKeyChannel.IN_PERSON,
        )

    def _faults(self) -> Iterator[FieldError]:
        for pointer, name in (("/first_name", self.first_name), ("/last_name", self.last_name)):
            if name is None and self.person_id is None:
                yield FieldError(pointer, "required", msg("This field is needed."))
            if name is not None and self.person_id is not None:
                yield FieldError(pointer, "unknown_field", msg("The roster says what somebody is called."))
        if self.channel is StaffKeyChannel.IN_PERSON and not self.photo_id_checked:
            detail = msg("Look at a photo ID first, and say that you did.")
            yield FieldError("/photo_id_checked", "photo_id_not_checked", detail)


class StaffAddedAnswer(Answer):
    person_id: UUID
    username: Annotated[str, Field(max_length=128, examples=["dreed2026"])]
    role: StaffRole
    activation_key: Annotated[str, Field(max_length=100, description="Shown this once")] | None = None
    expires_at: Annotated[Moment, Field(description="Of the key")] | None = None


class ChangeStaffBody(Request):
    role: StaffRole | None = None
    school_ids: SchoolIds | None = None


class StaffSchoolItem(Answer):
    id: UUID
    name: Annotated[str, Field(max_length=255, examples=["Jefferson High School"])]


class StaffItem(Answer):
    person_id: UUID
    first_name: Annotated[str, Field(max_length=255, examples=["Dana"])]
    last_name: Annotated[str, Field(max_length=255, examples=["Reed"])]
    role: StaffRole
    schools: Annotated[
        list[StaffSchoolItem], Field(max_length=_MAX_SCHOOLS, description="Empty for the whole district")
    ]
    username: (
        Annotated[str, Field(max_length=128, description="Of the account, or the one that the key brings")] | None
    ) = None
    account_id: UUID | None = None
    totp_set_up: bool
    last_signed_in_at: Moment | None = None
    added_at: Moment


class StaffPage(Answer):
    items: Annotated[list[StaffItem], Field(max_length=100, description="In the order in which they were added")]
    next_cursor: NextCursor | None = None

    @classmethod
    def of(cls, page: Page[StaffView, MomentPosition]) -> Self:
        items = [StaffItem.model_validate(member) for member in page.items]
        return cls(items=items, next_cursor=BY_MOMENT.write(page.end))
