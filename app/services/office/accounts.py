"""What the office and an operator do with an account: switch it off and on, unlock it, start it over."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import FieldError, NoAddress, NotFound, ValidationFailed
from app.models import Account, PasswordHistory, Person
from app.portals import Portal
from app.services.account_view import mask_address
from app.services.answers_reset import BUDGET as ANSWERS_BUDGET
from app.services.challenge_questions import drop_answers
from app.services.clerk import Clerk
from app.services.districts import open_district
from app.services.erasure import Erasure
from app.services.guard import CLAIM
from app.services.guess_budgets import GuessBudgets, GuessSubject
from app.services.keys import Handover, IssuedKey, KeyChannel, KeyIssue
from app.services.links import suspend_links
from app.services.mailed_links import LinkPurpose, revoke_links
from app.services.office.office_lock import hold_office
from app.services.outbox import MailKind, promise
from app.services.own_passkeys import drop_passkeys
from app.services.second_factor import end_wait
from app.services.sessions import Sessions
from app.services.sign_in_ladder import SignInLadder
from app.text import fold
from app.translation import msg


class ResetMethod(StrEnum):
    """How an owner gets back in."""

    MAIL = "mail"
    KEY = "key"
    CLAIM = "claim"


@dataclass(frozen=True)
class ResetAnswer:
    """What has to be told about a reset."""

    method: ResetMethod
    address_masked: str | None = None
    """Where the mail goes."""
    key: IssuedKey | None = None
    """Where the method is a key, and it may be shown."""


@dataclass(frozen=True)
class Accounts:
    database: Database
    clock: Clock
    sessions: Sessions
    key_issue: KeyIssue
    ladder: SignInLadder
    budgets: GuessBudgets
    erasure: Erasure

    async def find(self, clerk: Clerk, username: str, portal: Portal) -> UUID:
        """The id of the account; raises NotFound where nobody has this username."""
        async with self.database.reading() as connection:
            await open_district(connection, clerk.district_id)
            name = (Account.portal == portal.value, Account.username_folded == fold(username))
            found = await connection.execute(select(Account.id).where(*name, *_seen_by(clerk)))
            account_id = found.scalar_one_or_none()
        if account_id is None:
            raise NotFound(f"Nobody in {clerk.district_id} has the username {username!r} in the {portal} portal.")
        return account_id

    async def unlock(self, clerk: Clerk, account_id: UUID) -> None:
        """Ends what wrong passwords (CAPTCHA, wait, switched-off password), answers, claims and codes of the authenticator have led to.

        Password and authenticator are the ones before.
        """
        async with self.database.transaction() as session:
            await self.unlock_in(session, clerk, account_id)

    async def unlock_in(self, session: AsyncSession, clerk: Clerk, account_id: UUID) -> None:
        """`unlock` as a part of something larger."""
        account = await _held(session, clerk, account_id)
        await self._forget_misses(session, account)
        await end_wait(session, account.id)
        self._record(session, clerk, account, "unlocked")

    async def disable(self, clerk: Clerk, account_id: UUID) -> None:
        """Switches the account off and ends its sessions; the next request of its owner is refused.

        Raises:
            NotFound: outside the clerk's part of the district, too.
            Forbidden: it is the clerk's own; or a colleague's, who has taken the clerk's away at this moment.
        """
        async with self.database.transaction() as session:
            account = await _taken_away(session, clerk, account_id)
            account.disabled_at = account.disabled_at or self.clock.now()
            await self.sessions.end_all(session, account.id, "disabled")
            pending = (LinkPurpose.RESET_PASSWORD, LinkPurpose.RESET_BY_ANSWERS, LinkPurpose.CONFIRM_EMAIL)
            # A change can still be disputed.
            await revoke_links(session, account.id, self.clock.now(), *pending)
            self._record(session, clerk, account, "disabled")

    async def enable(self, clerk: Clerk, account_id: UUID) -> None:
        """Switches the account on again; its owner signs in with the password as before. Raises like `disable`."""
        async with self.database.transaction() as session:
            account = await _held(session, clerk, account_id)
            clerk.refuse_self(account.person_id)
            account.disabled_at = None
            self._record(session, clerk, account, "enabled")

    async def erase(self, clerk: Clerk, account_id: UUID) -> None:
        """Deletes the account and all that came of it, for good. Raises like `disable`."""
        async with self.database.transaction() as session:
            account = await _taken_away(session, clerk, account_id)
            await self.erasure.erase_account(session, clerk, account)

    async def reset(
        self,
        clerk: Clerk,
        account_id: UUID,
        method: ResetMethod,
        *,
        channel: KeyChannel | None = None,
        photo_id_checked: bool = False,
    ) -> ResetAnswer:
        """Takes the password off, ends every session and lock, and gives the owner another way in.

        An account that is switched off stays so, and gets no mail. Its passkeys go with the password; an authenticator stays, until somebody
        activates with a key.
        The office gets to see a key only for somebody who stands in front of it (`channel` `in_person`) with photo ID; an operator
        always does.

        Raises:
            NotFound, Forbidden: like `disable`.
            NoAddress: `mail`, and no recovery address is confirmed.
            FeatureDisabled, ValidationFailed: `claim` where the district or the portal has none, or a key in a way that is not one.
            NobodyToIssueTo: the person may not enter the portal, so no key would help.
        """
        handover = Handover(channel, photo_id_checked=photo_id_checked)
        async with self.database.transaction() as session:
            return await self.reset_in(session, clerk, account_id, method, handover)

    async def reset_in(
        self, session: AsyncSession, clerk: Clerk, account_id: UUID, method: ResetMethod, handover: Handover
    ) -> ResetAnswer:
        """`reset` as a part of something larger."""
        handover = handover if method is ResetMethod.KEY else Handover()
        if clerk.account_id:
            _check_handover(handover)
        account = await _taken_away(session, clerk, account_id)
        account.claim_reopened_at = None
        answer = await self._way_in(session, clerk, account, method, handover)
        await self._take_away(session, account, self.clock.now())
        self._record(session, clerk, account, "reset", method=method.value)
        return answer

    async def _way_in(
        self, session: AsyncSession, clerk: Clerk, account: Account, method: ResetMethod, handover: Handover
    ) -> ResetAnswer:
        district = await open_district(session, account.district_id)
        match method:
            case ResetMethod.MAIL:
                return ResetAnswer(method, address_masked=_mail_reset(session, account, self.clock.now()))
            case ResetMethod.KEY:
                if clerk.account_id and handover.channel is None:
                    return ResetAnswer(method)
                who = (account.person_id, Portal(account.portal))
                key = await self.key_issue.issue_to(session, district, *who, clerk=clerk, handover=handover)
                return ResetAnswer(method, key=key)
            case ResetMethod.CLAIM:
                if account.portal != Portal.STUDENT:
                    detail = msg("Only students claim their accounts.")
                    raise ValidationFailed([FieldError("/method", "method_not_for_portal", detail)])
                district.require("claim")
                account.claim_reopened_at = self.clock.now()
                return ResetAnswer(method)

    async def _take_away(self, session: AsyncSession, account: Account, now: datetime) -> None:
        if account.password_hash:
            session.add(PasswordHistory(account_id=account.id, password_hash=account.password_hash, replaced_at=now))
        account.password_hash = None
        await session.flush()
        await self._forget_misses(session, account)
        await revoke_links(session, account.id, now)
        await suspend_links(session, account.id, now)
        await drop_passkeys(session, account.id)
        await self.sessions.end_all(session, account.id, "reset")
        await drop_answers(session, account.id)

    async def _forget_misses(self, session: AsyncSession, account: Account) -> None:
        """Wrong passwords, answers and claims: whoever used all tries up is helped by the office only."""
        name = (account.district_id, account.portal, account.username_folded)
        await self.ladder.end_all(session, *name)
        await self.budgets.renew(session, GuessSubject.username(ANSWERS_BUDGET, *name))
        number = await session.scalar(select(Person.student_number).where(Person.id == account.person_id))
        if number and account.portal == Portal.STUDENT:
            await self.budgets.renew(session, GuessSubject.student(CLAIM.action, account.district_id, number))

    def _record(self, session: AsyncSession, clerk: Clerk, account: Account, action: str, **data: object) -> None:
        clerk.record(
            session,
            f"account:{action}",
            at=self.clock.now(),
            account_id=account.id,
            person_id=account.person_id,
            **data,
        )


async def _held(session: AsyncSession, clerk: Clerk, account_id: UUID) -> Account:
    """The account, locked: whoever else works on it waits. Raises NotFound outside the clerk's part of the district."""
    await open_district(session, clerk.district_id)
    query = select(Account).where(Account.id == account_id, *_seen_by(clerk))
    account = await session.scalar(query.with_for_update())
    if account is None:
        raise NotFound
    return account


async def _taken_away(session: AsyncSession, clerk: Clerk, account_id: UUID) -> Account:
    """The account, locked, of somebody who is to lose it; for a colleague's the office is held, too (see `hold_office`)."""
    account = await _held(session, clerk, account_id)
    clerk.refuse_self(account.person_id)
    if account.portal == Portal.STAFF:
        await hold_office(session, clerk)
    return account


def _seen_by(clerk: Clerk) -> tuple[ColumnElement[bool], ...]:
    persons = select(Person.id).where(clerk.sees_person())
    return Account.district_id == clerk.district_id, Account.person_id.in_(persons), clerk.sees_portal()


def _check_handover(handover: Handover) -> None:
    if handover.channel in {KeyChannel.LETTER, KeyChannel.EMAIL}:
        detail = msg(
            "Keys by letter or mail are issued with POST /admin/activation-keys, after a reset without a channel."
        )
        raise ValidationFailed([FieldError("/channel", "channel_not_here", detail)])
    if handover.channel and not handover.photo_id_checked:
        detail = msg("Look at a photo ID first: whoever has the key has the account.")
        raise ValidationFailed([FieldError("/photo_id_checked", "photo_id_not_checked", detail)])


def _mail_reset(session: AsyncSession, account: Account, now: datetime) -> str:
    """Promises the mail, and gives the masked address."""
    if account.recovery_email is None:
        raise NoAddress
    promise(
        session,
        MailKind.PASSWORD_RESET,
        district_id=account.district_id,
        now=now,
        account_id=account.id,
        locale=account.locale,
    )
    return mask_address(account.recovery_email)
