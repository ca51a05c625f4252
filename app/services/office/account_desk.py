"""One search that answers “why can this parent not get in?”: accounts with their diagnosis, and people who have none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.clock import Clock
from app.database import Database
from app.errors import NotFound
from app.models import Account, Person
from app.portals import Portal
from app.services.clerk import Clerk
from app.services.districts import OpenDistrict, open_district
from app.services.office.account_diagnosis import AccountDiagnosis, diagnose
from app.services.office.account_facts import AccountFacts, select_accounts
from app.services.office.people_desk import PersonEntry, find_people, lacks_account
from app.services.office.person_search import comes_after, has_account_found_by, is_found_by
from app.services.pages import Page

WITHOUT_ACCOUNT_SHOWN = 20


@dataclass(frozen=True)
class AccountPage:
    accounts: Page[AccountDiagnosis, UUID]
    without_account: Sequence[PersonEntry]
    """Whom the words mean, too, each with the doors through which he could come and has no account."""


@dataclass(frozen=True)
class AccountDesk:
    database: Database
    clock: Clock
    facts: AccountFacts

    async def search(
        self,
        clerk: Clerk,
        *,
        q: str | None = None,
        portal: Portal | None = None,
        limit: int = 20,
        after: UUID | None = None,
    ) -> AccountPage:
        """A page of accounts by their owners' names; the first page of a search also has people without an account.

        `q` is what somebody says of himself: see `person_search`.
        """
        q = (q or "").strip()
        where = [or_(is_found_by(q), has_account_found_by(q))] if q else []
        if portal:
            where.append(Account.portal == portal.value)
        if after:
            row = (Account.id == after, Account.district_id == clerk.district_id)
            last = select(Person.name_words).join(Account, Account.person_id == Person.id).where(*row)
            place = (Person.name_words, Account.id)
            where.append(comes_after(place, last.correlate(None).scalar_subquery(), after))
        async with self.database.reading() as connection:
            district = await open_district(connection, clerk.district_id)
            found = await self._diagnosed(connection, clerk, district, *where, limit=limit + 1)
            without = []
            if q and after is None:
                without = await _without_account(connection, clerk, district, self.clock.now(), q, portal)
        return AccountPage(Page.of(found, limit, lambda last: last.id), without)

    async def one(self, clerk: Clerk, account_id: UUID) -> AccountDiagnosis:
        """That a member of the staff looked is an event. Raises NotFound for an account outside the clerk's part of the district, too."""
        async with self.database.reading() as connection:
            district = await open_district(connection, clerk.district_id)
            found = await self._diagnosed(connection, clerk, district, Account.id == account_id, limit=1)
        if not found:
            raise NotFound
        if clerk.account_id:
            person = found[0].person.id
            async with self.database.transaction() as session:
                clerk.record(session, "account:viewed", at=self.clock.now(), account_id=account_id, person_id=person)
        return found[0]

    async def _diagnosed(
        self,
        connection: AsyncConnection,
        clerk: Clerk,
        district: OpenDistrict,
        *where: ColumnElement[bool],
        limit: int,
    ) -> list[AccountDiagnosis]:
        now = self.clock.now()
        page = (
            select(Account.id)
            .join(Person, Person.id == Account.person_id)
            .where(clerk.sees_person(), clerk.sees_portal(), *where)
            .order_by(Person.name_words, Account.id)
            .limit(limit)
        )
        # First which, then what of them: sorting a whole district together with all that costs ten times as much.
        ids = (await connection.execute(page)).scalars().all()
        rows = (await connection.execute(select_accounts().where(Account.id.in_(ids)))).all()
        facts = await self.facts.read(connection, clerk, district, rows, now)
        return [diagnose(clerk, district, row, facts, now) for row in rows]


async def _without_account(
    connection: AsyncConnection,
    clerk: Clerk,
    district: OpenDistrict,
    now: datetime,
    q: str,
    portal: Portal | None,
) -> list[PersonEntry]:
    portals = [door for door in ([portal] if portal else Portal) if clerk.may_issue_for(door)]
    if not portals:
        return []
    where = (is_found_by(q), lacks_account(portals))
    people = await find_people(connection, clerk, district, now, *where, limit=WITHOUT_ACCOUNT_SHOWN)
    return [
        replace(person, doors=[door for door in person.doors if door.account_id is None and door.portal in portals])
        for person in people
    ]
