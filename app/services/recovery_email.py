"""The recovery (security) e-mail: set with the current password, counted only once its owner has confirmed it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import CodeExhausted, CodeWrong, DailyLimitReached, TicketInvalid
from app.models import Account, MailedLink
from app.services import audit
from app.services.account_view import AccountView
from app.services.daily_quotas import DailyQuotas, LocalDay
from app.services.districts import open_district
from app.services.mailed_links import LinkPurpose, LiveLink, MailedLinks, create_link, revoke_links, use_link
from app.services.outbox import MailKind, promise
from app.services.passwords import Passwords
from app.services.security_notices import tell_address_changed
from app.services.sessions import SignedIn
from app.text import fold_address

MAILS_A_DAY = 5
"""To one address, so that nobody is flooded by others who type it."""
CODE_TRIES = 5
_QUOTA = "confirmation-mail"
_PURPOSE = LinkPurpose.CONFIRM_EMAIL


@dataclass(frozen=True)
class RecoveryEmail:
    database: Database
    clock: Clock
    passwords: Passwords
    links: MailedLinks
    quotas: DailyQuotas

    async def set(self, caller: SignedIn, email: str, current_password: str) -> None:
        """Asks the new address to confirm itself and tells the old one, which counts until then.

        Raises:
            CurrentPasswordWrong: counted; the fifth ends the session.
            DailyLimitReached: this address has had five mails today.
        """
        stored = await self.passwords.prove_current(caller, current_password)
        now = self.clock.now()
        async with self.database.transaction() as session:
            account = await self.passwords.still_proven(session, caller, stored)
            day = LocalDay.of(now, (await open_district(session, account.district_id)).timezone)
            is_allowed = await self.ask_to_confirm(session, account, email, now)
            if is_allowed:
                if account.recovery_email and account.recovery_email_folded != fold_address(email):
                    await tell_address_changed(session, caller.account, account.recovery_email, email, now)
                self._record(session, caller.account, "recovery_email_set", now)
        if not is_allowed:
            raise DailyLimitReached(day.seconds_left(now))

    async def ask_to_confirm(self, session: AsyncSession, account: Account, email: str, now: datetime) -> bool:
        """Sets the unconfirmed address and promises its mail; False, and nothing done, where that address had enough today."""
        district = await open_district(session, account.district_id)
        day = LocalDay.of(now, district.timezone)
        if await self.quotas.count(session, _QUOTA, district.id, fold_address(email), day) > MAILS_A_DAY:
            return False
        account.unconfirmed_recovery_email = email
        await revoke_links(session, account.id, now, _PURPOSE)
        link = create_link(session, _PURPOSE, account.id, now, address=email)
        promise(
            session,
            MailKind.CONFIRM_RECOVERY_EMAIL,
            district_id=district.id,
            now=now,
            account_id=account.id,
            to_address=email,
            locale=account.locale,
            details={"link": str(link)},
        )
        return True

    async def confirm_as(self, caller: SignedIn, *, token: str | None, code: str | None) -> None:
        """Confirms with whichever of the two is given; see `confirm` and `confirm_by_code`."""
        if token is not None:
            await self.confirm(token, caller)
        else:
            await self.confirm_by_code(caller, code or "")

    async def confirm(self, token: str, caller: SignedIn | None = None) -> None:
        """The address counts from now on. With a caller, the link must be of the caller's account.

        Raises:
            TicketInvalid: the link has expired, was used, or a newer one replaced it.
        """
        now = self.clock.now()
        async with self.database.transaction() as session:
            link = await self.links.find(session, _PURPOSE, token, now, TicketInvalid)
            if caller and link.account_id != caller.account.id:
                raise TicketInvalid
            await self._settle(session, link, now)

    async def confirm_by_code(self, caller: SignedIn, code: str) -> None:
        """The same with the code of the newest mail, typed by its signed-in owner.

        Raises:
            TicketInvalid: there is no mail to confirm.
            CodeWrong, CodeExhausted: five tries a mail.
        """
        now = self.clock.now()
        async with self.database.transaction() as session:
            # Account before link, as everywhere: two flows that lock them crosswise would deadlock.
            await session.execute(select(Account.id).where(Account.id == caller.account.id).with_for_update())
            link = await self._newest(session, caller.account.id, now)
            counted = await session.execute(
                update(MailedLink)
                .where(MailedLink.id == link.id, MailedLink.code_attempts < CODE_TRIES)
                .values(code_attempts=MailedLink.code_attempts + 1)
                .returning(MailedLink.id)
            )
            has_tries = counted.first() is not None
            is_right = has_tries and self.links.tokens.is_code(link.id, code)
            if is_right:
                await self._settle(session, link, now)
            else:
                self._record(session, caller.account, "recovery_email_code_refused", now)
        if not is_right:  # after the commit, which keeps the count
            raise CodeWrong if has_tries else CodeExhausted

    async def _newest(self, session: AsyncSession, account_id: UUID, now: datetime) -> LiveLink:
        link = await session.scalar(
            select(MailedLink)
            .where(
                MailedLink.account_id == account_id,
                MailedLink.purpose == _PURPOSE.value,
                MailedLink.used_at.is_(None),
                MailedLink.revoked_at.is_(None),
                MailedLink.expires_at > now,
            )
            .order_by(MailedLink.created_at.desc())
            .limit(1)
        )
        if link is None:
            raise TicketInvalid
        return LiveLink(link.id, link.account_id, _PURPOSE, link.address, link.expires_at, link.created_at)

    async def _settle(self, session: AsyncSession, link: LiveLink, now: datetime) -> None:
        confirmed = await session.execute(
            update(Account)
            .where(Account.id == link.account_id, Account.unconfirmed_recovery_email == link.address)
            .values(
                recovery_email=link.address,
                recovery_email_folded=fold_address(link.address or ""),
                recovery_email_confirmed_at=now,
                unconfirmed_recovery_email=None,
            )
            .returning(Account.id, Account.district_id, Account.person_id)
            .execution_options(synchronize_session=False)
        )
        account = confirmed.one_or_none()
        if account is None or not await use_link(session, link.id, now):
            raise TicketInvalid
        # Reset links went to the address before.
        await revoke_links(session, account.id, now, LinkPurpose.RESET_PASSWORD)
        audit.record(
            session,
            "api:account:recovery_email_confirmed",
            at=now,
            actor=audit.by_account(account.id),
            district_id=account.district_id,
            account_id=account.id,
            person_id=account.person_id,
        )

    @staticmethod
    def _record(session: AsyncSession, account: AccountView, action: str, now: datetime) -> None:
        audit.record(
            session,
            f"api:account:{action}",
            at=now,
            actor=audit.by_account(account.id),
            district_id=account.district_id,
            account_id=account.id,
            person_id=account.person_id,
        )
