"""Activation keys at the desk: what a clerk orders, what the office sees of them, batches."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.portals import Portal
from app.schemas.common import Answer, Moment, Request
from app.schemas.cursors import BY_MOMENT, NextCursor
from app.services.keys import IssuedKey, KeyChannel
from app.services.office.issued_keys import KeyView
from app.services.office.key_batches import BatchOrder, BatchReport
from app.services.office.key_facts import KeyState
from app.services.office.key_round import AT_ONCE
from app.services.office.office_keys import KeyOrder
from app.services.pages import MomentPosition, Page

FirstName = Annotated[str, Field(max_length=255, examples=["Maria"])]
LastName = Annotated[str, Field(max_length=255, examples=["Lopez"])]
ShownKey = Annotated[
    str, Field(max_length=40, description="Shown this once", examples=["F7KQ2-9XWMA-RT4BH-6YPCN-3ZD8V"])
]
Count = Annotated[int, Field(ge=0, le=10_000_000)]
BatchChannel = Literal[KeyChannel.LETTER, KeyChannel.EMAIL]


class KeyOrderBody(Request):
    person_id: UUID
    channel: KeyChannel
    photo_id_checked: (
        Annotated[bool, Field(description="For `in_person`: that the clerk has looked at a photo ID")] | None
    ) = None
    portal: Annotated[Portal, Field(description="May be left out where the person may enter just one")] | None = None

    def order(self) -> KeyOrder:
        return KeyOrder(self.person_id, self.channel, bool(self.photo_id_checked), self.portal)


class IssuedKeyAnswer(Answer):
    """A key that was issued."""

    id: UUID
    person_id: UUID
    portal: Portal
    channel: KeyChannel
    expires_at: Moment
    activation_key: ShownKey | None = None

    @classmethod
    def of(cls, key: IssuedKey, channel: KeyChannel) -> "IssuedKeyAnswer":
        """Nobody but who stands at the desk is shown a key."""
        shown = key.activation_key if channel is KeyChannel.IN_PERSON else None
        return cls(
            id=key.key_id,
            person_id=key.person_id,
            portal=key.portal,
            channel=channel,
            expires_at=key.expires_at,
            activation_key=shown,
        )


class KeyOwner(Answer):
    id: UUID
    first_name: FirstName
    last_name: LastName


class KeyItem(Answer):
    """A key as the office sees it. The key itself is known to nobody here."""

    id: UUID
    person: KeyOwner
    portal: Portal
    channel: Annotated[KeyChannel, Field(description="Not there for keys of an operator's file")] | None = None
    batch_id: Annotated[UUID, Field(description="A letter without a batch is not printed yet")] | None = None
    issued_at: Moment
    expires_at: Moment
    used_at: Moment | None = None
    revoked_at: Moment | None = None
    state: KeyState

    @classmethod
    def of(cls, key: KeyView) -> "KeyItem":
        person = KeyOwner(id=key.person_id, first_name=key.first_name, last_name=key.last_name)
        return cls(person=person, **{name: getattr(key, name) for name in cls.model_fields if name != "person"})


class KeyList(Answer):
    items: Annotated[list[KeyItem], Field(max_length=100, description="Newest first")]
    next_cursor: NextCursor | None = None

    @classmethod
    def of(cls, page: Page[KeyView, MomentPosition]) -> "KeyList":
        return cls(items=[KeyItem.of(key) for key in page.items], next_cursor=BY_MOMENT.write(page.end))


class BatchBody(Request):
    channel: BatchChannel
    portal: Annotated[Portal, Field(description="`parent` if left out")] | None = None
    school_id: (
        Annotated[UUID, Field(description="Only its people; guardians belong to their students' schools")] | None
    ) = None

    def order(self, idempotency_key: str | None, at_most: int = AT_ONCE) -> BatchOrder:
        return BatchOrder(self.portal or Portal.PARENT, self.channel, self.school_id, idempotency_key, at_most)


class LettersBody(Request):
    portal: Annotated[Portal, Field(description="`parent` if left out")] | None = None
    person_id: Annotated[UUID, Field(description="Only this person's letter")] | None = None

    def order(self, idempotency_key: str | None, at_most: int = AT_ONCE) -> BatchOrder:
        portal = self.portal or Portal.PARENT
        return BatchOrder(portal, idempotency_key=idempotency_key, at_most=at_most, person_id=self.person_id)


class BatchKey(Answer):
    """A letter."""

    person_id: UUID
    first_name: FirstName
    last_name: LastName
    portal: Portal
    activation_key: ShownKey
    expires_at: Moment


class BatchItem(Answer):
    """What came of a batch."""

    id: UUID
    portal: Portal
    channel: BatchChannel
    school_id: UUID | None = None
    issued: Annotated[int, Field(ge=0, le=AT_ONCE)]
    left: Annotated[Count, Field(description="Who was still without a key afterwards; the next batch is for them")]
    without_address: (
        Annotated[Count, Field(description="For `email`: who got none because the roster has no address")] | None
    ) = None
    limited: (
        Annotated[Count, Field(description="For `email`: who got none because the address has had five mails that day")]
        | None
    ) = None
    issued_at: Moment

    @classmethod
    def of(cls, report: BatchReport) -> "BatchItem":
        return cls.model_validate(_numbers(report))


class BatchAnswer(BatchItem):
    """What came of a batch, and the letters, this once."""

    keys: (
        Annotated[
            list[BatchKey],
            Field(max_length=AT_ONCE, description="Not there for `email`, nor when the request is repeated"),
        ]
        | None
    ) = None

    @classmethod
    def of(cls, report: BatchReport) -> "BatchAnswer":
        keys = None if report.keys is None else [BatchKey.model_validate(key) for key in report.keys]
        return cls.model_validate({**_numbers(report), "keys": keys})


class BatchList(Answer):
    items: Annotated[list[BatchItem], Field(max_length=100, description="Newest first")]
    next_cursor: NextCursor | None = None

    @classmethod
    def of(cls, page: Page[BatchReport, MomentPosition]) -> "BatchList":
        return cls(items=[BatchItem.of(report) for report in page.items], next_cursor=BY_MOMENT.write(page.end))


class RevokedKeys(Answer):
    revoked: Annotated[int, Field(ge=0, le=AT_ONCE, description="How many were still live")]


def _numbers(report: BatchReport) -> dict[str, object]:
    by_mail = report.channel is KeyChannel.EMAIL
    return {
        "id": report.id,
        "portal": report.portal,
        "channel": report.channel,
        "school_id": report.school_id,
        "issued": report.issued,
        "left": report.remaining,
        "without_address": report.without_address if by_mail else None,
        "limited": report.limited if by_mail else None,
        "issued_at": report.issued_at,
    }
