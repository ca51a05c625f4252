"""Choosing a password for an account that has one: the district's rules, the history, and what is replaced with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.errors import FieldError, ValidationFailed
from app.models import Account, PasswordHistory
from app.security.hash_pool import HashPool
from app.services.account_view import AccountView, select_account
from app.services.credential_policy import check_new_password
from app.services.districts import OpenDistrict, open_district
from app.services.mailed_links import LinkPurpose, revoke_links
from app.translation import msg


@dataclass(frozen=True)
class PasswordOwner:
    """Whose password it is to be, and the hashes that it may not equal."""

    account: AccountView
    district: OpenDistrict
    password_hash: str | None
    earlier_hashes: Sequence[str]
    confirmed_address: str | None
    locale: str | None


async def password_owner(connection: AsyncConnection | AsyncSession, account_id: UUID) -> PasswordOwner:
    row: Row[Any] = (
        await connection.execute(select_account(Account.password_hash).where(Account.id == account_id))
    ).one()
    district = await open_district(connection, row.district_id)
    return PasswordOwner(
        account=AccountView.of(row),
        district=district,
        password_hash=row.password_hash,
        earlier_hashes=await last_hashes(
            connection, account_id, row.password_hash, remembered=district.settings.password_policy.history
        ),
        confirmed_address=row.recovery_email,
        locale=row.locale,
    )


async def last_hashes(
    connection: AsyncConnection | AsyncSession, account_id: UUID, current: str | None, *, remembered: int
) -> Sequence[str]:
    """The `current` hash, if there is one, and those before it, newest first: so many as the district remembers."""
    earlier = await connection.execute(
        select(PasswordHistory.password_hash)
        .where(PasswordHistory.account_id == account_id)
        .order_by(PasswordHistory.replaced_at.desc())
        .limit(remembered)
    )
    return [stored for stored in (current, *earlier.scalars()) if stored][:remembered]


def check_rules(owner: PasswordOwner, password: str, password_confirm: str) -> None:
    """Raises ValidationFailed with every rule that is broken; costs no hash."""
    account = owner.account
    names = [account.username, account.first_name, account.last_name, f"{account.first_name}{account.last_name}"]
    check_new_password(
        password,
        password_confirm,
        owner.district.settings.password_policy,
        context_words=[*names, owner.district.name, owner.district.id],
    )


async def hash_unused_before(hash_pool: HashPool, owner: PasswordOwner, password: str) -> str:
    """The hash to store; no transaction may be open meanwhile.

    Raises:
        ValidationFailed: the account had this password among its last ones (`password_policy.history`).
    """
    return await hash_not_among(
        hash_pool, owner.earlier_hashes, password, remembered=owner.district.settings.password_policy.history
    )


async def hash_not_among(hash_pool: HashPool, earlier_hashes: Sequence[str], password: str, *, remembered: int) -> str:
    """The same for whoever has no password now."""
    for stored in earlier_hashes:
        if (await hash_pool.verify(password, stored)).right:
            detail = msg("You have used this password before. Please choose another one.")
            raise ValidationFailed([FieldError("/password", "password_used_before", detail, {"history": remembered})])
    return await hash_pool.hash(password)


async def replace_password(session: AsyncSession, owner: PasswordOwner, password_hash: str, now: datetime) -> bool:
    """Stores the new hash and remembers the old one; False where the password changed meanwhile.

    What somebody else may have begun ends with the old password: reset links, a new address that waits to be confirmed, and a claim that
    the office has reopened.
    """
    stored = (
        Account.password_hash.is_(None) if owner.password_hash is None else Account.password_hash == owner.password_hash
    )
    changed = await session.execute(
        update(Account)
        .where(Account.id == owner.account.id, stored)
        .values(
            password_hash=password_hash,
            password_changed_at=now,
            unconfirmed_recovery_email=None,
            claim_reopened_at=None,
        )
        .returning(Account.id)
        .execution_options(synchronize_session=False)
    )
    if changed.first() is None:
        return False
    remembered = owner.district.settings.password_policy.history
    await remember_hash(session, owner.account.id, owner.password_hash, now, remembered=remembered)
    begun = (LinkPurpose.RESET_PASSWORD, LinkPurpose.RESET_BY_ANSWERS, LinkPurpose.CONFIRM_EMAIL)
    await revoke_links(session, owner.account.id, now, *begun)
    return True


async def remember_hash(
    session: AsyncSession, account_id: UUID, replaced: str | None, now: datetime, *, remembered: int
) -> None:
    """Keeps the hash that is replaced or taken off now, so that its password cannot come back, and forgets the oldest ones."""
    if replaced:
        session.add(PasswordHistory(account_id=account_id, password_hash=replaced, replaced_at=now))
        await session.flush()
    kept = (
        select(PasswordHistory.id)
        .where(PasswordHistory.account_id == account_id)
        .order_by(PasswordHistory.replaced_at.desc())
        .limit(remembered)
        .scalar_subquery()
    )
    await session.execute(
        delete(PasswordHistory)
        .where(PasswordHistory.account_id == account_id, PasswordHistory.id.not_in(kept))
        .execution_options(synchronize_session=False)
    )
