"""Support tickets at the office's desk: who waits for help, and whom a ticket may be about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import aliased

from app.database import Database
from app.errors import NotFound
from app.models import Account, Person, Relationship, SupportTicket
from app.portals import Portal
from app.services.clerk import Clerk
from app.services.districts import open_district
from app.services.pages import MomentPosition, Page
from app.services.support_tickets import TicketCategory, TicketState
from app.text import search_words

PEOPLE_SHOWN = 50
_LONGEST_NUMBER = 16
_COLUMNS = (
    SupportTicket.id,
    SupportTicket.reference,
    SupportTicket.category,
    SupportTicket.state,
    SupportTicket.first_name,
    SupportTicket.last_name,
    SupportTicket.student_number,
    SupportTicket.email,
    SupportTicket.message,
    SupportTicket.created_at,
    SupportTicket.closed_at,
    SupportTicket.closed_by,
    SupportTicket.remedy,
    SupportTicket.account_id,
)


@dataclass(frozen=True)
class MeantPerson:
    """Somebody whom a ticket may be about: the student of its number, or a guardian of that student."""

    person_id: UUID
    first_name: str
    last_name: str
    portal: Portal
    """Through which this person would come."""
    name_fits: bool
    """It is the name that somebody typed into the ticket."""
    student_number: str | None = None
    relationship_id: UUID | None = None
    """Of a guardian to the student."""
    portal_flag: bool | None = None
    """Of that relationship."""
    account_id: UUID | None = None
    username: str | None = None


@dataclass(frozen=True)
class TicketView:
    ticket: Any
    """Every column that the office sees."""
    about: Sequence[MeantPerson]


@dataclass(frozen=True)
class TicketDesk:
    database: Database

    async def page(
        self,
        clerk: Clerk,
        *,
        state: TicketState | None,
        category: TicketCategory | None,
        limit: int,
        after: MomentPosition | None,
    ) -> Page[Any, MomentPosition]:
        """Tickets of the clerk's part of the district, the longest waiting first."""
        query = select(*_COLUMNS).where(_seen_by(clerk)).order_by(SupportTicket.created_at, SupportTicket.id)
        if state:
            query = query.where(SupportTicket.state == state.value)
        if category:
            query = query.where(SupportTicket.category == category.value)
        if after:
            query = query.where(tuple_(SupportTicket.created_at, SupportTicket.id) > after)
        async with self.database.reading() as connection:
            await open_district(connection, clerk.district_id)
            rows: list[Any] = list(await connection.execute(query.limit(limit + 1)))
        return Page.of(rows, limit, lambda ticket: (ticket.created_at, ticket.id))

    async def one(self, clerk: Clerk, ticket_id: UUID) -> TicketView:
        """The ticket and whom it may be about. Raises NotFound outside the clerk's part of the district, too."""
        async with self.database.reading() as connection:
            await open_district(connection, clerk.district_id)
            found = await connection.execute(select(*_COLUMNS).where(SupportTicket.id == ticket_id, _seen_by(clerk)))
            ticket = found.one_or_none()
            if ticket is None:
                raise NotFound
            return TicketView(ticket, await _meant(connection, clerk, ticket))


async def hold_ticket(session: AsyncSession, clerk: Clerk, ticket_id: UUID) -> SupportTicket | None:
    """The ticket, locked: a colleague who resolves it waits."""
    query = select(SupportTicket).where(SupportTicket.id == ticket_id, _seen_by(clerk))
    ticket: SupportTicket | None = await session.scalar(query.with_for_update())
    return ticket


def _seen_by(clerk: Clerk) -> ColumnElement[bool]:
    """SQL: the ticket is of the district; for a clerk of some schools, about a student of theirs."""
    mine = SupportTicket.district_id == clerk.district_id
    if not clerk.school_ids:
        return mine
    return and_(mine, exists().where(_is_student_of(SupportTicket.student_number), clerk.sees_person()))


def _is_student_of(typed: Any) -> ColumnElement[bool]:
    """SQL: the `Person` row is a student with this number; leading zeros, and the S of the username, do not matter.

    As a list of spellings, so that an index finds them.
    """
    bare = func.ltrim(func.trim(typed), "Ss0")
    spellings = [func.trim(typed), *(literal("0" * zeros).concat(bare) for zeros in range(_LONGEST_NUMBER))]
    return and_(Person.is_student.is_(True), bare != "", Person.student_number.in_(spellings))


async def _meant(connection: AsyncConnection, clerk: Clerk, ticket: Any) -> list[MeantPerson]:
    if ticket.student_number is None:
        return []
    students = _people(Portal.STUDENT).where(clerk.sees_person(), _is_student_of(literal(ticket.student_number)))
    found = [_person(row, ticket, Portal.STUDENT) for row in await connection.execute(students.limit(PEOPLE_SHOWN))]
    related = aliased(Relationship)  # `sees_person` asks for relationships of its own
    guardians = (
        _people(Portal.PARENT)
        .add_columns(related.id.label("relationship_id"), related.portal.label("portal_flag"))
        .join(related, related.guardian_id == Person.id)
        .where(
            clerk.sees_person(),
            related.student_id.in_([student.person_id for student in found]),
            related.ended_at.is_(None),
        )
        .limit(PEOPLE_SHOWN)
    )
    return found + [_person(row, ticket, Portal.PARENT) for row in await connection.execute(guardians)]


def _people(portal: Portal) -> Select[*tuple[Any, ...]]:
    query: Select[*tuple[Any, ...]] = select(
        Person.id,
        Person.first_name,
        Person.last_name,
        Person.student_number,
        Account.id.label("account_id"),
        Account.username,
    )
    of_portal = and_(Account.person_id == Person.id, Account.portal == portal.value)
    return query.outerjoin(Account, of_portal).order_by(Person.last_name, Person.first_name, Person.id)


def _person(row: Any, ticket: Any, portal: Portal) -> MeantPerson:
    is_student = portal is Portal.STUDENT
    return MeantPerson(
        person_id=row.id,
        first_name=row.first_name,
        last_name=row.last_name,
        portal=portal,
        name_fits=search_words(f"{row.last_name} {row.first_name}")
        == search_words(f"{ticket.last_name} {ticket.first_name}"),
        student_number=row.student_number if is_student else None,
        relationship_id=None if is_student else row.relationship_id,
        portal_flag=None if is_student else row.portal_flag,
        account_id=row.account_id,
        username=row.username,
    )
