"""Who works for a district's office, for its admins: role, schools, account, and whether the second factor is set up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from app.database import Database
from app.errors import NotFound
from app.models import Account, Person, School, StaffMember, StaffSchool, TotpFactor
from app.portals import Portal
from app.services.clerk import Clerk, StaffRole
from app.services.districts import open_district
from app.services.pages import MomentPosition, Page
from app.text import fold


@dataclass(frozen=True)
class StaffSchoolView:
    id: UUID
    name: str


@dataclass(frozen=True)
class StaffView:
    person_id: UUID
    first_name: str
    last_name: str
    role: StaffRole
    schools: Sequence[StaffSchoolView]
    """Empty for the whole district."""
    username: str | None
    """Of the account, or the one that the key brings."""
    account_id: UUID | None
    totp_set_up: bool
    last_signed_in_at: datetime | None
    added_at: datetime


@dataclass(frozen=True)
class StaffList:
    database: Database

    async def page(self, clerk: Clerk, limit: int, after: MomentPosition | None) -> Page[StaffView, MomentPosition]:
        """Up to `limit` members in the order in which they were added."""
        query = _in_order(clerk).limit(limit + 1)
        if after:
            query = query.where(tuple_(StaffMember.added_at, StaffMember.person_id) > after)
        async with self.database.reading() as connection:
            found = await _views(connection, (await connection.execute(query)).all())
        return Page.of(found, limit, lambda last: (last.added_at, last.person_id))

    async def get(self, clerk: Clerk, person_id: UUID) -> StaffView:
        """Raises NotFound where the person has no part in this office."""
        async with self.database.reading() as connection:
            rows = (await connection.execute(_members(clerk).where(StaffMember.person_id == person_id))).all()
            if not rows:
                raise NotFound
            return (await _views(connection, rows))[0]

    async def every(self, clerk: Clerk) -> list[StaffView]:
        """All of them, for an operator. Raises DistrictNotFound."""
        async with self.database.reading() as connection:
            await open_district(connection, clerk.district_id)
            return await _views(connection, (await connection.execute(_in_order(clerk))).all())

    async def called(self, clerk: Clerk, username: str) -> UUID:
        """The person with this username, for an operator. Raises DistrictNotFound, NotFound."""
        for member in await self.every(clerk):
            if member.username and fold(member.username) == fold(username):
                return member.person_id
        raise NotFound(f"Nobody in the office of {clerk.district_id} has the username {username!r}.")


def _in_order(clerk: Clerk) -> Any:
    return _members(clerk).order_by(StaffMember.added_at, StaffMember.person_id)


def _members(clerk: Clerk) -> Any:
    columns = (StaffMember.person_id, StaffMember.role, StaffMember.added_at, Person.first_name, Person.last_name)
    return (
        select(
            *columns,
            StaffMember.username.label("chosen_username"),
            Account.id.label("account_id"),
            Account.username,
            Account.last_signed_in_at,
            TotpFactor.confirmed_at,
        )
        .join(Person, Person.id == StaffMember.person_id)
        .outerjoin(Account, (Account.person_id == Person.id) & (Account.portal == Portal.STAFF.value))
        .outerjoin(TotpFactor, TotpFactor.account_id == Account.id)
        .where(StaffMember.district_id == clerk.district_id)
    )


async def _views(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[StaffView]:
    schools = await _schools_of(connection, [row.person_id for row in rows])
    return [
        StaffView(
            person_id=row.person_id,
            first_name=row.first_name,
            last_name=row.last_name,
            role=StaffRole(row.role),
            schools=schools.get(row.person_id, ()),
            username=row.username or row.chosen_username,
            account_id=row.account_id,
            totp_set_up=row.confirmed_at is not None,
            last_signed_in_at=row.last_signed_in_at,
            added_at=row.added_at,
        )
        for row in rows
    ]


async def _schools_of(connection: AsyncConnection, people: Sequence[UUID]) -> dict[UUID, list[StaffSchoolView]]:
    query = (
        select(StaffSchool.person_id, School.id, School.name)
        .join(School, School.id == StaffSchool.school_id)
        .where(StaffSchool.person_id.in_(people))
        .order_by(School.name, School.id)
    )
    schools: dict[UUID, list[StaffSchoolView]] = {}
    for row in await connection.execute(query):
        schools.setdefault(row.person_id, []).append(StaffSchoolView(row.id, row.name))
    return schools
