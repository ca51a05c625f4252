"""A forgotten password: a link by mail, or a token for answered questions, used once, sets a new one.

Asking costs and answers the same for everybody: it keeps one row. The worker finds out whose mail that is, if anybody's.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import ResetLinkInvalid
from app.models import Account
from app.portals import Portal
from app.security.hash_pool import HashPool
from app.services import audit
from app.services.district_settings import PasswordPolicy
from app.services.districts import OpenDistrict
from app.services.links import suspend_links
from app.services.mailed_links import LinkPurpose, LiveLink, MailedLinks, use_link
from app.services.new_password import PasswordOwner, check_rules, hash_unused_before, password_owner, replace_password
from app.services.outbox import MailKind, promise
from app.services.second_factor import has_second_factor
from app.services.security_notices import tell_password_changed
from app.services.sessions import Sessions
from app.services.sign_in_ladder import SignInLadder
from app.text import fold


@dataclass(frozen=True)
class ResetOffer:
    """What a reset link opens."""

    username_masked: str
    password_policy: PasswordPolicy
    expires_at: datetime
    asks_for_code: bool
    """A sign-in with the new password will ask for a code of the authenticator app, as one with the old password did."""


@dataclass(frozen=True)
class PasswordReset:
    database: Database
    clock: Clock
    hash_pool: HashPool
    sessions: Sessions
    links: MailedLinks
    ladder: SignInLadder

    async def request(self, district: OpenDistrict, portal: Portal, username: str, locale: str | None) -> None:
        """Promises a mail to whoever has this username and a confirmed address; nothing tells whether there is somebody.

        Raises:
            FeatureDisabled, Maintenance: public facts of the district.
        """
        now = self.clock.now()
        district.require_no_maintenance(now)
        district.require("password_reset")
        async with self.database.transaction() as session:
            promise(
                session,
                MailKind.PASSWORD_RESET,
                district_id=district.id,
                now=now,
                locale=locale,
                details={"portal": portal.value, "username_folded": fold(username)},
            )

    async def check(self, token: str) -> ResetOffer:
        """What the link opens; it is not used up.

        Raises:
            ResetLinkInvalid: it has expired, was used, or a newer one replaced it.
        """
        async with self.database.reading() as connection:
            link = await self._find(connection, token)
            owner = await password_owner(connection, link.account_id)
            asks_for_code = await has_second_factor(connection, link.account_id)
        policy = owner.district.settings.password_policy
        return ResetOffer(mask_username(owner.account.username), policy, link.expires_at, asks_for_code)

    async def confirm(self, token: str, password: str, password_confirm: str) -> None:
        """Sets the password, ends every session, tells the owner. The link works once; no refusal uses it up.

        Raises:
            ResetLinkInvalid, InProgress: the link does not work, or somebody is using it this moment.
            ValidationFailed: a rule is broken, or the password was used before.
        """
        now = self.clock.now()
        async with self.database.reading() as connection:
            link = await self._find(connection, token)
            owner = await password_owner(connection, link.account_id)
        check_rules(owner, password, password_confirm)
        async with self.links.leased(link, now) as lease:
            password_hash = await hash_unused_before(self.hash_pool, owner, password)
            now = self.clock.now()
            async with self.database.transaction() as session:
                # Account before link, as everywhere: two flows that lock them crosswise would deadlock.
                await session.execute(select(Account.id).where(Account.id == owner.account.id).with_for_update())
                if not await use_link(session, link.id, now, lease=lease):
                    raise ResetLinkInvalid
                if not await replace_password(session, owner, password_hash, now):
                    raise ResetLinkInvalid  # a key or another link was faster, and ended this one
                await suspend_links(session, owner.account.id, now)
                await self.sessions.end_all(session, owner.account.id, "password_reset")
                await self._lower_ladder(session, owner, link)
                await tell_password_changed(session, owner, now)
                _record(session, owner, link, now)

    async def _find(self, connection: AsyncConnection, token: str) -> LiveLink:
        now, by_answers = self.clock.now(), LinkPurpose.RESET_BY_ANSWERS
        return await self.links.find(
            connection, LinkPurpose.RESET_PASSWORD, token, now, ResetLinkInvalid, or_purpose=by_answers
        )

    async def _lower_ladder(self, session: AsyncSession, owner: PasswordOwner, link: LiveLink) -> None:
        """A mailbox proves its owner; answers only switch the password on again, the CAPTCHA stays until a success (D30)."""
        if link.purpose is LinkPurpose.RESET_BY_ANSWERS:
            free_tries = owner.district.settings.captcha.threshold
            await self.ladder.lower_to_captcha(session, *_subject(owner), free_tries=free_tries)
        else:
            await self.ladder.end_all(session, *_subject(owner))


def _subject(owner: PasswordOwner) -> tuple[str, str, str]:
    return owner.account.district_id, owner.account.portal.value, fold(owner.account.username)


def mask_username(username: str) -> str:
    """`maria2026` becomes `ma*****26`: enough to tell one's own accounts apart."""
    shown = 2 if len(username) > 6 else 1
    return username[:shown] + "*" * (len(username) - 2 * shown) + username[-shown:]


def _record(session: AsyncSession, owner: PasswordOwner, link: LiveLink, now: datetime) -> None:
    audit.record(
        session,
        "api:account:password_reset",
        at=now,
        actor=audit.by_account(owner.account.id),
        district_id=owner.account.district_id,
        account_id=owner.account.id,
        person_id=owner.account.person_id,
        data={"by": "answers" if link.purpose is LinkPurpose.RESET_BY_ANSWERS else "mail"},
    )
