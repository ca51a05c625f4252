"""Whom a promised mail is for, as far as accounts tell."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select

from app.database import Statement, Work
from app.models import Account, OutboxMail, Person
from app.services.districts import OpenDistrict
from app.services.outbox import NothingToSend
from app.services.promised_mail import PromisedMail
from app.text import fold_address

MOST_COUNTED = 10
"""No limit of `stay_within` is higher."""

_OWNER = (
    Account.id,
    Account.district_id,
    Account.person_id,
    Account.username,
    Account.portal,
    Account.locale,
    Account.recovery_email,
    Person.first_name,
)


def _recoverable(*which: ColumnElement[bool]) -> Statement:
    """With a confirmed address and not switched off; locked, so that newer requests wait their turn."""
    return Statement(
        select(*_OWNER)
        .join(Person, Person.id == Account.person_id)
        .where(
            Account.district_id == bindparam("district_id"),
            *which,
            Account.recovery_email.is_not(None),
            Account.disabled_at.is_(None),
        )
        .order_by(Account.created_at, Account.id)
        .with_for_update(of=Account)
    )


_AT_ADDRESS = Account.recovery_email_folded == bindparam("address_folded")
_BY_ADDRESS = _recoverable(_AT_ADDRESS)
_BY_ID = _recoverable(Account.id == bindparam("account_id"))
_BY_ID_AND_ADDRESS = _recoverable(Account.id == bindparam("account_id"), _AT_ADDRESS)
_BY_USERNAME = _recoverable(
    Account.portal == bindparam("portal"), Account.username_folded == bindparam("username_folded")
)
_OWNER_OF = Statement(
    select(*_OWNER).join(Person, Person.id == Account.person_id).where(Account.id == bindparam("account_id"))
)
_MAILED = Statement(
    select(OutboxMail.prepared_at)
    .where(
        OutboxMail.account_id == bindparam("account_id"),
        OutboxMail.kind == bindparam("kind"),
        OutboxMail.channel == bindparam("channel"),
        OutboxMail.id != bindparam("mail_id"),
        OutboxMail.prepared_at > bindparam("since"),
    )
    .order_by(OutboxMail.prepared_at.desc())
    .limit(MOST_COUNTED)
)


async def named_owner(work: Work, mail: PromisedMail, district: OpenDistrict) -> Any | None:
    """The account that the mail is for: its own, or the one with the portal and the username that somebody typed."""
    if mail.account_id is not None:
        return await _BY_ID.first(work, {"district_id": district.id, "account_id": mail.account_id})
    typed = {name: mail.details[name] for name in ("portal", "username_folded")}
    return await _BY_USERNAME.first(work, {"district_id": district.id, **typed})


async def owners_at(work: Work, district: OpenDistrict, address_folded: str) -> Sequence[Any]:
    """All accounts with this address."""
    return await _BY_ADDRESS.all(work, {"district_id": district.id, "address_folded": address_folded})


async def owner_still_at(work: Work, mail: PromisedMail, district: OpenDistrict) -> Any | None:
    """The account, if its confirmed address is still the one that the mail, perhaps waiting for hours, is addressed to."""
    known = {"district_id": district.id, "account_id": mail.account_id, "address_folded": address_of(mail)}
    return await _BY_ID_AND_ADDRESS.first(work, known)


async def owner_of(work: Work, account_id: UUID | None) -> Any:
    """The account that a notice is about, whatever has become of its address."""
    (owner,) = await _OWNER_OF.all(work, {"account_id": account_id})
    return owner


def address_of(mail: PromisedMail) -> str:
    return fold_address(mail.to_address or "")


def address_to(mail: PromisedMail, account: Any, now: datetime, details: dict[str, Any]) -> None:
    mail.to_address = account.recovery_email
    mail.locale = account.locale or mail.locale
    mail.details = details
    mail.prepared_at = now


async def stay_within(
    work: Work, mail: PromisedMail, account_id: UUID, now: datetime, limits: Mapping[timedelta, int]
) -> None:
    """So many mails of this kind to this account in so much time, the one at hand not among them yet.

    Raises:
        NothingToSend: `limited`.
    """
    of_this_kind = {"account_id": account_id, "kind": mail.kind, "channel": mail.channel, "mail_id": mail.id}
    mailed = [row.prepared_at for row in await _MAILED.all(work, {**of_this_kind, "since": now - max(limits)})]
    for span, limit in limits.items():
        if sum(moment > now - span for moment in mailed) >= limit:
            raise NothingToSend("limited")


def named(owner: Any) -> dict[str, str]:
    return {"first_name": owner.first_name, "portal": owner.portal}
