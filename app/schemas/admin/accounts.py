"""Accounts as the office sees them: why somebody cannot get in, and what can be done."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.portals import Portal
from app.schemas.admin.people import (
    WHY_WITHOUT,
    FirstName,
    LastName,
    MaskedAddress,
    PersonAnswer,
    PersonsKeyAnswer,
    Word,
)
from app.schemas.common import Answer, Moment, Request
from app.schemas.cursors import BY_ROW, NextCursor
from app.services.keys import KeyChannel
from app.services.office.account_desk import WITHOUT_ACCOUNT_SHOWN, AccountPage
from app.services.office.account_diagnosis import CAN_DO, REASONS, STATUSES, AccountDiagnosis
from app.services.office.account_facts import MAILS_SHOWN, RelatedStudent
from app.services.office.accounts import ResetAnswer, ResetMethod
from app.services.office.people_desk import Door, PersonEntry

RELATIONSHIPS_SHOWN = 50


def _one_of(words: tuple[str, ...]) -> str:
    return "One of " + ", ".join(f"`{word}`" for word in words)


CanDo = Annotated[
    list[Word], Field(max_length=20, description=f"{_one_of(CAN_DO)}, as far as you may", examples=[["unlock"]])
]


class LadderAnswer(Answer):
    """What wrong passwords have led to, for strangers and new devices."""

    step: Annotated[Word, Field(description="`free`, `captcha`, `wait` or `password_off`", examples=["captcha"])]
    tries: Annotated[int, Field(ge=0, le=1_000_000, description="Since the last success", examples=[4])]
    wait_until: Moment | None = None


class TotpAnswer(Answer):
    """The authenticator app."""

    set_up: bool
    wait_until: Moment | None = None


class RecoveryAddressAnswer(Answer):
    """Where reset mails go, once it is confirmed."""

    address_masked: MaskedAddress
    confirmed: bool


class RelatedStudentAnswer(Answer):
    relationship_id: UUID
    student_id: UUID
    first_name: FirstName
    last_name: LastName
    portal: Annotated[bool, Field(description="Whether the portal shows this student to the parent")]
    ended: Annotated[bool, Field(description="The relationship or the student has left the roster")]


class MailAnswer(Answer):
    """One mail or push message: what it was and what came of it, never its words."""

    kind: Annotated[Word, Field(examples=["password_reset"])]
    channel: Annotated[Word, Field(description="`mail` or `push`", examples=["mail"])]
    state: Annotated[Word, Field(description="`waiting`, or what came of it, such as `sent`", examples=["sent"])]
    created_at: Moment
    finished_at: Moment | None = None


class AccountItem(Answer):
    """One account, and the answer to: why can she not get in?"""

    id: UUID
    person: PersonAnswer
    portal: Portal
    username: Annotated[str, Field(max_length=128, examples=["maria2026"])]
    created_at: Moment
    last_signed_in_at: Moment | None = None
    status: Annotated[Word, Field(description=_one_of(STATUSES), examples=["active"])]
    reasons: Annotated[
        list[Word],
        Field(
            max_length=20,
            description="Why a right password does not open it now; empty where it does. " + _one_of(REASONS),
            examples=[["waiting"]],
        ),
    ]
    ladder: LadderAnswer
    totp: TotpAnswer
    passkeys: Annotated[int, Field(ge=0, le=1_000, description="How many it has", examples=[1])]
    recovery_email: RecoveryAddressAnswer | None = None
    live_sessions: Annotated[int, Field(ge=0, le=1_000_000, examples=[1])]
    key: PersonsKeyAnswer | None = None
    relationships: Annotated[
        list[RelatedStudentAnswer], Field(max_length=RELATIONSHIPS_SHOWN, description="Of a parent")
    ]
    mails: Annotated[list[MailAnswer], Field(max_length=MAILS_SHOWN, description="The last ones, newest first")]
    can_do: CanDo

    @classmethod
    def of(cls, account: AccountDiagnosis) -> "AccountItem":
        return cls(
            id=account.id,
            person=PersonAnswer.model_validate(account.person),
            portal=account.portal,
            username=account.username,
            created_at=account.created_at,
            last_signed_in_at=account.last_signed_in_at,
            status=account.status,
            reasons=list(account.reasons),
            ladder=LadderAnswer.model_validate(account.ladder),
            totp=TotpAnswer.model_validate(account.totp),
            passkeys=account.passkeys,
            recovery_email=_address(account),
            live_sessions=account.live_sessions,
            key=PersonsKeyAnswer.of(account.key),
            relationships=[_student(student) for student in account.relationships[:RELATIONSHIPS_SHOWN]],
            mails=[MailAnswer.model_validate(mail) for mail in account.mails],
            can_do=list(account.can_do),
        )


class WithoutAccountItem(Answer):
    """Somebody whom the words mean, and who has no account in a portal that is meant for him."""

    person: PersonAnswer
    portal: Portal
    reason: Annotated[Word, Field(description=WHY_WITHOUT, examples=["key_expired"])]
    key: PersonsKeyAnswer | None = None
    can_do: CanDo

    @classmethod
    def of(cls, person: PersonEntry, door: Door) -> "WithoutAccountItem":
        return cls(
            person=PersonAnswer.model_validate(person),
            portal=door.portal,
            reason=door.reason or "no_key",
            key=PersonsKeyAnswer.of(door.key),
            can_do=list(door.can_do),
        )


class AccountList(Answer):
    items: Annotated[list[AccountItem], Field(max_length=100, description="By last name")]
    without_account: Annotated[
        list[WithoutAccountItem],
        Field(
            max_length=3 * WITHOUT_ACCOUNT_SHOWN, description="On the first page of a search; narrow it if it is full"
        ),
    ]
    next_cursor: NextCursor | None = None

    @classmethod
    def of(cls, page: AccountPage) -> "AccountList":
        return cls(
            items=[AccountItem.of(account) for account in page.accounts.items],
            without_account=[
                WithoutAccountItem.of(person, door) for person in page.without_account for door in person.doors
            ],
            next_cursor=BY_ROW.write(page.accounts.end),
        )


class ResetAccountBody(Request):
    method: Annotated[
        ResetMethod,
        Field(description="`mail` to the confirmed address, a new activation `key`, or, for students, another `claim`"),
    ]
    channel: (
        Annotated[
            KeyChannel,
            Field(
                description="With `key`: `in_person` shows one now. Without it none is made; issue it with POST /admin/activation-keys"
            ),
        ]
        | None
    ) = None
    photo_id_checked: Annotated[
        bool, Field(description="You have looked at a photo ID of whoever stands in front of you")
    ] = False


class ResetAccountAnswer(Answer):
    method: ResetMethod
    address_masked: Annotated[MaskedAddress, Field(description="Where the mail goes")] | None = None
    activation_key: (
        Annotated[str, Field(max_length=100, description="Shown this once", examples=["F7KQ2-9XWMA-RT4BH-6YPCN-3ZD8V"])]
        | None
    ) = None
    expires_at: Moment | None = None

    @classmethod
    def of(cls, reset: ResetAnswer) -> "ResetAccountAnswer":
        return cls(
            method=reset.method,
            address_masked=reset.address_masked,
            activation_key=reset.key.activation_key if reset.key else None,
            expires_at=reset.key.expires_at if reset.key else None,
        )


def _address(account: AccountDiagnosis) -> RecoveryAddressAnswer | None:
    return RecoveryAddressAnswer.model_validate(account.recovery_email) if account.recovery_email else None


def _student(student: RelatedStudent) -> RelatedStudentAnswer:
    return RelatedStudentAnswer.model_validate(student)
