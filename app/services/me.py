"""What a signed-in person sees of himself and of the students whom he may see."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, or_, select, update
from sqlalchemy.orm import aliased, join

from app.database import Database, Statement
from app.models import Account, District, Enrollment, Person, Relationship, School
from app.portals import Portal
from app.services.account_view import AccountView
from app.services.links import both_offer, offer_columns, those_with
from app.services.portal_access import whose_may_enter


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
        if account.portal is Portal.STAFF:
            return ()
        async with self.database.asking() as connection:
            if not include_linked:
                rows = await _students(account.portal).all(connection, {"person_id": account.person_id})
                return [_student(row) for row in rows]
            rows = await _all_students(account.portal).all(connection, {"account_id": account.id})
            seen = (row for row in rows if row.is_own or both_offer(row, self.linking_states))
            return [_student(row) for row in seen]

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
def _students(portal: Portal) -> Statement:
    """The children of a guardian, or the student himself."""
    whose = bindparam("person_id", type_=Person.id.type)
    if portal is not Portal.PARENT:
        return Statement(_select_students(Person).where(Person.id == whose))
    children = join(Relationship, Person, Person.id == Relationship.student_id)
    return Statement(_select_students(children).where(*_IS_SHOWN, Relationship.guardian_id == whose))


@cache
def _all_students(portal: Portal) -> Statement:
    """Those of linked accounts, too, which are of one portal; with what tells whether the districts at both ends offer linking.

    PostgreSQL joins so many tables in the order in which they are named.
    """
    account, own, own_district = aliased(Account), aliased(Account), aliased(District)
    own_id = bindparam("account_id", type_=Account.id.type)
    is_own = account.id == own_id
    accounts = join(own, own_district, own_district.id == own.district_id).join(
        account, account.id.in_(those_with(own_id))
    )
    if portal is Portal.PARENT:
        related = accounts.join(Relationship, and_(Relationship.guardian_id == account.person_id, *_IS_SHOWN))
        people = related.join(Person, Person.id == Relationship.student_id)
    else:
        people = accounts.join(Person, Person.id == account.person_id)
    offers = (*offer_columns(District, "there"), *offer_columns(own_district, "here"))
    may_be_used = and_(account.disabled_at.is_(None), whose_may_enter(account))
    query = _select_students(people, is_own.label("is_own"), *offers)
    return Statement(query.where(own.id == own_id, or_(is_own, may_be_used)))


_IS_SHOWN = (Relationship.portal.is_(True), Relationship.ended_at.is_(None))


def _select_students(people: Any, *more: Any) -> Select[*tuple[Any, ...]]:
    """Students in the roster among `people`, with their districts and schools."""
    return (
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
            *more,
        )
        .select_from(people)
        .join(District, District.id == Person.district_id)
        .outerjoin(Enrollment, and_(Enrollment.person_id == Person.id, Enrollment.is_primary.is_(True)))
        .outerjoin(School, and_(School.id == Enrollment.school_id, School.ended_at.is_(None)))
        .where(Person.ended_at.is_(None), Person.is_student.is_(True))
        .order_by(Person.first_name, Person.id)
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
