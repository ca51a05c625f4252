"""From a promise to a letter: who it is for, which links it holds, in which language.

A request for “whoever has this username” becomes somebody's mail here, or nobody's; so the request itself cost the same for both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.clock import Clock
from app.database import Database, Work
from app.mail.letter import DistrictSender, Letter
from app.security.mailed_tokens import MailedTokens
from app.services import audit
from app.services.activation_page import activation_link
from app.services.districts import OpenDistrict
from app.services.key_mail import KeyMail
from app.services.mail_recipients import (
    address_of,
    address_to,
    named,
    named_owner,
    owner_of,
    owner_still_at,
    owners_at,
    stay_within,
)
from app.services.mailed_links import LinkPurpose, create_link, extend_link, has_newer_link, revoke_links
from app.services.notice_preparation import prepare_notice
from app.services.outbox import MailKind, NothingToSend
from app.services.promised_mail import PromisedMail, claimed

RESET_MAILS_AN_HOUR = 3
RESET_MAILS_A_DAY = 10
_RESET_LIMITS = {timedelta(hours=1): RESET_MAILS_AN_HOUR, timedelta(days=1): RESET_MAILS_A_DAY}
_PATHS = {
    LinkPurpose.RESET_PASSWORD: "/reset-password",
    LinkPurpose.CONFIRM_EMAIL: "/confirm-email",
    LinkPurpose.DISPUTE: "/dispute",
}


@dataclass(frozen=True)
class MailPreparation:
    database: Database
    clock: Clock
    tokens: MailedTokens
    public_url: str
    key_mail: KeyMail

    async def prepare(self, mail_id: UUID, lease: UUID) -> Letter:
        """The letter of a claimed promise, its links good from this moment.

        Raises:
            NothingToSend: with the outcome to record.
        """
        now = self.clock.now()
        async with self.database.brief() as work:
            found = await claimed(work, mail_id, lease, now)
            mail, district = found.mail, found.district
            facts = await self._facts(work, mail, district, now)
            await found.keep(work)
            return Letter(
                kind=mail.kind,
                message_id=f"<{mail.id}@{_host(self.public_url)}>",
                to_address=mail.to_address or "",
                locale=mail.locale or district.settings.languages[0],
                district=_sender(district),
                facts={**facts, "timezone": district.timezone},
            )

    async def _facts(self, work: Work, mail: PromisedMail, district: OpenDistrict, now: datetime) -> dict[str, Any]:
        match MailKind(mail.kind):
            case MailKind.PASSWORD_RESET:
                return await self._password_reset(work, mail, district, now)
            case MailKind.USERNAME_RECOVERY:
                return await self._username_recovery(work, mail, district, now)
            case MailKind.CONFIRM_RECOVERY_EMAIL:
                return await self._confirm_recovery_email(work, mail, district, now)
            case MailKind.ACTIVATION_KEY:
                facts = await self.key_mail.prepare(work, mail, district, now)
                return {**facts, "link": activation_link(district, self.public_url, facts["activation_key"])}
            case (
                MailKind.TICKET_RECEIVED | MailKind.TICKET_WAITING | MailKind.TICKET_RESOLVED | MailKind.TICKET_DECLINED
            ):
                return dict(mail.details)
            case _:
                return await self._notice(work, mail, district, now)

    async def _password_reset(
        self, work: Work, mail: PromisedMail, district: OpenDistrict, now: datetime
    ) -> dict[str, Any]:
        if mail.prepared_at is None:
            owner = await named_owner(work, mail, district)
            if owner is None:
                raise NothingToSend("nobody")
            link_id = await _first_link(work, mail, owner, now)
        else:
            owner = await owner_still_at(work, mail, district)
            if owner is None:
                raise NothingToSend("superseded")
            link_id = UUID(mail.details["link"])
            await _begin_anew(work, link_id, LinkPurpose.RESET_PASSWORD, now)
        link_url = self._url(district, LinkPurpose.RESET_PASSWORD, link_id)
        expires_at = now + LinkPurpose.RESET_PASSWORD.lifetime
        return {**named(owner), "username": owner.username, "link": link_url, "expires_at": expires_at}

    async def _username_recovery(
        self, work: Work, mail: PromisedMail, district: OpenDistrict, now: datetime
    ) -> dict[str, Any]:
        owners: Sequence[Any]
        if mail.prepared_at is None:
            owners = await owners_at(work, district, mail.details["address_folded"])
            if not owners:
                raise NothingToSend("nobody")
            made = {str(owner.id): await _reset_link(work, mail, owner, now) for owner in owners}
            address_to(mail, owners[0], now, {"links": {whose: link and str(link) for whose, link in made.items()}})
        else:
            still_there = await owners_at(work, district, address_of(mail))
            owners = [owner for owner in still_there if str(owner.id) in mail.details["links"]]
            if not owners:
                raise NothingToSend("superseded")
        links = mail.details["links"]
        expires_at = now + LinkPurpose.RESET_PASSWORD.lifetime
        return {
            "accounts": [await self._listed(work, owner, district, links[str(owner.id)], now) for owner in owners],
            "expires_at": expires_at,
        }

    async def _listed(
        self, work: Work, owner: Any, district: OpenDistrict, link: str | None, now: datetime
    ) -> dict[str, Any]:
        """A link that a newer mail replaced is left out; the username is told all the same."""
        purpose = LinkPurpose.RESET_PASSWORD
        is_live = link is not None and await extend_link(work, UUID(link), purpose, now)
        link_url = self._url(district, purpose, UUID(link)) if link and is_live else None
        return {**named(owner), "username": owner.username, "link": link_url}

    async def _confirm_recovery_email(
        self, work: Work, mail: PromisedMail, district: OpenDistrict, now: datetime
    ) -> dict[str, Any]:
        link_id = UUID(mail.details["link"])
        expires_at = await _begin_anew(work, link_id, LinkPurpose.CONFIRM_EMAIL, now)
        owner = await owner_of(work, mail.account_id)
        mail.locale = mail.locale or owner.locale
        return {
            **named(owner),
            "link": self._url(district, LinkPurpose.CONFIRM_EMAIL, link_id),
            "code": self.tokens.code(link_id),
            "expires_at": expires_at,
        }

    async def _notice(self, work: Work, mail: PromisedMail, district: OpenDistrict, now: datetime) -> dict[str, Any]:
        notice = await prepare_notice(work, mail, district, now)
        link = self._url(district, LinkPurpose.DISPUTE, notice.link_id) if notice.link_id else None
        return {**notice.facts, "dispute_link": link}

    def _url(self, district: OpenDistrict, purpose: LinkPurpose, link_id: UUID) -> str:
        base = district.base_url(self.public_url)
        return f"{base}{_PATHS[purpose]}#token={self.tokens.issue(purpose.value, link_id)}"


async def _first_link(work: Work, mail: PromisedMail, owner: Any, now: datetime) -> UUID:
    """Addresses the mail to the owner, with a new link.

    Raises:
        NothingToSend: `limited`, or `superseded` by a later request.
    """
    if mail.account_id is None:  # asked for by anybody; the service's own, after a dispute, must always go
        mail.account_id = owner.id
        await stay_within(work, mail, owner.id, now, _RESET_LIMITS)
    link_id = await _reset_link(work, mail, owner, now)
    if link_id is None:
        raise NothingToSend("superseded")
    address_to(mail, owner, now, {"link": str(link_id)})
    return link_id


async def _reset_link(work: Work, mail: PromisedMail, owner: Any, now: datetime) -> UUID | None:
    """A new link in place of all that were asked for earlier; None where a later request was prepared first."""
    if await has_newer_link(work, owner.id, LinkPurpose.RESET_PASSWORD, mail.created_at):
        return None
    await revoke_links(work, owner.id, now, LinkPurpose.RESET_PASSWORD)
    audit.record(
        work,
        "worker:account:reset_link_made",
        at=now,
        actor=audit.WORKER,
        district_id=owner.district_id,
        account_id=owner.id,
        person_id=owner.person_id,
        data={"asked_as": mail.kind},
    )
    return create_link(work, LinkPurpose.RESET_PASSWORD, owner.id, now, asked_at=mail.created_at)


async def _begin_anew(work: Work, link_id: UUID, purpose: LinkPurpose, now: datetime) -> datetime:
    """The whole lifetime from now on, for a link that has waited for its mail; a used or replaced one needs no mail."""
    if not await extend_link(work, link_id, purpose, now):
        raise NothingToSend("superseded")
    return now + purpose.lifetime


def _sender(district: OpenDistrict) -> DistrictSender:
    support = district.settings.support
    return DistrictSender(
        name=district.name, support_phone=support.phone, support_email=support.email, support_url=support.url
    )


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition(":")[0]
