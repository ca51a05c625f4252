"""Who acts for a district's office, and for which part of the district.

Every service of the office takes a `Clerk`: it names the district, the schools, the role, and who stands in the audit trail. What lies
outside is not found, as if it did not exist.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.errors import Forbidden
from app.models import Account, Enrollment, Person, Relationship, School
from app.portals import Portal
from app.services import audit


class StaffRole(StrEnum):
    """What somebody does in the office; each may do what those below may."""

    DISTRICT_ADMIN = "district_admin"
    HELP_DESK = "help_desk"


@dataclass(frozen=True)
class StaffAccess:
    """For whom a route of the office is."""

    role: StaffRole
    """The least one."""
    step_up: bool = False
    """Whether it wants a step-up of the last five minutes."""

    @property
    def roles(self) -> tuple[StaffRole, ...]:
        """All that may, the one with most rights first."""
        every = tuple(StaffRole)
        return every[: every.index(self.role) + 1]


@dataclass(frozen=True)
class Clerk:
    """Whoever acts for a district's office: a staff member at the desk, or an operator with a shell."""

    district_id: str
    role: StaffRole = StaffRole.DISTRICT_ADMIN
    account_id: UUID | None = None
    """Of the staff member; None for an operator."""
    person_id: UUID | None = None
    school_ids: frozenset[UUID] = frozenset()
    """The schools whose people the clerk sees; empty for the whole district."""
    service: str | None = None
    """`api` or `worker`, where the service itself acts for a family that has proved its facts."""

    @property
    def is_admin(self) -> bool:
        return self.role is StaffRole.DISTRICT_ADMIN

    def record(
        self,
        session: AsyncSession,
        what: str,
        *,
        at: datetime,
        account_id: UUID | None = None,
        person_id: UUID | None = None,
        **data: object,
    ) -> None:
        """One event of the audit trail; `what` is `subject:action`."""
        audit.record(
            session,
            self._tag(what),
            at=at,
            actor=self._actor,
            district_id=self.district_id,
            account_id=account_id,
            person_id=person_id,
            data=data,
        )

    async def record_each(
        self, session: AsyncSession, what: str, subjects: Sequence[audit.Subject], *, at: datetime
    ) -> None:
        """One event for each of many."""
        await audit.record_each(
            session, self._tag(what), subjects, at=at, actor=self._actor, district_id=self.district_id
        )

    def _tag(self, what: str) -> str:
        return f"{self.service or ('office' if self.account_id else 'operator')}:{what}"

    @property
    def _actor(self) -> str:
        if self.service:
            return audit.WORKER if self.service == "worker" else audit.ANONYMOUS
        return audit.by_account(self.account_id) if self.account_id else audit.OPERATOR

    def refuse_self(self, person_id: UUID) -> None:
        """Nobody changes his own rights or starts his own account over from the desk. Raises Forbidden."""
        if person_id == self.person_id:
            raise Forbidden

    def sees_person(self) -> ColumnElement[bool]:
        """SQL: the `Person` row belongs to the clerk's part of the district.

        The help desk works for families: it sees students and guardians, those of its schools if it has some. Somebody who is nothing but
        a colleague it does not see at all; a colleague who is also a parent it sees as a parent (`sees_portal` keeps the rest away).
        """
        mine = Person.district_id == self.district_id
        if self.is_admin:
            return mine
        mine = and_(mine, or_(Person.is_student.is_(True), Person.is_guardian.is_(True)))
        if not self.school_ids:
            return mine
        enrolled = and_(
            Person.is_student.is_(True),
            exists().where(Enrollment.person_id == Person.id, Enrollment.school_id.in_(self.school_ids)),
        )
        of_child = aliased(Enrollment)
        guardian = exists().where(
            Relationship.guardian_id == Person.id,
            Relationship.ended_at.is_(None),
            of_child.person_id == Relationship.student_id,
            of_child.school_id.in_(self.school_ids),
        )
        return and_(mine, or_(enrolled, guardian))

    def sees_school(self) -> ColumnElement[bool]:
        """SQL: the `School` row is one of the clerk's, as long as it is in the roster."""
        mine = and_(School.district_id == self.district_id, School.ended_at.is_(None))
        return and_(mine, School.id.in_(self.school_ids)) if self.school_ids else mine

    def sees_portal(self) -> ColumnElement[bool]:
        """SQL: the `Account` row is of a portal that is the clerk's business; accounts of colleagues are a district admin's."""
        return true() if self.is_admin else Account.portal != Portal.STAFF.value

    def may_issue_for(self, portal: Portal) -> bool:
        return self.is_admin or portal is not Portal.STAFF


def operator_of(district_id: str) -> Clerk:
    """For commands: whoever has a shell on the server may do all that the district's office may."""
    return Clerk(district_id)


def service_of(district_id: str, service: str) -> Clerk:
    """For families who help themselves: facts that are all right stand in for a clerk."""
    return Clerk(district_id, service=service)
