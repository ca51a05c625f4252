"""Link groups: which accounts are one human's, and when that counts.

A link counts while neither end is suspended (after a reset, until its owner confirms), both accounts are alive, and both districts are open and
offer linking. It is asked for anew each time; nothing is remembered. Locks are taken in the order account, link,
push device, session.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, bindparam, exists, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import aliased

from app.database import Asks, Statement, Unit
from app.database.statements import RowLock, among, places
from app.errors import InvalidToken, Maintenance
from app.models import Account, District, LinkCode, LinkedAccount, Person, SignInSession
from app.services.account_view import AccountView, select_account
from app.services.district_settings import DistrictSettings
from app.services.portal_access import may_enter_its_portal
from app.services.stored_settings import settings_of, settings_text


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


_END_CODES = Statement(
    update(LinkCode)
    .where(LinkCode.account_id == bindparam("of_account"), LinkCode.used_at.is_(None))
    .values(used_at=bindparam("now"))
    .execution_options(synchronize_session=False)
)


async def hold_accounts(session: Unit, account_ids: Collection[UUID]) -> dict[UUID, bool]:
    """Which of these accounts are alive, from now until the transaction ends; held in one order, so that nobody waits in a circle."""
    rows = await _hold(len(account_ids)).all(session, places("account", account_ids))
    return {row.id: row.disabled_at is None for row in rows}


@cache
def _hold(count: int) -> Statement:
    query = select(Account.id, Account.disabled_at).where(among(Account.id, "account", count)).order_by(Account.id)
    return Statement(query.with_for_update(read=True, key_share=True))


async def hold_those_who_switch(session: Unit, root_id: UUID, from_id: UUID, to_id: UUID, session_id: UUID) -> None:
    """All that decides about a switch stays as it is until the transaction ends; what is being changed at this moment is waited for.

    In the one order, and in one statement: who signed in and who is switched from, who is switched to, their people, the two links and
    the session.
    """
    whom = places("account", (root_id, from_id, to_id))
    await _HOLD_THOSE_WHO_SWITCH.do(session, {**whom, "from_id": from_id, "to_id": to_id, "session_id": session_id})


def _hold_those_who_switch() -> CompoundSelect[Any]:
    accounts = select(Account.id, Account.person_id).where(among(Account.id, "account", 3)).order_by(Account.id)
    held = accounts.with_for_update(read=True, key_share=True).cte("held")
    target = select(Account.id).where(Account.id == bindparam("to_id")).with_for_update(key_share=True).cte("target")
    people = select(Person.id).where(Person.id.in_(select(held.c.person_id))).order_by(Person.id)
    links = select(LinkedAccount.account_id.label("id")).where(
        LinkedAccount.account_id.in_([bindparam(end, type_=Account.id.type) for end in ("from_id", "to_id")])
    )
    here = select(SignInSession.id).where(SignInSession.id == bindparam("session_id"))
    in_order = (
        held,
        target,
        people.with_for_update(read=True).cte("people"),
        links.order_by(LinkedAccount.account_id).with_for_update().cte("links"),
        here.with_for_update().cte("here"),
    )
    # Rows of a UNION ALL are made, and so locked, one SELECT after the other.
    return union_all(*(select(each.c.id) for each in in_order))


_HOLD_THOSE_WHO_SWITCH = RowLock(_hold_those_who_switch())


async def linked_accounts(connection: Asks, account_id: UUID, linking_states: Collection[str]) -> Sequence[AccountView]:
    """The accounts that this one is linked with and that could be used now, by district."""
    rows = await _linked_accounts().all(connection, {"account_id": account_id})
    return [AccountView.of(row) for row in rows if both_offer(row, linking_states)]


async def is_suspended(connection: AsyncConnection | AsyncSession, account_id: UUID) -> bool:
    query = select(LinkedAccount.account_id).where(
        LinkedAccount.account_id == account_id, LinkedAccount.suspended_at.is_not(None)
    )
    return (await connection.execute(query)).first() is not None


def those_with(account: Any) -> CompoundSelect[Any]:
    """SQL: the ids of the `Account` row (or of an alias) and of those that it is in one group with, neither end suspended."""
    mine, other = aliased(LinkedAccount), aliased(LinkedAccount)
    linked = (
        select(other.account_id)
        .join(mine, mine.group_id == other.group_id)
        .where(mine.account_id == account, mine.suspended_at.is_(None), other.suspended_at.is_(None))
    )
    return select(account).union_all(linked)


def are_linked(one: Any, other: Any) -> ColumnElement[bool]:
    """SQL: two accounts, rows of `Account` or its aliases, are in one group, and neither end is suspended."""
    first, second = aliased(LinkedAccount), aliased(LinkedAccount)
    both = (
        select(first.account_id)
        .join(second, second.group_id == first.group_id)
        .where(
            first.account_id == one.id,
            second.account_id == other.id,
            first.account_id != second.account_id,
            first.suspended_at.is_(None),
            second.suspended_at.is_(None),
        )
    )
    return both.correlate(one, other).exists()


def waits_for_confirmation() -> ColumnElement[bool]:
    """SQL: the links of the `Account` row are suspended until its owner confirms them."""
    return exists().where(LinkedAccount.account_id == Account.id, LinkedAccount.suspended_at.is_not(None))


def has_suspended_link() -> Any:
    """The same as the column `links_suspended`."""
    return waits_for_confirmation().label("links_suspended")


async def end_link_codes(session: Unit, account_id: UUID, now: datetime) -> None:
    """Whoever was thrown out may still have one in his hand."""
    await _END_CODES.do(session, {"of_account": account_id, "now": now})


async def suspend_links(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """After a reset: whoever has the account now may not reach the others before its owner confirmed."""
    await session.execute(
        update(LinkedAccount)
        .where(LinkedAccount.account_id == account_id, LinkedAccount.suspended_at.is_(None))
        .values(suspended_at=now)
        .execution_options(synchronize_session=False)
    )


async def require_live_link(
    connection: Asks,
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
    row = await _live_link().first(connection, {"account_id": account_id, "root_id": root_id})
    if row is None or not both_offer(row, linking_states):
        raise InvalidToken
    until = settings_of(row.settings_there).maintenance_until
    if until and until > now:
        raise Maintenance(until, now=now)


@cache  # making it anew takes longer than running it
def _linked_accounts() -> Statement:
    mine, my_district = aliased(LinkedAccount), aliased(District)
    return Statement(
        select_account(*offer_columns(District, "there"), *offer_columns(my_district, "here"))
        .join(LinkedAccount, LinkedAccount.account_id == Account.id)
        .join(mine, mine.group_id == LinkedAccount.group_id)
        .join(my_district, my_district.id == mine.district_id)
        .where(
            mine.account_id == bindparam("account_id"),
            Account.id != bindparam("account_id"),
            mine.suspended_at.is_(None),
            LinkedAccount.suspended_at.is_(None),
            Account.disabled_at.is_(None),
            may_enter_its_portal(Account.portal),
        )
        .order_by(District.name, Account.id)
    )


@cache
def _live_link() -> Statement:
    root_link, root, root_district = aliased(LinkedAccount), aliased(Account), aliased(District)
    return Statement(
        select(*offer_columns(District, "there"), *offer_columns(root_district, "here"))
        .join(LinkedAccount, LinkedAccount.district_id == District.id)
        .join(root_link, root_link.group_id == LinkedAccount.group_id)
        .join(root_district, root_district.id == root_link.district_id)
        .join(root, root.id == root_link.account_id)
        .join(Person, Person.id == root.person_id)
        .where(
            LinkedAccount.account_id == bindparam("account_id"),
            root_link.account_id == bindparam("root_id"),
            LinkedAccount.suspended_at.is_(None),
            root_link.suspended_at.is_(None),
            root.disabled_at.is_(None),
            may_enter_its_portal(root.portal),
        )
    )


def offer_columns(district: Any, place: str) -> tuple[Any, ...]:
    return (
        district.state.label(f"state_{place}"),
        settings_text(district).label(f"settings_{place}"),
        district.opened_at.label(f"opened_at_{place}"),
    )


def both_offer(row: Any, linking_states: Collection[str]) -> bool:
    """Whether both districts of a link are open and offer linking, now."""
    ends = (
        (row.state_here, row.settings_here, row.opened_at_here),
        (row.state_there, row.settings_there, row.opened_at_there),
    )
    return all(
        opened_at is not None and offer_of(state, settings_of(settings), linking_states).available
        for state, settings, opened_at in ends
    )
