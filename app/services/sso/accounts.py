"""The account of somebody whom a provider has named: the one that there is, or a new one, by the rules of activation.

One account a person and portal. Whoever may not enter the portal has none made; a disabled one stays shut.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.errors import AccountLocked, InProgress
from app.models import Account, ActivationKey, Person, StaffMember
from app.portals import Portal
from app.services import audit
from app.services.account_view import select_account
from app.services.challenge_questions import wants_answers
from app.services.claim_tickets import end_tickets
from app.services.credential_policy import claimed_username
from app.services.districts import OpenDistrict
from app.services.links import has_suspended_link
from app.services.portal_access import confirm_access, may_enter
from app.services.second_factor import has_totp
from app.services.username_recovery import UsernameRecovery
from app.services.usernames import is_anothers
from app.text import fold

_LETTERS, _DIGITS = "bcdfghjkmnpqrstvwxz", "23456789"
_ACCOUNT = select_account(Account.recovery_email_folded, has_suspended_link(), has_totp(), wants_answers()).where(
    Account.person_id == bindparam("person"), Account.portal == bindparam("portal")
)
_MAY_ENTER = {portal: select(Person.id).where(Person.id == bindparam("person"), may_enter(portal)) for portal in Portal}


@dataclass(frozen=True)
class SsoAccounts:
    username_recovery: UsernameRecovery

    async def look(
        self, connection: AsyncConnection | AsyncSession, district: OpenDistrict, person_id: UUID, portal: Portal
    ) -> Row[Any] | None:
        """The person's account as `AccountView` reads it; None where there is none yet and one may be made.

        Raises:
            AccountLocked: by the office, by too many requests for its address, or since no portal is open to the person.
        """
        named = {"person": person_id, "portal": portal.value}
        account = (await connection.execute(_ACCOUNT, named)).one_or_none()
        if account is not None and account.disabled_at is not None:
            raise AccountLocked
        if await connection.scalar(_MAY_ENTER[portal], named) is None:
            raise AccountLocked("no_portal_access")
        if account is not None and await self.username_recovery.locks_sign_in(
            connection, district, account.recovery_email_folded
        ):
            raise AccountLocked("recovery_lockout")
        return account

    async def hold(
        self, session: AsyncSession, district: OpenDistrict, person_id: UUID, portal: Portal, now: datetime
    ) -> tuple[Row[Any], bool]:
        """The account within the caller's transaction, locked, and whether it was made just now.

        Raises:
            AccountLocked: what `look` saw has changed.
            InProgress: another sign-in makes the account at this moment.
        """
        mine = (Account.person_id == person_id, Account.portal == portal.value)
        account = await session.scalar(select(Account).where(*mine).with_for_update())
        is_new = account is None
        if account is None:
            account = await self._make(session, district, person_id, portal, now)
        elif account.disabled_at is not None:
            raise AccountLocked
        account.last_signed_in_at = now
        await session.flush()
        if not await confirm_access(session, person_id, portal):
            raise AccountLocked("no_portal_access")
        return (await session.execute(_ACCOUNT, {"person": person_id, "portal": portal.value})).one(), is_new

    async def _make(
        self, session: AsyncSession, district: OpenDistrict, person_id: UUID, portal: Portal, now: datetime
    ) -> Account:
        """Without a password: its owner may set one by a key of the office, and never has to."""
        username = await _free_username(session, district.id, person_id, portal)
        account = Account(
            id=uuid4(),
            district_id=district.id,
            person_id=person_id,
            portal=portal.value,
            username=username,
            username_folded=fold(username),
            created_at=now,
        )
        session.add(account)
        try:
            await session.flush()
        except IntegrityError as fault:
            raise InProgress from fault
        await _end_other_ways(session, person_id, portal, now)
        audit.record(
            session,
            "api:account:made_by_sso",
            at=now,
            actor=audit.by_account(account.id),
            district_id=district.id,
            account_id=account.id,
            person_id=person_id,
            data={"portal": portal.value},
        )
        return account


async def _free_username(session: AsyncSession, district_id: str, person_id: UUID, portal: Portal) -> str:
    """The one that the office chose, that of the student's number, or one that nobody would guess at."""
    chosen = None
    if portal is Portal.STAFF:
        chosen = await session.scalar(select(StaffMember.username).where(StaffMember.person_id == person_id))
    elif portal is Portal.STUDENT:
        number = await session.scalar(select(Person.student_number).where(Person.id == person_id))
        chosen = claimed_username(number) if number else None
    if chosen and not await is_anothers(session, district_id, portal, chosen, person_id):
        return chosen
    letters, digits = (secrets.choice(_LETTERS) for _ in range(6)), (secrets.choice(_DIGITS) for _ in range(6))
    return "".join((*letters, *digits))


async def _end_other_ways(session: AsyncSession, person_id: UUID, portal: Portal, now: datetime) -> None:
    """A key that nobody has used, or a claim: a letter on its way would start the account over."""
    await session.execute(
        update(ActivationKey)
        .where(
            ActivationKey.person_id == person_id,
            ActivationKey.portal == portal.value,
            ActivationKey.used_at.is_(None),
            ActivationKey.revoked_at.is_(None),
        )
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )
    if portal is Portal.STUDENT:
        await end_tickets(session, person_id, now)
