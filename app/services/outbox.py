"""Promising a mail: a row in the transaction that makes it necessary. `mail_delivery` keeps the promise."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import bindparam, select

from app.database import Statement, Unit
from app.models import OutboxMail, PushDevice

_WANTED_ON = Statement(
    select(PushDevice.id).where(PushDevice.account_id == bindparam("account_id"), PushDevice.switched_off_at.is_(None))
)
KEPT_TRYING = timedelta(hours=24)
"""How long a mail is tried; a reset that arrives a day late helps nobody."""


MAIL, PUSH = "mail", "push"
"""The channels of the outbox."""


class MailKind(StrEnum):
    """What is told. The value is the name of the templates, too."""

    PASSWORD_RESET = "password_reset"  # noqa: S105  # a name
    USERNAME_RECOVERY = "username_recovery"
    CONFIRM_RECOVERY_EMAIL = "confirm_recovery_email"
    RECOVERY_EMAIL_CHANGED = "recovery_email_changed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # a name
    NEW_DEVICE = "new_device"
    ACCOUNTS_LINKED = "accounts_linked"
    ACCOUNTS_UNLINKED = "accounts_unlinked"
    SIGN_INS_REFUSED = "sign_ins_refused"
    TOTP_CHANGED = "totp_changed"
    TOTP_REMOVED = "totp_removed"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    RECOVERY_CODE_USED = "recovery_code_used"
    ACTIVATION_KEY = "activation_key"
    STUDENT_CLAIMED = "student_claimed"
    ANSWERS_CHANGED = "answers_changed"
    TICKET_RECEIVED = "ticket_received"
    TICKET_WAITING = "ticket_waiting"
    TICKET_RESOLVED = "ticket_resolved"
    TICKET_DECLINED = "ticket_declined"
    HOUSEHOLD_ACCEPTED = "household_accepted"
    HOUSEHOLD_DECLINED = "household_declined"
    HOUSEHOLD_CHANGED = "household_changed"


class NothingToSend(Exception):
    """The promise leads to no message: `nobody`, `limited`, `superseded`, `given_up` or `gone`."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def promise(
    session: Unit,
    kind: MailKind,
    *,
    district_id: str,
    now: datetime,
    account_id: UUID | None = None,
    to_address: str | None = None,
    locale: str | None = None,
    details: dict[str, Any] | None = None,
    mail_id: UUID | None = None,
) -> None:
    """Adds one mail to the outbox. Without `to_address` the worker finds out to whom `details` or `mail_id` lead, if to anybody."""
    session.add(
        OutboxMail(
            id=mail_id or uuid4(),
            district_id=district_id,
            kind=kind.value,
            account_id=account_id,
            to_address=to_address,
            locale=locale,
            details=details or {},
            created_at=now,
            expires_at=now + KEPT_TRYING,
            due_at=now,
        )
    )


async def promise_push(
    session: Unit, kind: MailKind, *, account_id: UUID, district_id: str, now: datetime, locale: str | None
) -> None:
    """Adds one push message for each device of the account that wants them."""
    for device in await _WANTED_ON.all(session, {"account_id": account_id}):
        session.add(
            OutboxMail(
                district_id=district_id,
                kind=kind.value,
                channel=PUSH,
                account_id=account_id,
                push_device_id=device.id,
                locale=locale,
                details={},
                created_at=now,
                prepared_at=now,
                expires_at=now + KEPT_TRYING,
                due_at=now,
            )
        )
