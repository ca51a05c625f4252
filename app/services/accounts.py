"""What the office and an operator do with an account: look at it, switch it off and on, start it over."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import NotFound
from app.models import Account, ActivationKey, Person, SignInSession
from app.portals import Portal
from app.services import audit
from app.services.districts import open_district
from app.services.keys import IssuedKey, KeyIssue
from app.services.links import suspend_links
from app.services.mailed_links import LinkPurpose, revoke_links
from app.services.portal_access import may_enter
from app.services.sessions import Sessions
from app.services.sign_in_ladder import SignInLadder, SignInSubject
from app.text import fold


@dataclass(frozen=True)
class AccountReport:
    """What somebody at a help desk needs to see; no secrets."""

    id: UUID
    person_id: UUID
    portal: Portal
    username: str
    first_name: str
    last_name: str
    created_at: datetime
    last_signed_in_at: datetime | None
    disabled_at: datetime | None
    has_password: bool
    may_enter: bool
    failed_sign_ins: int
    sign_in_step: str
    """What strangers and new devices meet: `free`, `captcha`, `wait` or `password_off`."""
    wait_until: datetime | None
    live_sessions: int
    key_expires_at: datetime | None


@dataclass(frozen=True)
class Accounts:
    database: Database
    clock: Clock
    sessions: Sessions
    key_issue: KeyIssue
    ladder: SignInLadder

    async def show(self, district_id: str, username: str, portal: Portal) -> AccountReport:
        """Raises NotFound where nobody has this username."""
        async with self.database.transaction() as session:
            account = await self._find(session, district_id, username, portal)
            person = await session.get_one(Person, account.person_id)
            now = self.clock.now()
            live = await session.scalar(
                select(func.count())
                .select_from(SignInSession)
                .where(
                    SignInSession.account_id == account.id,
                    SignInSession.ended_at.is_(None),
                    SignInSession.expires_at > now,
                    SignInSession.idle_expires_at > now,
                )
            )
            key_expires_at = await session.scalar(
                select(ActivationKey.expires_at).where(
                    ActivationKey.person_id == person.id,
                    ActivationKey.portal == portal.value,
                    ActivationKey.used_at.is_(None),
                    ActivationKey.revoked_at.is_(None),
                    ActivationKey.expires_at > now,
                )
            )
            district = await open_district(session, district_id)
            ladder = await self.ladder.report(
                session,
                SignInSubject(district_id, portal.value, account.username_folded),
                now,
                free_tries=district.settings.captcha.threshold,
            )
            entitled = await session.scalar(select(Person.id).where(Person.id == person.id, may_enter(portal)))
            return AccountReport(
                id=account.id,
                person_id=person.id,
                portal=portal,
                username=account.username,
                first_name=person.first_name,
                last_name=person.last_name,
                created_at=account.created_at,
                last_signed_in_at=account.last_signed_in_at,
                disabled_at=account.disabled_at,
                has_password=account.password_hash is not None,
                may_enter=entitled is not None,
                failed_sign_ins=ladder.tries,
                sign_in_step=ladder.step,
                wait_until=ladder.wait_until,
                live_sessions=live or 0,
                key_expires_at=key_expires_at,
            )

    async def unlock(self, district_id: str, username: str, portal: Portal) -> None:
        """Ends the CAPTCHA, the wait or the switched-off password that wrong tries have led to; the password is the one before."""
        async with self.database.transaction() as session:
            account = await self._find(session, district_id, username, portal)
            await self.ladder.end_all(session, account.district_id, account.portal, account.username_folded)
            self._record(session, account, "unlocked")

    async def disable(self, district_id: str, username: str, portal: Portal) -> None:
        """Switches the account off and ends its sessions; the next request of its owner is refused."""
        async with self.database.transaction() as session:
            account = await self._find(session, district_id, username, portal)
            account.disabled_at = account.disabled_at or self.clock.now()
            await self.sessions.end_all(session, account.id, "disabled")
            pending = (
                LinkPurpose.RESET_PASSWORD,
                LinkPurpose.CONFIRM_EMAIL,
            )  # an owner may still dispute a change afterwards
            await revoke_links(session, account.id, self.clock.now(), *pending)
            self._record(session, account, "disabled")

    async def enable(self, district_id: str, username: str, portal: Portal) -> None:
        """Switches the account on again; its owner signs in with the password as before."""
        async with self.database.transaction() as session:
            account = await self._find(session, district_id, username, portal)
            account.disabled_at = None
            self._record(session, account, "enabled")

    async def reset_by_key(self, district_id: str, username: str, portal: Portal) -> IssuedKey:
        """Takes the password off, ends every session, and makes a key that starts the account over.

        Raises:
            NotFound: nobody has this username.
            NobodyToIssueTo: the person may not enter the portal, so no key would help.
        """
        async with self.database.transaction() as session:
            account = await self._find(session, district_id, username, portal)
            key = await self.key_issue.issue_to(
                session, await open_district(session, district_id), account.person_id, portal
            )
            account.password_hash = None
            await self.ladder.end_all(session, account.district_id, account.portal, account.username_folded)
            await revoke_links(session, account.id, self.clock.now())
            await suspend_links(session, account.id, self.clock.now())
            await self.sessions.end_all(session, account.id, "reset")
            self._record(session, account, "reset", method="key")
            return key

    async def _find(self, session: AsyncSession, district_id: str, username: str, portal: Portal) -> Account:
        await open_district(session, district_id)
        account = await session.scalar(
            select(Account)
            .where(
                Account.district_id == district_id,
                Account.portal == portal.value,
                Account.username_folded == fold(username),
            )
            .with_for_update()
        )
        if account is None:
            raise NotFound(f"Nobody in {district_id} has the username {username!r} in the {portal} portal.")
        return account

    def _record(self, session: AsyncSession, account: Account, action: str, **data: object) -> None:
        audit.record(
            session,
            f"operator:account:{action}",
            at=self.clock.now(),
            actor=audit.OPERATOR,
            district_id=account.district_id,
            account_id=account.id,
            person_id=account.person_id,
            data=data,
        )
