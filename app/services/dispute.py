"""“It was not me”: the owner of an address undoes a change that a mail told him about."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import TicketInvalid
from app.models import Account, MailedLink, PasswordHistory
from app.portals import Portal
from app.services import audit
from app.services.links import suspend_links
from app.services.mailed_links import LinkPurpose, LiveLink, MailedLinks, revoke_links, use_link
from app.services.outbox import MailKind, promise
from app.services.own_passkeys import drop_passkeys
from app.services.second_factor import drop_second_factor_since
from app.services.sessions import Sessions
from app.text import fold_address


@dataclass(frozen=True)
class Dispute:
    database: Database
    clock: Clock
    sessions: Sessions
    links: MailedLinks

    async def dispute(self, token: str) -> None:
        """Restores the address, ends every session, takes the password and the passkeys off and mails a reset to the restored address.

        An authenticator that a parent or a student is told of goes, too, if it was set up since: else whoever set it up keeps the owner
        out. That of staff stays, as a mailbox must not open the office; a colleague helps.

        Raises:
            TicketInvalid: the link has expired, was used, or an older address has disputed what came after it.
        """
        now = self.clock.now()
        async with self.database.transaction() as session:
            link = await self.links.find(session, LinkPurpose.DISPUTE, token, now, TicketInvalid)
            account = await session.get_one(Account, link.account_id, with_for_update=True)
            if not await use_link(session, link.id, now):
                raise TicketInvalid
            account.recovery_email = link.address
            account.recovery_email_folded = fold_address(link.address or "")
            account.unconfirmed_recovery_email = None
            if account.password_hash:
                session.add(
                    PasswordHistory(account_id=account.id, password_hash=account.password_hash, replaced_at=now)
                )
            account.password_hash = None
            await drop_passkeys(session, account.id)
            if account.portal != Portal.STAFF:
                await drop_second_factor_since(session, account.id, link.created_at)
            await suspend_links(session, account.id, now)
            await self.sessions.end_all(session, account.id, "disputed")
            begun = (LinkPurpose.RESET_PASSWORD, LinkPurpose.RESET_BY_ANSWERS, LinkPurpose.CONFIRM_EMAIL)
            await revoke_links(session, account.id, now, *begun)
            await _revoke_later_disputes(session, link, now)
            promise(
                session,
                MailKind.PASSWORD_RESET,
                district_id=account.district_id,
                now=now,
                account_id=account.id,
                locale=account.locale,
            )
            audit.record(
                session,
                "api:account:disputed",
                at=now,
                actor=audit.by_account(account.id),
                district_id=account.district_id,
                account_id=account.id,
                person_id=account.person_id,
            )


async def _revoke_later_disputes(session: AsyncSession, link: LiveLink, now: datetime) -> None:
    """An intruder's own address gets such links too; the older address has the last word."""
    begun = select(MailedLink.created_at).where(MailedLink.id == link.id).scalar_subquery()
    await session.execute(
        update(MailedLink)
        .where(
            MailedLink.account_id == link.account_id,
            MailedLink.purpose == LinkPurpose.DISPUTE.value,
            MailedLink.created_at >= begun,
            MailedLink.used_at.is_(None),
            MailedLink.revoked_at.is_(None),
        )
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )
