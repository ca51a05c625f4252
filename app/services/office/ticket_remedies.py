"""What the office does about a support ticket: the remedy and the end of the ticket, both or neither."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import FieldError, Forbidden, NotFound, TicketClosed, ValidationFailed
from app.models import SupportTicket
from app.services.clerk import Clerk
from app.services.districts import open_district
from app.services.keys import Handover, KeyChannel
from app.services.office.accounts import Accounts, ResetAnswer, ResetMethod
from app.services.office.relationships import Relationships
from app.services.office.ticket_desk import hold_ticket
from app.services.support_tickets import TicketMails, TicketState
from app.translation import msg


class Remedy(StrEnum):
    RESET_CLAIM = "reset_claim"
    RESET_MAIL = "reset_mail"
    RESET_KEY = "reset_key"
    UNLOCK = "unlock"
    PORTAL_ON = "portal_on"
    ANSWERED = "answered"
    DECLINED = "declined"

    @property
    def reset_method(self) -> ResetMethod | None:
        return _RESETS.get(self)

    @property
    def wants_step_up(self) -> bool:
        return self in _RESETS

    @property
    def ends_in(self) -> TicketState:
        return TicketState.DECLINED if self is Remedy.DECLINED else TicketState.RESOLVED


_RESETS = {
    Remedy.RESET_CLAIM: ResetMethod.CLAIM,
    Remedy.RESET_MAIL: ResetMethod.MAIL,
    Remedy.RESET_KEY: ResetMethod.KEY,
}


@dataclass(frozen=True)
class Resolution:
    """What a clerk decided. Which of the fields a remedy wants, `ticket_remedies._check` says."""

    remedy: Remedy
    account_id: UUID | None = None
    relationship_id: UUID | None = None
    channel: KeyChannel | None = None
    photo_id_checked: bool = False


@dataclass(frozen=True)
class TicketRemedies:
    database: Database
    clock: Clock
    accounts: Accounts
    relationships: Relationships
    mails: TicketMails

    async def resolve(self, clerk: Clerk, ticket_id: UUID, resolution: Resolution) -> ResetAnswer | None:
        """Does the remedy, closes the ticket and tells the sender; gives what a reset has to tell the clerk.

        Raises:
            NotFound: ticket, account or relationship outside the clerk's part of the district, too.
            TicketClosed: a colleague was first.
            Forbidden: a portal flag, which is a district admin's; the clerk's own account.
            ValidationFailed: a field that the remedy wants, or does not know.
            And what `Accounts.reset` raises; nothing is changed then.
        """
        _check(clerk, resolution)
        now = self.clock.now()
        async with self.database.transaction() as session:
            district = await open_district(session, clerk.district_id)
            # The ticket before accounts, everywhere.
            ticket = await hold_ticket(session, clerk, ticket_id)
            if ticket is None:
                raise NotFound
            if ticket.state != TicketState.OPEN:
                raise TicketClosed
            done = await self._do(session, clerk, resolution)
            _close(clerk, ticket, resolution, now)
            await self.mails.tell_closed(session, district, ticket, now)
            self._record(session, clerk, ticket, resolution, now)
            return done

    async def _do(self, session: AsyncSession, clerk: Clerk, resolution: Resolution) -> ResetAnswer | None:
        account_id, relationship_id = resolution.account_id, resolution.relationship_id
        if account_id and resolution.remedy.reset_method:
            return await self.accounts.reset_in(
                session,
                clerk,
                account_id,
                resolution.remedy.reset_method,
                Handover(resolution.channel, photo_id_checked=resolution.photo_id_checked),
            )
        if account_id:
            await self.accounts.unlock_in(session, clerk, account_id)
        if relationship_id:
            await self.relationships.set_portal_in(session, clerk, relationship_id, portal=True)
        return None

    def _record(
        self, session: AsyncSession, clerk: Clerk, ticket: SupportTicket, resolution: Resolution, now: datetime
    ) -> None:
        clerk.record(
            session,
            f"ticket:{ticket.state}",
            at=now,
            account_id=resolution.account_id,
            ticket=str(ticket.id),
            remedy=resolution.remedy.value,
        )


def _close(clerk: Clerk, ticket: SupportTicket, resolution: Resolution, now: datetime) -> None:
    ticket.state = resolution.remedy.ends_in.value
    ticket.remedy = resolution.remedy.value
    ticket.account_id = resolution.account_id
    ticket.closed_at = now
    ticket.closed_by = clerk.account_id


def _check(clerk: Clerk, resolution: Resolution) -> None:
    """Each remedy wants its own fields and no others. Raises Forbidden, ValidationFailed."""
    remedy = resolution.remedy
    if remedy is Remedy.PORTAL_ON and not clerk.is_admin:
        raise Forbidden
    wanted = {
        "account_id": remedy.wants_step_up or remedy is Remedy.UNLOCK,
        "relationship_id": remedy is Remedy.PORTAL_ON,
    }
    known = {**wanted, "channel": remedy is Remedy.RESET_KEY, "photo_id_checked": remedy is Remedy.RESET_KEY}
    errors = [
        FieldError("/" + name, "required", msg("This field is needed."))
        for name, is_wanted in wanted.items()
        if is_wanted and getattr(resolution, name) is None
    ]
    errors += [
        FieldError("/" + name, "not_for_this_remedy", msg("This remedy does not use this field."))
        for name, is_known in known.items()
        if not is_known and getattr(resolution, name)
    ]
    if errors:
        raise ValidationFailed(errors)
