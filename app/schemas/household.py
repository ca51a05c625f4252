"""A guardian's household, and what she says of it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.common import Answer, Moment, Request
from app.services.household_facts import (
    MOST_EMAILS,
    MOST_PHONES,
    Address,
    AddressLine,
    Email,
    HomeLanguage,
    HouseholdFacts,
    Phone,
    PostalCode,
    State,
)
from app.services.household_views import HouseholdView, Said
from app.services.households import Verification

Version = Annotated[
    int, Field(ge=1, le=2**31 - 1, description="The one that was seen; another one after each change", examples=[3])
]
_CHANGES = ("address", "phones", "emails", "language")
Changes = Annotated[
    list[Annotated[str, Field(max_length=20, pattern=f"^({'|'.join(_CHANGES)})$", examples=["address"])]],
    Field(max_length=len(_CHANGES), description="What would be another"),
]


class VerificationOutcome(StrEnum):
    STILL_RIGHT = "still_right"
    CORRECTION = "correction"


class HouseholdRequestState(StrEnum):
    VERIFIED = "verified"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    SUPERSEDED = "superseded"


class AddressBody(Request):
    street: Annotated[AddressLine, Field(description="Number, street and apartment", examples=["12 Oak Lane, Apt 3"])]
    city: Annotated[AddressLine, Field(examples=["Jefferson"])]
    state: State
    postal_code: PostalCode


class HouseholdFactsBody(Request):
    """All that should stand there; what is left out is taken away."""

    address: AddressBody | None = None
    phones: Annotated[tuple[Phone, ...], Field(max_length=MOST_PHONES)] = ()
    emails: Annotated[tuple[Email, ...], Field(max_length=MOST_EMAILS)] = ()
    language: HomeLanguage | None = None

    def facts(self) -> HouseholdFacts:
        address = Address(**dict(self.address)) if self.address else None
        return HouseholdFacts(address=address, phones=self.phones, emails=self.emails, language=self.language)


class VerifyHouseholdBody(Request):
    household_id: Annotated[UUID, Field(description="From GET /me/household")]
    version: Version
    outcome: Annotated[VerificationOutcome, Field(examples=["correction"])]
    correction: Annotated[HouseholdFactsBody, Field(description="With the outcome `correction`")] | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.outcome is VerificationOutcome.CORRECTION) is (self.correction is None):
            raise PydanticCustomError("outcome_and_correction", "a correction comes with its outcome")
        return self

    def verification(self, idempotency_key: str | None) -> Verification:
        correction = self.correction.facts() if self.correction else None
        return Verification(self.household_id, self.version, correction, idempotency_key)


class HouseholdFactsAnswer(Answer):
    address: Address | None = None
    phones: Annotated[list[Phone], Field(max_length=MOST_PHONES)]
    emails: Annotated[list[Email], Field(max_length=MOST_EMAILS)]
    language: HomeLanguage | None = None


class VerificationAnswer(Answer):
    """What she said, and what came of it."""

    id: UUID
    household_id: UUID
    asked_at: Moment
    state: HouseholdRequestState
    reason: (
        Annotated[
            str, Field(max_length=20, pattern="^[a-z_]+$", description="Why it was declined", examples=["proof_needed"])
        ]
        | None
    ) = None
    decided_at: Moment | None = None
    correction: Annotated[HouseholdFactsAnswer, Field(description="As long as it waits")] | None = None

    @classmethod
    def of(cls, said: Said) -> "VerificationAnswer":
        told = {name: value for name, value in vars(said).items() if name != "facts"}
        return cls(**told, correction=HouseholdFactsAnswer.model_validate(said.facts) if said.facts else None)


class HouseholdStudentAnswer(Answer):
    id: UUID
    first_name: Annotated[str, Field(max_length=255, examples=["Ana"])]
    last_name: Annotated[str, Field(max_length=255, examples=["Lopez"])]


class HouseholdAnswer(HouseholdFactsAnswer):
    """One home, as the office has it."""

    id: UUID
    version: Version
    verified_at: Annotated[Moment, Field(description="When a guardian last said that it is right")] | None = None
    students: Annotated[
        list[HouseholdStudentAnswer], Field(max_length=1_000, description="Those who live there and whom I may see")
    ]
    last_request: Annotated[VerificationAnswer, Field(description="What I said last")] | None = None

    @classmethod
    def of(cls, home: HouseholdView) -> "HouseholdAnswer":
        return cls(
            **dict(home.facts),
            id=home.id,
            version=home.version,
            verified_at=home.verified_at,
            students=[HouseholdStudentAnswer.model_validate(student) for student in home.students],
            last_request=VerificationAnswer.of(home.last_request) if home.last_request else None,
        )


class MyHouseholds(Answer):
    items: Annotated[list[HouseholdAnswer], Field(max_length=100, description="One, as a rule")]

    @classmethod
    def of(cls, homes: Sequence[HouseholdView]) -> "MyHouseholds":
        return cls(items=[HouseholdAnswer.of(home) for home in homes])
