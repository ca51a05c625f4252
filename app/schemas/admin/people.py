"""People of the roster and who is whose guardian, as the office sees them."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.portals import Portal
from app.schemas.common import Answer, Moment, Named, Request
from app.schemas.cursors import BY_ROW, NextCursor
from app.services.office.key_facts import KeyFact
from app.services.office.people_desk import Door, PersonEntry
from app.services.office.relationships import RelationshipView
from app.services.pages import Page

FirstName = Annotated[str, Field(max_length=255, examples=["Maria"])]
LastName = Annotated[str, Field(max_length=255, examples=["Lopez"])]
StudentNumber = Annotated[str, Field(max_length=255, examples=["0123456"])]
MaskedAddress = Annotated[str, Field(max_length=254, examples=["m***@e***.org"])]
Word = Annotated[str, Field(max_length=40, pattern="^[a-z_]+$")]
WHY_WITHOUT = (
    "Why there is no account: `never_activated` (there is a live key), `no_key`, `key_expired`, `key_revoked`, `no_portal_access`, "
    "`left_roster`, `switched_off_in_roster`, `portal_closed`"
)


class PersonKind(StrEnum):
    STUDENT = "student"
    GUARDIAN = "guardian"
    STAFF = "staff"


class PersonAnswer(Answer):
    id: UUID
    first_name: FirstName
    last_name: LastName
    student_number: StudentNumber | None = None


class PersonsKeyAnswer(Answer):
    """The newest activation key of somebody. Nobody can see the key itself."""

    id: UUID
    state: Annotated[Word, Field(description="`live`, `used`, `revoked` or `expired`", examples=["live"])]
    channel: Annotated[Word, Field(description="`in_person`, `letter` or `email`", examples=["letter"])] | None = None
    expires_at: Moment

    @classmethod
    def of(cls, key: KeyFact | None) -> "PersonsKeyAnswer | None":
        return cls.model_validate(key) if key else None


class DoorAnswer(Answer):
    """A portal that is meant for a person."""

    portal: Portal
    may_enter: Annotated[bool, Field(description="As far as the roster and the relationships say")]
    account_id: UUID | None = None
    username: Annotated[str, Field(max_length=128, examples=["maria2026"])] | None = None
    key: PersonsKeyAnswer | None = None
    reason: Annotated[Word, Field(description=WHY_WITHOUT, examples=["key_expired"])] | None = None

    @classmethod
    def of(cls, door: Door) -> "DoorAnswer":
        return cls.model_validate(door)


class PersonItem(PersonAnswer):
    kinds: Annotated[list[PersonKind], Field(max_length=3)]
    schools: Annotated[list[Named], Field(max_length=50)]
    email_masked: Annotated[MaskedAddress, Field(description="The address on record")] | None = None
    in_roster: bool
    enabled: Annotated[bool, Field(description="Whether the roster lets this person use the school's systems")]
    portals: Annotated[list[DoorAnswer], Field(max_length=3)]

    @classmethod
    def of(cls, person: PersonEntry) -> "PersonItem":
        return cls(
            id=person.id,
            first_name=person.first_name,
            last_name=person.last_name,
            student_number=person.student_number,
            kinds=[PersonKind(kind) for kind in person.kinds],
            schools=[Named.model_validate(school) for school in person.schools[:50]],
            email_masked=person.email_masked,
            in_roster=person.in_roster,
            enabled=person.enabled,
            portals=[DoorAnswer.of(door) for door in person.doors],
        )


class PersonList(Answer):
    items: Annotated[list[PersonItem], Field(max_length=100, description="By last name")]
    next_cursor: NextCursor | None = None

    @classmethod
    def of(cls, page: Page[PersonEntry, UUID]) -> "PersonList":
        return cls(items=[PersonItem.of(person) for person in page.items], next_cursor=BY_ROW.write(page.end))


class RelationshipItem(Answer):
    id: UUID
    guardian: PersonAnswer
    student: PersonAnswer
    relation: Annotated[str, Field(max_length=32, examples=["parent"])]
    legal_guardian: Annotated[bool, Field(description="The flag `guardian` of the roster")]
    mailing: bool
    portal: Annotated[bool, Field(description="Whether the guardian sees the student in the portal")]
    messenger: bool
    ended_at: Moment | None = None

    @classmethod
    def of(cls, relationship: RelationshipView) -> "RelationshipItem":
        return cls(
            id=relationship.id,
            guardian=PersonAnswer.model_validate(relationship.guardian),
            student=PersonAnswer.model_validate(relationship.student),
            relation=relationship.relation,
            legal_guardian=relationship.legal_guardian,
            mailing=relationship.mailing,
            portal=relationship.portal,
            messenger=relationship.messenger,
            ended_at=relationship.ended_at,
        )


class RelationshipList(Answer):
    items: Annotated[list[RelationshipItem], Field(max_length=100, description="By the guardian's last name")]
    next_cursor: NextCursor | None = None

    @classmethod
    def of(cls, page: Page[RelationshipView, UUID]) -> "RelationshipList":
        return cls(items=[RelationshipItem.of(each) for each in page.items], next_cursor=BY_ROW.write(page.end))


class ChangeRelationshipBody(Request):
    portal: Annotated[bool, Field(description="Whether the guardian sees the student in the portal")]
