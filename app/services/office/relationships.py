"""Who is whose guardian, and whether the portal shows it: the office looks, and switches the portal flag."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import aliased

from app.clock import Clock
from app.database import Database
from app.errors import NotFound
from app.models import Person, Relationship
from app.services.clerk import Clerk
from app.services.districts import open_district
from app.services.office.person_search import comes_after, is_found_by
from app.services.pages import Page
from app.services.portal_access import end_sessions_without_access

_RELATED = aliased(Relationship)
"""The relationship that is looked for; `Clerk.sees_person` asks for others, under the table's own name."""
_NAMES = ("id", "first_name", "last_name", "student_number")
_COLUMNS = ("id", "relation", "guardian", "mailing", "portal", "messenger", "ended_at")


@dataclass(frozen=True)
class PersonName:
    id: UUID
    first_name: str
    last_name: str
    student_number: str | None


@dataclass(frozen=True)
class RelationshipView:
    id: UUID
    guardian: PersonName
    student: PersonName
    relation: str
    legal_guardian: bool
    mailing: bool
    portal: bool
    messenger: bool
    ended_at: datetime | None


@dataclass(frozen=True)
class Relationships:
    database: Database
    clock: Clock

    async def search(
        self,
        clerk: Clerk,
        *,
        person_id: UUID | None = None,
        q: str | None = None,
        limit: int = 20,
        after: UUID | None = None,
    ) -> Page[RelationshipView, UUID]:
        """Up to `limit` of those where `person_id` or somebody whom `q` means is one of the two, by the guardian's name."""
        where: list[ColumnElement[bool]] = []
        if person_id:
            where.append(or_(_RELATED.guardian_id == person_id, _RELATED.student_id == person_id))
        if q and q.strip():
            meant = select(Person.id).where(clerk.sees_person(), is_found_by(q))
            where.append(or_(_RELATED.guardian_id.in_(meant), _RELATED.student_id.in_(meant)))
        async with self.database.reading() as connection:
            await open_district(connection, clerk.district_id)
            rows = await connection.execute(_page(clerk, limit + 1, after).where(*where))
            found = [_view(row) for row in rows]
        return Page.of(found, limit, lambda last: last.id)

    async def set_portal(self, clerk: Clerk, relationship_id: UUID, *, portal: bool) -> RelationshipView:
        """Switches the portal flag, and nothing else; without it the guardian's next request no longer sees the student.

        A guardian who has no other student in the portal is signed out. Raises NotFound outside the clerk's part of the district.
        """
        async with self.database.transaction() as session:
            await self.set_portal_in(session, clerk, relationship_id, portal=portal)
            return await _one(session, clerk, relationship_id)

    async def set_portal_in(self, session: AsyncSession, clerk: Clerk, relationship_id: UUID, *, portal: bool) -> None:
        """`set_portal` as a part of something larger."""
        now, asked = self.clock.now(), _RELATED.id == relationship_id
        relationship = await session.scalar(select(_RELATED).where(asked, _both_seen_by(clerk)).with_for_update())
        if relationship is None:
            raise NotFound
        if relationship.portal is portal:
            return
        relationship.portal = portal
        await session.flush()
        await end_sessions_without_access(session, clerk.district_id, now, clerk, of_person=relationship.guardian_id)
        clerk.record(
            session,
            "relationship:portal_on" if portal else "relationship:portal_off",
            at=now,
            person_id=relationship.guardian_id,
            relationship=str(relationship.id),
            student=str(relationship.student_id),
        )


async def _one(connection: AsyncConnection | AsyncSession, clerk: Clerk, relationship_id: UUID) -> RelationshipView:
    return _view((await connection.execute(_page(clerk, 1).where(_RELATED.id == relationship_id))).one())


def _page(clerk: Clerk, limit: int, after: UUID | None = None) -> Select[*tuple[Any, ...]]:
    guardian, student = aliased(Person), aliased(Person)
    query = (
        select(
            *(getattr(_RELATED, name) for name in _COLUMNS),
            *_name_columns(guardian, "guardian"),
            *_name_columns(student, "student"),
        )
        .join(guardian, guardian.id == _RELATED.guardian_id)
        .join(student, student.id == _RELATED.student_id)
        .where(_both_seen_by(clerk))
        .order_by(guardian.name_words, _RELATED.id)
        .limit(limit)
    )
    if after is None:
        return query
    last, of_last = aliased(Relationship), aliased(Person)
    row = (last.id == after, last.district_id == clerk.district_id)
    name = select(of_last.name_words).join(last, last.guardian_id == of_last.id).where(*row)
    return query.where(comes_after((guardian.name_words, _RELATED.id), name.scalar_subquery(), after))


def _both_seen_by(clerk: Clerk) -> ColumnElement[bool]:
    def seen(person_id: Any) -> ColumnElement[bool]:
        return exists().where(Person.id == person_id, clerk.sees_person())

    return and_(_RELATED.district_id == clerk.district_id, seen(_RELATED.guardian_id), seen(_RELATED.student_id))


def _name_columns(person: Any, role: str) -> list[Any]:
    return [getattr(person, name).label(f"{role}_{name}") for name in _NAMES]


def _view(row: Row[Any]) -> RelationshipView:
    return RelationshipView(
        id=row.id,
        guardian=_name(row, "guardian"),
        student=_name(row, "student"),
        relation=row.relation,
        legal_guardian=row.guardian,
        mailing=row.mailing,
        portal=row.portal,
        messenger=row.messenger,
        ended_at=row.ended_at,
    )


def _name(row: Row[Any], role: str) -> PersonName:
    return PersonName(*(getattr(row, f"{role}_{name}") for name in _NAMES))
