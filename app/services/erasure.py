"""Erasing: an account with all that came of it, and people who left the roster longer ago than their district keeps them.

Rows that are the person's own go, most of them with the account or the person they point to. The audit trail stays, as it holds ids and no
personal data, and so do counts and keyed digests that lead back to nobody.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.models import (
    Account,
    ActivationKey,
    ClaimTicket,
    District,
    Household,
    HouseholdMember,
    IdempotencyKey,
    KeyRequest,
    OutboxMail,
    Person,
    StaffMember,
    SupportTicket,
)
from app.portals import Portal
from app.services.answers_reset import BUDGET as ANSWERS_BUDGET
from app.services.clerk import Clerk, service_of
from app.services.district_settings import DistrictSettings
from app.services.guard import CLAIM
from app.services.guess_budgets import GuessBudgets, GuessSubject
from app.services.link_groups import take_out
from app.services.roster.roster_import import lock_roster
from app.services.sign_in_ladder import SignInLadder
from app.text import fold

PEOPLE_AT_ONCE = 500


@dataclass(frozen=True)
class Erasure:
    database: Database
    clock: Clock
    ladder: SignInLadder
    budgets: GuessBudgets

    async def erase_those_due(self) -> int:
        """Erases who left the roster longer ago than `privacy.erase_after_days` of the district, one transaction each; gives how many."""
        async with self.database.reading() as connection:
            rows = (await connection.execute(select(District.id, District.settings).order_by(District.id))).all()
        erased = 0
        for row in rows:
            if days := DistrictSettings.model_validate(row.settings).privacy.erase_after_days:
                erased += await self._erase_leavers(row.id, self.clock.now() - timedelta(days=days))
        return erased

    async def erase_account(self, session: AsyncSession, clerk: Clerk, account: Account) -> None:
        """Of an account that is locked by the caller. Its owner stays in the roster, and may be given another key."""
        now = self.clock.now()
        await take_out(session, account.id, now, by=clerk.account_id or account.id)
        await self._erase_around(session, account)
        await session.execute(delete(Account).where(Account.id == account.id))
        whose = {"account_id": account.id, "person_id": account.person_id}
        clerk.record(session, "account:erased", at=now, portal=account.portal, **whose)

    async def _erase_leavers(self, district_id: str, before: datetime) -> int:
        due = select(Person.id).where(Person.district_id == district_id, Person.ended_at <= before).order_by(Person.id)
        erased, after = 0, UUID(int=0)
        while True:
            async with self.database.reading() as connection:
                people = (await connection.scalars(due.where(Person.id > after).limit(PEOPLE_AT_ONCE))).all()
            for person_id in people:
                erased += await self._erase_person(district_id, person_id, before)
                after = person_id
            if len(people) < PEOPLE_AT_ONCE:
                return erased

    async def _erase_person(self, district_id: str, person_id: UUID, before: datetime) -> bool:
        """In the turn of an import, which may have brought the person back."""
        worker = service_of(district_id, "worker")
        async with self.database.transaction() as session:
            await lock_roster(session, district_id)
            still_due = select(Person).where(Person.id == person_id, Person.ended_at <= before)
            person = await session.scalar(still_due.with_for_update())
            if person is None:
                return False
            accounts = select(Account).where(Account.person_id == person_id).order_by(Account.id).with_for_update()
            for account in (await session.scalars(accounts)).all():
                await self.erase_account(session, worker, account)
            await self._erase_of_student(session, district_id, person.student_number)
            await _erase_addressed(session, district_id, [person.email] if person.email else [])
            homes = await _homes_of(session, person_id)
            await session.execute(delete(Person).where(Person.id == person_id))
            await _erase_empty(session, homes)
            worker.record(session, "person:erased", at=self.clock.now(), person_id=person_id)
        return True

    async def _erase_around(self, session: AsyncSession, account: Account) -> None:
        """What leads to an account, but does not go with its row."""
        name = (account.district_id, account.portal, account.username_folded)
        await self.ladder.end_all(session, *name)
        await self.budgets.renew(session, GuessSubject.username(ANSWERS_BUDGET, *name))
        asked = OutboxMail.details["username_folded"].as_string() == account.username_folded
        await session.execute(
            delete(OutboxMail).where(
                OutboxMail.district_id == account.district_id, OutboxMail.account_id.is_(None), asked
            )
        )
        addresses = [address for address in (account.recovery_email, account.unconfirmed_recovery_email) if address]
        await session.execute(delete(SupportTicket).where(SupportTicket.account_id == account.id))
        await _erase_addressed(session, account.district_id, addresses)
        await session.execute(delete(IdempotencyKey).where(IdempotencyKey.account_id == account.id))
        keys = (ActivationKey.person_id == account.person_id, ActivationKey.portal == account.portal)
        await session.execute(delete(ActivationKey).where(*keys))
        if account.portal == Portal.STUDENT:
            await session.execute(delete(ClaimTicket).where(ClaimTicket.person_id == account.person_id))
            await session.execute(delete(KeyRequest).where(KeyRequest.student_id == account.person_id))
        if account.portal == Portal.STAFF:
            chosen = update(StaffMember).where(StaffMember.person_id == account.person_id)
            await session.execute(chosen.values(username=None).execution_options(synchronize_session=False))

    async def _erase_of_student(self, session: AsyncSession, district_id: str, number: str | None) -> None:
        if number:
            await self.budgets.renew(session, GuessSubject.student(CLAIM.action, district_id, number))
            tickets = (SupportTicket.district_id == district_id, SupportTicket.student_number == number)
            await session.execute(delete(SupportTicket).where(*tickets))


async def _homes_of(session: AsyncSession, person_id: UUID) -> Sequence[UUID]:
    homes = select(HouseholdMember.household_id).where(HouseholdMember.person_id == person_id)
    return (await session.scalars(homes)).all()


async def _erase_empty(session: AsyncSession, homes: Sequence[UUID]) -> None:
    """Those of these households in which nobody is left: an address is personal, too."""
    is_empty = ~select(HouseholdMember).where(HouseholdMember.household_id == Household.id).exists()
    gone = delete(Household).where(Household.id.in_(homes), is_empty)
    await session.execute(gone.execution_options(synchronize_session=False))


async def _erase_addressed(session: AsyncSession, district_id: str, addresses: Collection[str]) -> None:
    """Tickets from these addresses, and mails on their way to them or that somebody asked for by one of them."""
    if not addresses:
        return
    folded = sorted({fold(address) for address in addresses} | {address.lower() for address in addresses})
    mails = or_(
        func.lower(OutboxMail.to_address).in_(folded), OutboxMail.details["address_folded"].as_string().in_(folded)
    )
    await session.execute(delete(OutboxMail).where(OutboxMail.district_id == district_id, mails))
    tickets = func.lower(SupportTicket.email).in_(folded)
    await session.execute(delete(SupportTicket).where(SupportTicket.district_id == district_id, tickets))
