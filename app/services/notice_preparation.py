"""Notices of what happened to an account, from promise to facts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.database import Work
from app.services.districts import OpenDistrict
from app.services.mail_recipients import address_to, named, named_owner, owner_of, stay_within
from app.services.mailed_links import LinkPurpose, create_link, extend_link
from app.services.outbox import MailKind, NothingToSend, promise_push
from app.services.promised_mail import PromisedMail

_LIMITS_OF_REFUSED = {timedelta(days=1): 1}
"""Anybody can bring this mail about, as often as he likes."""


@dataclass(frozen=True)
class Notice:
    facts: dict[str, Any]
    link_id: UUID | None
    """To dispute what happened; None where it was used or revoked meanwhile, or there is nothing to dispute."""


async def prepare_notice(work: Work, mail: PromisedMail, district: OpenDistrict, now: datetime) -> Notice:
    """What a notice tells. It goes to the address of the moment that it tells of.

    Raises:
        NothingToSend: refused sign-ins that are nobody's, or that the owner was told of today.
    """
    if mail.kind == MailKind.SIGN_INS_REFUSED and mail.prepared_at is None:
        await _find_owner(work, mail, district, now)
    link_id = UUID(mail.details["link"]) if "link" in mail.details else None
    is_live = link_id is not None and await extend_link(work, link_id, LinkPurpose.DISPUTE, now)
    owner = await owner_of(work, mail.account_id)
    mail.locale = mail.locale or owner.locale
    return Notice({**named(owner), **_told(mail.details)}, link_id if is_live else None)


async def _find_owner(work: Work, mail: PromisedMail, district: OpenDistrict, now: datetime) -> None:
    account = await named_owner(work, mail, district)
    if account is None:
        raise NothingToSend("nobody")
    mail.account_id = account.id
    await stay_within(work, mail, account.id, now, _LIMITS_OF_REFUSED)
    # Made now, not when the sign-ins were refused: in a dispute the older link has the last word, and the address may be a new one.
    link = create_link(work, LinkPurpose.DISPUTE, account.id, now, address=account.recovery_email)
    address_to(mail, account, now, {"link": str(link), "happened_at": mail.created_at.isoformat()})
    kind = MailKind(mail.kind)
    await promise_push(work, kind, account_id=account.id, district_id=district.id, now=now, locale=account.locale)


def _told(details: dict[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name.endswith("_at") else value
        for name, value in details.items()
        if name != "link"
    }
