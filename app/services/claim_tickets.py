"""Tickets between the two steps of a claim: found by their token, leased while hashes are computed, used once.

A refusal gives the lease back, a lost process lets it lapse. Nothing secret is stored.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import InProgress, TicketInvalid
from app.models import Account, ClaimTicket, Person
from app.portals import Portal
from app.security.mailed_tokens import MailedTokens
from app.services.portal_access import may_enter

LASTS = timedelta(minutes=15)
LEASE = timedelta(seconds=30)
_PURPOSE = "claim"


@dataclass(frozen=True)
class ClaimTickets:
    database: Database
    clock: Clock
    tokens: MailedTokens

    def issue(self, session: AsyncSession, person_id: UUID, now: datetime) -> str:
        """The token of a new ticket, which comes to be with the caller's transaction."""
        ticket = ClaimTicket(id=uuid4(), person_id=person_id, created_at=now, expires_at=now + LASTS)
        session.add(ticket)
        return self.tokens.issue(_PURPOSE, ticket.id)

    async def find(self, connection: AsyncConnection, token: str) -> Row[Any]:
        """The ticket with its student and the account, if there is one; a used ticket is found too, until it expires.

        Raises:
            TicketInvalid: it has expired, there never was one, or its student left.
        """
        row = (await connection.execute(_with_student(self.tokens.prove(_PURPOSE, token), self.clock.now()))).first()
        if row is None:
            raise TicketInvalid
        return row

    @asynccontextmanager
    async def leased(self, ticket_id: UUID) -> AsyncIterator[UUID]:
        """Holds the ticket while hashes are computed and gives the lease; a refusal inside gives it back.

        Raises:
            InProgress: somebody else holds it, or has just used it.
        """
        now, lease = self.clock.now(), uuid4()
        async with self.database.transaction() as session:
            free = or_(ClaimTicket.leased_until.is_(None), ClaimTicket.leased_until <= now)
            held = await session.execute(
                update(ClaimTicket)
                .where(*_live(ticket_id, now), free)
                .values(lease=lease, leased_until=now + LEASE)
                .returning(ClaimTicket.id)
            )
            if held.first() is None:
                raise InProgress
        try:
            yield lease
        except BaseException:
            async with self.database.transaction() as session:
                await session.execute(
                    update(ClaimTicket)
                    .where(ClaimTicket.id == ticket_id, ClaimTicket.lease == lease)
                    .values(lease=None, leased_until=None)
                )
            raise


async def use_ticket(session: AsyncSession, ticket_id: UUID, lease: UUID, now: datetime) -> None:
    """Raises TicketInvalid where the lease lapsed and somebody else took it, or the ticket has expired meanwhile."""
    used = await session.execute(
        update(ClaimTicket)
        .where(ClaimTicket.lease == lease, *_live(ticket_id, now))
        .values(used_at=now, lease=None, leased_until=None)
        .returning(ClaimTicket.id)
    )
    if used.first() is None:
        raise TicketInvalid


async def end_tickets(session: AsyncSession, person_id: UUID, now: datetime) -> None:
    """Those of the person that are left."""
    await session.execute(
        update(ClaimTicket)
        .where(ClaimTicket.person_id == person_id, ClaimTicket.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )


def _live(ticket_id: UUID, now: datetime) -> tuple[Any, ...]:
    return (ClaimTicket.id == ticket_id, ClaimTicket.used_at.is_(None), ClaimTicket.expires_at > now)


def _with_student(ticket_id: UUID | None, now: datetime) -> Any:
    return (
        select(
            ClaimTicket.id.label("ticket_id"),
            ClaimTicket.used_at,
            ClaimTicket.leased_until,
            Person.id.label("person_id"),
            Person.district_id,
            Person.first_name,
            Person.last_name,
            Person.student_number,
            Account.id.label("account_id"),
            Account.username,
            Account.password_hash,
            Account.claim_reopened_at,
            Account.disabled_at,
        )
        .join(Person, Person.id == ClaimTicket.person_id)
        .outerjoin(Account, (Account.person_id == Person.id) & (Account.portal == Portal.STUDENT.value))
        .where(
            ClaimTicket.id == ticket_id,
            ClaimTicket.expires_at > now,
            Person.student_number.is_not(None),
            may_enter(Portal.STUDENT),
        )
    )
