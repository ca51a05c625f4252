"""Link groups: which accounts are one human's, and when that counts.

A link counts while neither end is suspended (after a reset, until its owner confirms), both accounts are alive, and both districts are open and
offer linking. It is asked for anew each time; nothing is remembered. Locks are taken in the order account, link, session.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import aliased

from app.errors import InvalidToken, Maintenance
from app.models import Account, District, LinkedAccount, Person
from app.services.account_view import AccountView, select_account
from app.services.district_settings import DistrictSettings
from app.services.portal_access import may_enter_its_portal

_LINKING = 0x6C696E6B
"""The key of the lock under which groups change: one change at a time, in all processes. SQLite's writers are alone anyway."""


@dataclass(frozen=True)
class LinkOffer:
    """Whether a district offers linking, and why not."""

    reason: str | None
    """`state_not_enabled`, `switched_off`, or None where it does."""

    @property
    def available(self) -> bool:
        return self.reason is None


def offer_of(state: str, settings: DistrictSettings, linking_states: Collection[str]) -> LinkOffer:
    if state not in linking_states:
        return LinkOffer("state_not_enabled")
    return LinkOffer(None if settings.features.linking else "switched_off")


async def change_alone(session: AsyncSession) -> None:
    """Waits until nobody else changes groups, and keeps others waiting until the transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(_LINKING)))


async def linked_accounts(
    connection: AsyncConnection | AsyncSession, account_id: UUID, linking_states: Collection[str]
) -> Sequence[AccountView]:
    """The accounts that this one is linked with and that could be used now, by district."""
    mine = aliased(LinkedAccount)
    rows = await connection.execute(
        select_account(District.state, District.settings, District.opened_at)
        .join(LinkedAccount, LinkedAccount.account_id == Account.id)
        .join(mine, mine.group_id == LinkedAccount.group_id)
        .where(
            mine.account_id == account_id,
            Account.id != account_id,
            mine.suspended_at.is_(None),
            LinkedAccount.suspended_at.is_(None),
            Account.disabled_at.is_(None),
            may_enter_its_portal(Account.portal),
        )
        .order_by(District.name, Account.id)
    )
    return [AccountView.of(row) for row in rows if _offers(row, linking_states)]


async def is_suspended(connection: AsyncConnection | AsyncSession, account_id: UUID) -> bool:
    query = select(LinkedAccount.account_id).where(
        LinkedAccount.account_id == account_id, LinkedAccount.suspended_at.is_not(None)
    )
    return (await connection.execute(query)).first() is not None


def has_suspended_link() -> Any:
    """SQL: the `Account` row waits for its owner to confirm the links; the column `links_suspended`."""
    waits = and_(LinkedAccount.account_id == Account.id, LinkedAccount.suspended_at.is_not(None))
    return exists().where(waits).label("links_suspended")


async def suspend_links(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """After a reset: whoever has the account now may not reach the others before its owner confirmed."""
    await session.execute(
        update(LinkedAccount)
        .where(LinkedAccount.account_id == account_id, LinkedAccount.suspended_at.is_(None))
        .values(suspended_at=now)
        .execution_options(synchronize_session=False)
    )


async def require_live_link(
    connection: AsyncConnection | AsyncSession,
    account_id: UUID,
    root_id: UUID,
    linking_states: Collection[str],
    now: datetime,
) -> None:
    """For a session of `account_id` that was switched to by whoever signed in to `root_id`.

    Raises:
        InvalidToken: the two are no longer linked, or the root account may no longer be used.
        Maintenance: the district is being maintained.
    """
    root_link, root = aliased(LinkedAccount), aliased(Account)
    query = (
        select(District.state, District.settings, District.opened_at)
        .join(LinkedAccount, LinkedAccount.district_id == District.id)
        .join(root_link, root_link.group_id == LinkedAccount.group_id)
        .join(root, root.id == root_link.account_id)
        .join(Person, Person.id == root.person_id)
        .where(
            LinkedAccount.account_id == account_id,
            root_link.account_id == root_id,
            LinkedAccount.suspended_at.is_(None),
            root_link.suspended_at.is_(None),
            root.disabled_at.is_(None),
            may_enter_its_portal(root.portal),
        )
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None or not _offers(row, linking_states):
        raise InvalidToken
    until = DistrictSettings.model_validate(row.settings).maintenance_until
    if until and until > now:
        raise Maintenance(until, now=now)


def _offers(row: Row[Any], linking_states: Collection[str]) -> bool:
    settings = DistrictSettings.model_validate(row.settings)
    return row.opened_at is not None and offer_of(row.state, settings, linking_states).available
