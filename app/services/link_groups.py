"""How link groups change: two become one, an account leaves, a group of one dissolves.

One change at a time, so that what a change has seen is true until it ends; locks are taken in the order
account, link, push device, session.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import AlreadyLinked, SameDistrict
from app.models import Account, LinkedAccount, PushDevice, SignInSession
from app.services import audit
from app.services.links import hold_accounts
from app.services.sessions import end_sessions

_LINKING = 0x6C696E6B
"""The key of the lock under which groups change: one change at a time, in all processes. SQLite's writers are alone anyway."""


async def change_alone(session: AsyncSession, *account_ids: UUID) -> None:
    """Waits until nobody else changes groups, and keeps others waiting until the transaction ends.

    The accounts and whoever is linked with them are held, too, against being switched off or reset meanwhile.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(_LINKING)))
    groups = select(LinkedAccount.group_id).where(LinkedAccount.account_id.in_(account_ids))
    members = await session.scalars(select(LinkedAccount.account_id).where(LinkedAccount.group_id.in_(groups)))
    await hold_accounts(session, {*account_ids, *members})


async def join(session: AsyncSession, *pair: tuple[UUID, str], now: datetime) -> None:
    """Puts two accounts (id and district of each), and whoever is linked with either, into one group.

    Raises:
        AlreadyLinked, SameDistrict: they are in one, or the group would have two accounts of one district.
    """
    both = dict(pair)
    rows = await session.execute(
        select(LinkedAccount.account_id, LinkedAccount.group_id).where(LinkedAccount.account_id.in_(both))
    )
    groups = {row.account_id: row.group_id for row in rows}
    if len(groups) == 2 and len(set(groups.values())) == 1:
        raise AlreadyLinked
    members = (
        await session.execute(
            select(LinkedAccount.account_id, LinkedAccount.district_id).where(
                LinkedAccount.group_id.in_(groups.values())
            )
        )
    ).all()
    districts = {**{row.account_id: row.district_id for row in members}, **both}
    if len(set(districts.values())) < len(districts):
        raise SameDistrict  # one of the two is linked with another account of the other's district already
    group_id = next(iter(groups.values()), None) or uuid4()
    await session.execute(
        update(LinkedAccount)
        .where(LinkedAccount.group_id.in_(groups.values()))
        .values(group_id=group_id)
        .execution_options(synchronize_session=False)
    )
    for account_id in both.keys() - groups.keys():
        session.add(
            LinkedAccount(account_id=account_id, group_id=group_id, district_id=both[account_id], linked_at=now)
        )
    await session.flush()


async def take_out(session: AsyncSession, account_id: UUID, now: datetime, *, by: UUID) -> Sequence[UUID]:
    """Takes an account out of its group, ends what came of the link, and dissolves a group of one; the trail of each member tells it.

    `by` is the account of whoever does it. Gives all members that there were, none where the account was in no group.
    """
    group = select(LinkedAccount.group_id).where(LinkedAccount.account_id == account_id).scalar_subquery()
    in_one_order = (
        select(LinkedAccount.account_id).where(LinkedAccount.group_id == group).order_by(LinkedAccount.account_id)
    )
    members = list(await session.scalars(in_one_order.with_for_update()))
    if account_id not in members:
        return ()
    others = [member for member in members if member != account_id]
    leaving = members if len(others) == 1 else [account_id]
    await session.execute(delete(LinkedAccount).where(LinkedAccount.account_id.in_(leaving)))
    to_it = and_(SignInSession.account_id == account_id, SignInSession.switched_from_id != account_id)
    from_it = and_(SignInSession.switched_from_id == account_id, SignInSession.account_id != account_id)
    await _part_devices(session, account_id, others)
    await end_sessions(session, now, "unlinked", or_(to_it, from_it))
    await record_links(session, "unlinked", members, by=by, now=now)
    return members


async def _part_devices(session: AsyncSession, account_id: UUID, others: Sequence[UUID]) -> None:
    """A device that both had belongs to the others from now on: a push token is one account's unless they are linked."""
    theirs = select(PushDevice.token_digest).where(PushDevice.account_id.in_(others))
    await session.execute(
        delete(PushDevice)
        .where(PushDevice.account_id == account_id, PushDevice.token_digest.in_(theirs))
        .execution_options(synchronize_session=False)
    )


async def record_links(
    session: AsyncSession, action: str, account_ids: Sequence[UUID], *, by: UUID, now: datetime
) -> None:
    """One event for each account, in the trail of its own district."""
    query = select(Account.id, Account.district_id, Account.person_id).where(Account.id.in_(account_ids))
    for account in await session.execute(query):
        audit.record(
            session,
            f"api:account:{action}",
            at=now,
            actor=audit.by_account(by),
            district_id=account.district_id,
            account_id=account.id,
            person_id=account.person_id,
        )


async def others_of_group(session: AsyncSession, account_id: UUID) -> list[UUID]:
    group = select(LinkedAccount.group_id).where(LinkedAccount.account_id == account_id).scalar_subquery()
    query = select(LinkedAccount.account_id).where(
        LinkedAccount.group_id == group, LinkedAccount.account_id != account_id
    )
    return list(await session.scalars(query))
