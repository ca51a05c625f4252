"""Support tickets at the office's desk."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from app.portals import Portal
from app.schemas.admin.people import FirstName, LastName, MaskedAddress, StudentNumber
from app.schemas.common import Answer, Moment, Request
from app.schemas.cursors import BY_MOMENT, NextCursor
from app.schemas.support_tickets import MESSAGE_MAX_LENGTH, Reference
from app.services.keys import KeyChannel
from app.services.office.accounts import ResetAnswer
from app.services.office.ticket_desk import PEOPLE_SHOWN, TicketView
from app.services.office.ticket_remedies import Remedy, Resolution
from app.services.pages import MomentPosition, Page
from app.services.support_tickets import TicketCategory, TicketState


class TicketItem(Answer):
    """As somebody wrote it; nothing of it is proved."""

    id: UUID
    reference: Reference
    category: TicketCategory
    state: TicketState
    first_name: FirstName
    last_name: LastName
    student_number: StudentNumber | None = None
    email: Annotated[str, Field(max_length=254, examples=["maria.lopez@example.org"])]
    message: Annotated[str, Field(max_length=MESSAGE_MAX_LENGTH)] | None = None
    created_at: Moment
    closed_at: Moment | None = None
    closed_by: Annotated[UUID, Field(description="The account of the member of staff")] | None = None
    remedy: Remedy | None = None
    account_id: Annotated[UUID, Field(description="The account that the remedy was about")] | None = None


class TicketList(Answer):
    items: Annotated[list[TicketItem], Field(max_length=100, description="The longest waiting first")]
    next_cursor: NextCursor | None = None

    @classmethod
    def of(cls, page: Page[Any, MomentPosition]) -> Self:
        items = [TicketItem.model_validate(ticket) for ticket in page.items]
        return cls(items=items, next_cursor=BY_MOMENT.write(page.end))


class MeantPersonAnswer(Answer):
    """Somebody whom the ticket may be about. Only the office sees this; the sender never does."""

    person_id: UUID
    first_name: FirstName
    last_name: LastName
    portal: Annotated[Portal, Field(description="`student`: has the number of the ticket. `parent`: a guardian")]
    name_fits: Annotated[bool, Field(description="It is the name that was typed into the ticket")]
    student_number: StudentNumber | None = None
    relationship_id: Annotated[UUID, Field(description="Of the guardian to the student")] | None = None
    portal_flag: Annotated[bool, Field(description="Of that relationship")] | None = None
    account_id: UUID | None = None
    username: Annotated[str, Field(max_length=128, examples=["S0123456"])] | None = None


class TicketAnswer(Answer):
    ticket: TicketItem
    about: Annotated[list[MeantPersonAnswer], Field(max_length=2 * PEOPLE_SHOWN)]

    @classmethod
    def of(cls, view: TicketView) -> Self:
        return cls(
            ticket=TicketItem.model_validate(view.ticket),
            about=[MeantPersonAnswer.model_validate(person) for person in view.about],
        )


class ResolveTicketBody(Request):
    remedy: Annotated[
        Remedy,
        Field(
            description="`reset_claim`, `reset_mail`, `reset_key`, `unlock` want `account_id`, `portal_on` wants `relationship_id`; "
            "`answered` and `declined` change nothing but the ticket"
        ),
    ]
    account_id: UUID | None = None
    relationship_id: UUID | None = None
    channel: (
        Annotated[
            KeyChannel,
            Field(description="With `reset_key`: `in_person` shows a key now. Without it none is made"),
        ]
        | None
    ) = None
    photo_id_checked: Annotated[
        bool, Field(description="You have looked at a photo ID of whoever stands in front of you")
    ] = False

    def resolution(self) -> Resolution:
        return Resolution(self.remedy, self.account_id, self.relationship_id, self.channel, self.photo_id_checked)


class ResolvedAnswer(Answer):
    remedy: Remedy
    state: TicketState
    address_masked: Annotated[MaskedAddress, Field(description="Where the mail of a reset goes")] | None = None
    activation_key: (
        Annotated[str, Field(max_length=100, description="Shown this once", examples=["F7KQ2-9XWMA-RT4BH-6YPCN-3ZD8V"])]
        | None
    ) = None
    expires_at: Annotated[Moment, Field(description="Of the key")] | None = None

    @classmethod
    def of(cls, remedy: Remedy, reset: ResetAnswer | None) -> Self:
        key = reset.key if reset else None
        return cls(
            remedy=remedy,
            state=remedy.ends_in,
            address_masked=reset.address_masked if reset else None,
            activation_key=key.activation_key if key else None,
            expires_at=key.expires_at if key else None,
        )
