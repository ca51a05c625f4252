"""From a promise to a letter: who it is for, which links it holds, in which language.

A request for “whoever has this username” becomes somebody's mail here, or nobody's; so the request itself cost the same for both.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.mail.letter import DistrictSender, Letter
from app.models import Account, OutboxMail
from app.security.mailed_tokens import MailedTokens
from app.services import audit
from app.services.activation_page import activation_link
from app.services.districts import OpenDistrict, open_district
from app.services.key_mail import KeyMail
from app.services.mail_recipients import (
    address_to,
    all_recoverable,
    is_named_by,
    named,
    owner_of,
    recoverable,
    stay_within,
    still_at,
)
from app.services.mailed_links import LinkPurpose, create_link, extend_link, has_newer_link, revoke_links
from app.services.notice_preparation import prepare_notice
from app.services.outbox import MailKind, NothingToSend

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
        async with self.database.transaction() as session:
            mail = await session.get(OutboxMail, mail_id, with_for_update=True)
            if mail is None or mail.lease != lease or mail.finished_at is not None:
                raise NothingToSend("superseded")
            if mail.expires_at <= now:
                raise NothingToSend("given_up")
            district = await open_district(session, mail.district_id)
            facts = await self._facts(session, mail, district, now)
            return Letter(
                kind=mail.kind,
                message_id=f"<{mail.id}@{_host(self.public_url)}>",
                to_address=mail.to_address or "",
                locale=mail.locale or district.settings.languages[0],
                district=_sender(district),
                facts={**facts, "timezone": district.timezone},
            )

    async def _facts(
        self, session: AsyncSession, mail: OutboxMail, district: OpenDistrict, now: datetime
    ) -> dict[str, Any]:
        match MailKind(mail.kind):
            case MailKind.PASSWORD_RESET:
                return await self._password_reset(session, mail, district, now)
            case MailKind.USERNAME_RECOVERY:
                return await self._username_recovery(session, mail, district, now)
            case MailKind.CONFIRM_RECOVERY_EMAIL:
                return await self._confirm_recovery_email(session, mail, district, now)
            case MailKind.ACTIVATION_KEY:
                facts = await self.key_mail.prepare(session, mail, district, now)
                return {**facts, "link": activation_link(district, self.public_url, facts["activation_key"])}
            case (
                MailKind.TICKET_RECEIVED | MailKind.TICKET_WAITING | MailKind.TICKET_RESOLVED | MailKind.TICKET_DECLINED
            ):
                return dict(mail.details)
            case _:
                return await self._notice(session, mail, district, now)

    async def _password_reset(
        self, session: AsyncSession, mail: OutboxMail, district: OpenDistrict, now: datetime
    ) -> dict[str, Any]:
        if mail.prepared_at is None:
            found = Account.id == mail.account_id
            if mail.account_id is None:
                found = is_named_by(mail)
            account = await recoverable(session, district, found)
            if account is None:
                raise NothingToSend("nobody")
            if mail.account_id is None:  # asked for by anybody; the service's own, after a dispute, must always go
                mail.account_id = account.id
                await stay_within(session, mail, now, _RESET_LIMITS)
            link = await _reset_link(session, mail, account, now)
            if link is None:
                raise NothingToSend("superseded")
            address_to(mail, account, now, {"link": str(link)})
            await session.flush()
        elif not await all_recoverable(session, district, (Account.id == mail.account_id) & still_at(mail)):
            raise NothingToSend("superseded")
        link_id = UUID(mail.details["link"])
        expires_at = await _begin_anew(session, link_id, LinkPurpose.RESET_PASSWORD, now)
        owner = await owner_of(session, mail.account_id)
        link_url = self._url(district, LinkPurpose.RESET_PASSWORD, link_id)
        return {**named(owner), "username": owner.username, "link": link_url, "expires_at": expires_at}

    async def _username_recovery(
        self, session: AsyncSession, mail: OutboxMail, district: OpenDistrict, now: datetime
    ) -> dict[str, Any]:
        if mail.prepared_at is None:
            by_address = Account.recovery_email_folded == mail.details["address_folded"]
            accounts = await all_recoverable(session, district, by_address)
            if not accounts:
                raise NothingToSend("nobody")
            links = {}
            for account in accounts:
                link = await _reset_link(session, mail, account, now)
                links[str(account.id)] = str(link) if link else None
            address_to(mail, accounts[0], now, {"links": links})
            await session.flush()
        links = mail.details["links"]
        still = Account.id.in_([UUID(account_id) for account_id in links]) & still_at(mail)
        accounts = await all_recoverable(session, district, still)
        if not accounts:
            raise NothingToSend("superseded")
        listed, expires_at = [], now
        for account in accounts:
            link_id = links[str(account.id)]
            # A link that a newer mail replaced is left out; the username is told all the same.
            expires_at = now + LinkPurpose.RESET_PASSWORD.lifetime
            is_live = link_id is not None and await extend_link(session, UUID(link_id), LinkPurpose.RESET_PASSWORD, now)
            owner = await owner_of(session, account.id)
            link_url = self._url(district, LinkPurpose.RESET_PASSWORD, UUID(link_id)) if is_live else None
            listed.append(
                {"username": owner.username, "portal": owner.portal, "first_name": owner.first_name, "link": link_url}
            )
        return {"accounts": listed, "expires_at": expires_at}

    async def _confirm_recovery_email(
        self, session: AsyncSession, mail: OutboxMail, district: OpenDistrict, now: datetime
    ) -> dict[str, Any]:
        link_id = UUID(mail.details["link"])
        expires_at = await _begin_anew(session, link_id, LinkPurpose.CONFIRM_EMAIL, now)
        owner = await owner_of(session, mail.account_id)
        mail.locale = mail.locale or owner.locale
        return {
            **named(owner),
            "link": self._url(district, LinkPurpose.CONFIRM_EMAIL, link_id),
            "code": self.tokens.code(link_id),
            "expires_at": expires_at,
        }

    async def _notice(
        self, session: AsyncSession, mail: OutboxMail, district: OpenDistrict, now: datetime
    ) -> dict[str, Any]:
        notice = await prepare_notice(session, mail, district, now)
        link = self._url(district, LinkPurpose.DISPUTE, notice.link_id) if notice.link_id else None
        return {**notice.facts, "dispute_link": link}

    def _url(self, district: OpenDistrict, purpose: LinkPurpose, link_id: UUID) -> str:
        base = district.base_url(self.public_url)
        return f"{base}{_PATHS[purpose]}#token={self.tokens.issue(purpose.value, link_id)}"


async def _reset_link(session: AsyncSession, mail: OutboxMail, account: Account, now: datetime) -> UUID | None:
    """A new link in place of all that were asked for earlier; None where a later request was prepared first."""
    if await has_newer_link(session, account.id, LinkPurpose.RESET_PASSWORD, mail.created_at):
        return None
    await revoke_links(session, account.id, now, LinkPurpose.RESET_PASSWORD)
    audit.record(
        session,
        "worker:account:reset_link_made",
        at=now,
        actor=audit.WORKER,
        district_id=account.district_id,
        account_id=account.id,
        person_id=account.person_id,
        data={"asked_as": mail.kind},
    )
    return create_link(session, LinkPurpose.RESET_PASSWORD, account.id, now, asked_at=mail.created_at)


async def _begin_anew(session: AsyncSession, link_id: UUID, purpose: LinkPurpose, now: datetime) -> datetime:
    """The whole lifetime from now on, for a link that has waited for its mail; a used or replaced one needs no mail."""
    if not await extend_link(session, link_id, purpose, now):
        raise NothingToSend("superseded")
    return now + purpose.lifetime


def _sender(district: OpenDistrict) -> DistrictSender:
    support = district.settings.support
    return DistrictSender(
        name=district.name, support_phone=support.phone, support_email=support.email, support_url=support.url
    )


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition(":")[0]
