"""What became of the mails and push messages to the people of a district, for its office: states and times, never what was written."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select, tuple_

from app.database import Database
from app.models import Account, OutboxMail, Person
from app.services.account_view import mask_address
from app.services.clerk import Clerk
from app.services.pages import MomentPosition, Page


class OutboxState(StrEnum):
    """How far a message has come: it waits, or the way in which it ended."""

    WAITING = "waiting"
    SENT = "sent"
    NOBODY = "nobody"
    LIMITED = "limited"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    REFUSED = "refused"
    GIVEN_UP = "given_up"
    GONE = "gone"


@dataclass(frozen=True)
class OutboxItem:
    id: UUID
    kind: str
    channel: str
    state: OutboxState
    created_at: datetime
    due_at: datetime | None
    """When it is tried next, while it waits."""
    finished_at: datetime | None
    attempts: int
    last_error: str | None
    account_id: UUID | None
    address_masked: str | None
    """While it waits; an address is forgotten with its mail's end."""


@dataclass(frozen=True)
class OutboxFilter:
    account_id: UUID | None = None
    state: OutboxState | None = None
    kind: str | None = None


@dataclass(frozen=True)
class OutboxList:
    database: Database

    async def page(
        self, clerk: Clerk, wanted: OutboxFilter, limit: int, after: MomentPosition | None
    ) -> Page[OutboxItem, MomentPosition]:
        """Up to `limit` messages, newest first.

        The help desk sees those to the accounts that it sees; where nobody knows (yet) whose a mail is, it is a district admin's.
        """
        query = (
            _MESSAGES.where(OutboxMail.district_id == clerk.district_id, _sees(clerk), *_matches(wanted))
            .order_by(OutboxMail.created_at.desc(), OutboxMail.id.desc())
            .limit(limit + 1)
        )
        if after:
            query = query.where(tuple_(OutboxMail.created_at, OutboxMail.id) < after)
        async with self.database.reading() as connection:
            found = [_item(row) for row in await connection.execute(query)]
        return Page.of(found, limit, lambda last: (last.created_at, last.id))


_MESSAGES: Select[*tuple[Any, ...]] = (
    select(
        OutboxMail.id,
        OutboxMail.kind,
        OutboxMail.channel,
        OutboxMail.outcome,
        OutboxMail.created_at,
        OutboxMail.due_at,
        OutboxMail.finished_at,
        OutboxMail.attempts,
        OutboxMail.last_error,
        OutboxMail.account_id,
        OutboxMail.to_address,
    )
    .outerjoin(Account, Account.id == OutboxMail.account_id)
    .outerjoin(Person, Person.id == Account.person_id)
)


def _sees(clerk: Clerk) -> ColumnElement[bool]:
    of_mine = and_(clerk.sees_person(), clerk.sees_portal())
    return or_(of_mine, OutboxMail.account_id.is_(None)) if clerk.is_admin else of_mine


def _matches(wanted: OutboxFilter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.account_id:
        where.append(OutboxMail.account_id == wanted.account_id)
    if wanted.kind:
        where.append(OutboxMail.kind == wanted.kind)
    if wanted.state is OutboxState.WAITING:
        where.append(OutboxMail.finished_at.is_(None))
    elif wanted.state:
        where.append(OutboxMail.outcome == wanted.state)
    return where


def _item(row: Row[Any]) -> OutboxItem:
    waits = row.finished_at is None
    return OutboxItem(
        id=row.id,
        kind=row.kind,
        channel=row.channel,
        state=OutboxState.WAITING if waits else OutboxState(row.outcome),
        created_at=row.created_at,
        due_at=row.due_at if waits else None,
        finished_at=row.finished_at,
        attempts=row.attempts,
        last_error=row.last_error,
        account_id=row.account_id,
        address_masked=mask_address(row.to_address) if row.to_address else None,
    )
