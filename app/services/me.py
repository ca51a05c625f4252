"""What a signed-in person sees of himself and of the students whom he may see."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select, update

from app.database import Database, Statement
from app.database.statements import among, places
from app.models import Account, District, Enrollment, Person, Relationship, School
from app.portals import Portal
from app.services.account_view import AccountView
from app.services.links import linked_accounts


@dataclass(frozen=True)
class Named:
    id: str
    name: str


@dataclass(frozen=True)
class StudentView:
    id: UUID
    first_name: str
    last_name: str
    student_number: str | None
    state_id: str | None
    school: Named | None
    district: Named


@dataclass(frozen=True)
class HiddenStudents:
    """Why a parent does not see all of her children: the counts of relationships that show nothing."""

    portal_off: int
    left_roster: int


@dataclass(frozen=True)
class Me:
    database: Database
    linking_states: frozenset[str]

    async def change_locale(self, account: AccountView, locale: str) -> AccountView:
        async with self.database.transaction() as session:
            await session.execute(update(Account).where(Account.id == account.id).values(locale=locale))
        return replace(account, locale=locale)

    async def students(self, account: AccountView, *, include_linked: bool = False) -> Sequence[StudentView]:
        """A guardian's students with the `portal` flag on, a student's own entry, nobody for staff; with those of linked accounts, too."""
        async with self.database.asking() as connection:
            linked = await linked_accounts(connection, account.id, self.linking_states) if include_linked else ()
            if account.portal is Portal.STAFF:
                return ()
            persons = [each.person_id for each in (account, *linked)]
            query = _students(account.portal, len(persons))  # linked accounts are of one portal
            return [_student(row) for row in await query.all(connection, places("person", persons))]

    async def hidden_students(self, account: AccountView) -> HiddenStudents:
        """What `students` leaves out, for the question: why can't I see all of my children?"""
        left = or_(Person.ended_at.is_not(None), Relationship.ended_at.is_not(None))
        query = (
            select(Relationship.portal, left.label("left"))
            .join(Person, Person.id == Relationship.student_id)
            .where(Relationship.guardian_id == account.person_id)
        )
        async with self.database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return HiddenStudents(
            portal_off=sum(not row.left and not row.portal for row in rows),
            left_roster=sum(bool(row.left) for row in rows),
        )


@cache  # making it anew takes five times as long as running it
def _students(portal: Portal, persons: int) -> Statement:
    """The children of so many guardians, or the students themselves."""
    query = (
        select(
            Person.id,
            Person.first_name,
            Person.last_name,
            Person.student_number,
            Person.state_id,
            School.id.label("school_id"),
            School.name.label("school_name"),
            District.id.label("district_id"),
            District.name.label("district_name"),
        )
        .select_from(Person)
        .join(District, District.id == Person.district_id)
        .outerjoin(Enrollment, and_(Enrollment.person_id == Person.id, Enrollment.is_primary.is_(True)))
        .outerjoin(School, and_(School.id == Enrollment.school_id, School.ended_at.is_(None)))
        .where(Person.ended_at.is_(None), Person.is_student.is_(True))
        .order_by(Person.first_name, Person.id)
    )
    if portal is not Portal.PARENT:
        return Statement(query.where(among(Person.id, "person", persons)))
    return Statement(
        query.join(Relationship, Relationship.student_id == Person.id).where(
            Relationship.portal.is_(True),
            Relationship.ended_at.is_(None),
            among(Relationship.guardian_id, "person", persons),
        )
    )


def _student(row: Any) -> StudentView:
    return StudentView(
        id=row.id,
        first_name=row.first_name,
        last_name=row.last_name,
        student_number=row.student_number,
        state_id=row.state_id,
        school=Named(str(row.school_id), row.school_name) if row.school_id else None,
        district=Named(row.district_id, row.district_name),
    )
