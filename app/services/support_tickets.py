"""A family asks the office for help when nothing else did: one row, a reference, and a mail to both sides.

Nobody is looked for: whoever asks, for whomever, gets the same answer for the same work. The address is nobody's; it gets the mails about
this ticket and never anything else.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.models import SupportTicket
from app.security.activation_codes import ALPHABET
from app.services import audit
from app.services.daily_quotas import DailyQuotas, LocalDay
from app.services.districts import OpenDistrict
from app.services.guard import Admission
from app.services.outbox import MailKind, promise
from app.text import fold_address, tidy

MAILS_A_DAY = 5
"""About tickets to one address, so that nobody is flooded by others who type it."""
_QUOTA = "ticket-mail"
_GROUP = 4


class TicketCategory(StrEnum):
    """What families write to a help desk about (the districts' documents)."""

    CANNOT_ANSWER_CHALLENGE_QUESTIONS = "cannot_answer_challenge_questions"
    CANNOT_RESET_ONLINE = "cannot_reset_online"
    WRONG_ADDRESS_ON_RECORD = "wrong_address_on_record"
    CHILD_NOT_SHOWN = "child_not_shown"
    OTHER = "other"


class TicketState(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"
    DECLINED = "declined"


@dataclass(frozen=True)
class TicketRequest:
    """What somebody wrote; nothing of it is proved."""

    category: TicketCategory
    first_name: str
    last_name: str
    email: str
    student_number: str | None = None
    message: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class SupportTickets:
    database: Database
    clock: Clock
    mails: "TicketMails"

    async def open(self, request: TicketRequest, admission: Admission, locale: str) -> str:
        """Keeps the request and gives its reference, to be read aloud on the phone.

        Raises:
            Maintenance: a public fact of the district.
        """
        district, now = admission.district, self.clock.now()
        district.require_no_maintenance(now)
        async with self.database.transaction() as session:
            ticket = await _keep(session, district, request, locale, now)
            await self.mails.tell_opened(session, district, ticket, now)
            audit.record(
                session,
                "api:ticket:opened",
                at=now,
                actor="anonymous",
                district_id=district.id,
                data={"ticket": str(ticket.id), "category": ticket.category},
            )
            return ticket.reference


@dataclass(frozen=True)
class TicketMails:
    """Mails that tell of a ticket by its reference and category alone."""

    quotas: DailyQuotas

    async def tell_opened(
        self, session: AsyncSession, district: OpenDistrict, ticket: SupportTicket, now: datetime
    ) -> None:
        """To the sender that it has come, and to the district's help desk that it is there."""
        await self._tell(session, MailKind.TICKET_RECEIVED, district, ticket, ticket.email, now)
        if district.settings.support.email:
            await self._tell(session, MailKind.TICKET_WAITING, district, ticket, district.settings.support.email, now)

    async def tell_closed(
        self, session: AsyncSession, district: OpenDistrict, ticket: SupportTicket, now: datetime
    ) -> None:
        """To the sender; what was done for whom is nothing that an unproved address may know."""
        kind = MailKind.TICKET_RESOLVED if ticket.state == TicketState.RESOLVED else MailKind.TICKET_DECLINED
        await self._tell(session, kind, district, ticket, ticket.email, now)

    async def _tell(
        self,
        session: AsyncSession,
        kind: MailKind,
        district: OpenDistrict,
        ticket: SupportTicket,
        address: str,
        now: datetime,
    ) -> None:
        day = LocalDay.of(now, district.timezone)
        if await self.quotas.count(session, _QUOTA, district.id, fold_address(address), day) > MAILS_A_DAY:
            return
        promise(
            session,
            kind,
            district_id=district.id,
            now=now,
            to_address=address,
            locale=None if kind is MailKind.TICKET_WAITING else ticket.locale,
            details={"reference": ticket.reference, "category": ticket.category},
        )


async def _keep(
    session: AsyncSession, district: OpenDistrict, request: TicketRequest, locale: str, now: datetime
) -> SupportTicket:
    """The new row, under a reference that no other ticket has."""
    columns = {
        "district_id": district.id,
        "category": request.category.value,
        "first_name": tidy(request.first_name),
        "last_name": tidy(request.last_name),
        "student_number": request.student_number.strip() if request.student_number else None,
        "email": request.email,
        "message": request.message,
        "locale": locale,
        "created_at": now,
        "state": TicketState.OPEN.value,
    }
    while not (ticket_id := await _insert(session, {**columns, "id": uuid4(), "reference": _new_reference()})):
        pass
    return await session.get_one(SupportTicket, ticket_id)


async def _insert(session: AsyncSession, columns: dict[str, object]) -> UUID | None:
    """None where the reference is taken: once in millions of tickets."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(SupportTicket).values(**columns)
    inserted = await session.execute(
        statement.on_conflict_do_nothing(index_elements=[SupportTicket.reference]).returning(SupportTicket.id)
    )
    return inserted.scalar_one_or_none()


def _new_reference() -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(2 * _GROUP))
    return f"{letters[:_GROUP]}-{letters[_GROUP:]}"
