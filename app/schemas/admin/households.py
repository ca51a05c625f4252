"""Households at the office's desk, and what guardians would have corrected."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.common import Answer, Moment, Request
from app.schemas.cursors import BY_MOMENT, BY_ROW, NextCursor
from app.schemas.household import Changes, HouseholdFactsAnswer, HouseholdFactsBody, HouseholdRequestState, Version
from app.services.office.household_desk import HouseholdEntry
from app.services.office.household_requests import Decision, DeclineReason, HouseholdRequestView
from app.services.pages import MomentPosition, Page

MOST_MEMBERS = 50
FirstName = Annotated[str, Field(max_length=255, examples=["Maria"])]
LastName = Annotated[str, Field(max_length=255, examples=["Lopez"])]


class HouseholdBody(HouseholdFactsBody):
    """All that should stand there; what is left out is taken away."""

    member_ids: Annotated[
        tuple[UUID, ...],
        Field(min_length=1, max_length=MOST_MEMBERS, description="Who lives there: guardians and students"),
    ]


class MemberAnswer(Answer):
    person_id: UUID
    first_name: FirstName
    last_name: LastName
    kinds: Annotated[
        list[Annotated[str, Field(max_length=20, pattern="^(student|guardian|staff)$", examples=["guardian"])]],
        Field(max_length=3),
    ]


class OfficeHouseholdAnswer(HouseholdFactsAnswer):
    id: UUID
    version: Version
    members: Annotated[list[MemberAnswer], Field(max_length=1_000)]
    changed_at: Moment
    verified_at: Annotated[Moment, Field(description="When a guardian said that it is right")] | None = None

    @classmethod
    def of(cls, home: HouseholdEntry) -> "OfficeHouseholdAnswer":
        return cls(
            **dict(home.facts),
            id=home.id,
            version=home.version,
            members=[MemberAnswer.model_validate(member) for member in home.members],
            changed_at=home.changed_at,
            verified_at=home.verified_at,
        )


class OfficeHouseholdList(Answer):
    items: Annotated[list[OfficeHouseholdAnswer], Field(max_length=100)]
    next_cursor: NextCursor | None = None

    @classmethod
    def of(cls, page: Page[HouseholdEntry, UUID]) -> "OfficeHouseholdList":
        items = [OfficeHouseholdAnswer.of(home) for home in page.items]
        return cls(items=items, next_cursor=BY_ROW.write(page.end))


class HouseholdRequestAnswer(Answer):
    id: UUID
    household_id: UUID
    household_version: Annotated[Version, Field(description="For the decision")]
    guardian_id: UUID
    first_name: Annotated[FirstName, Field(description="Of the guardian")]
    last_name: LastName
    asked_at: Moment
    state: HouseholdRequestState
    reason: DeclineReason | None = None
    decided_at: Moment | None = None
    current: HouseholdFactsAnswer
    wanted: Annotated[HouseholdFactsAnswer, Field(description="As long as it waits")] | None = None
    changes: Changes


class HouseholdRequestList(Answer):
    items: Annotated[list[HouseholdRequestAnswer], Field(max_length=100)]
    next_cursor: NextCursor | None = None

    @classmethod
    def of(cls, page: Page[HouseholdRequestView, MomentPosition]) -> "HouseholdRequestList":
        items = [HouseholdRequestAnswer.model_validate(view) for view in page.items]
        return cls(items=items, next_cursor=BY_MOMENT.write(page.end))


class AcceptHouseholdRequestBody(Request):
    household_version: Annotated[Version, Field(description="As it stood beside the request")]

    def decision(self) -> Decision:
        return Decision(accepted=True, version=self.household_version)


class DeclineHouseholdRequestBody(Request):
    reason: DeclineReason = DeclineReason.OTHER

    def decision(self) -> Decision:
        return Decision(accepted=False, reason=self.reason)
