"""Whom a promised mail is for, as far as accounts tell."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Account, OutboxMail, Person
from app.services.districts import OpenDistrict
from app.services.outbox import NothingToSend
from app.text import fold_address


async def recoverable(session: AsyncSession, district: OpenDistrict, which: ColumnElement[bool]) -> Account | None:
    """The first of `all_recoverable`."""
    accounts = await all_recoverable(session, district, which)
    return accounts[0] if accounts else None


async def all_recoverable(session: AsyncSession, district: OpenDistrict, which: ColumnElement[bool]) -> list[Account]:
    """Accounts with a confirmed address that are not switched off, locked so that newer requests wait their turn."""
    found = await session.scalars(
        select(Account)
        .where(
            Account.district_id == district.id,
            which,
            Account.recovery_email.is_not(None),
            Account.disabled_at.is_(None),
        )
        .order_by(Account.created_at, Account.id)
        .with_for_update()
    )
    return list(found)


def is_named_by(mail: OutboxMail) -> ColumnElement[bool]:
    """SQL: the account has the portal and the username that somebody typed."""
    return and_(Account.portal == mail.details["portal"], Account.username_folded == mail.details["username_folded"])


def still_at(mail: OutboxMail) -> ColumnElement[bool]:
    """SQL: the account's confirmed address is still the one that the mail, perhaps waiting for hours, is addressed to."""
    return Account.recovery_email_folded == fold_address(mail.to_address or "")


def address_to(mail: OutboxMail, account: Account, now: datetime, details: dict[str, Any]) -> None:
    mail.to_address = account.recovery_email
    mail.locale = account.locale or mail.locale
    mail.details = details
    mail.prepared_at = now


async def stay_within(session: AsyncSession, mail: OutboxMail, now: datetime, limits: Mapping[timedelta, int]) -> None:
    """So many mails of this kind to this account in so much time, the one at hand not among them yet.

    Raises:
        NothingToSend: `limited`.
    """
    for span, limit in limits.items():
        mails = await session.scalar(
            select(func.count())
            .select_from(OutboxMail)
            .where(
                OutboxMail.account_id == mail.account_id,
                OutboxMail.kind == mail.kind,
                OutboxMail.channel == mail.channel,
                OutboxMail.id != mail.id,
                OutboxMail.prepared_at > now - span,
            )
        )
        if (mails or 0) >= limit:
            raise NothingToSend("limited")


async def owner_of(session: AsyncSession, account_id: UUID | None) -> Row[str, str, str | None, str]:
    """Username, portal, locale and first name."""
    query = select(Account.username, Account.portal, Account.locale, Person.first_name)
    return (
        await session.execute(query.join(Person, Person.id == Account.person_id).where(Account.id == account_id))
    ).one()


def named(owner: Row[*tuple[Any, ...]]) -> dict[str, str]:
    return {"first_name": owner.first_name, "portal": owner.portal}
