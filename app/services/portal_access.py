"""Who may enter which portal: one rule for issuing keys, signing in and staying signed in.

A student or staff member who is in the roster and enabled; a guardian who is, and who has a relationship with the `portal` flag to a
student who is in the roster.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Select, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.database import Statement, Unit
from app.database.statements import RowLock
from app.models import Account, ActivationKey, Person, Relationship, SignInSession
from app.portals import Portal
from app.services import audit
from app.services.clerk import Clerk, operator_of


@cache  # an alias of a table takes longer to make than the query takes to run
def has_portal_student() -> ColumnElement[bool]:
    """SQL: the `Person` row is the guardian in a live portal relationship to a student who is still in the roster."""
    student = aliased(Person)
    return exists(
        select(Relationship.id)
        .join(student, student.id == Relationship.student_id)
        .where(
            Relationship.guardian_id == Person.id,
            Relationship.portal.is_(True),
            Relationship.ended_at.is_(None),
            student.ended_at.is_(None),
        )
    ).correlate(Person)


def may_enter(portal: Portal) -> ColumnElement[bool]:
    """SQL: the `Person` row may have and use an account in `portal`."""
    in_roster = and_(Person.enabled.is_(True), Person.ended_at.is_(None))
    match portal:
        case Portal.PARENT:
            return and_(in_roster, Person.is_guardian.is_(True), has_portal_student())
        case Portal.STUDENT:
            return and_(in_roster, Person.is_student.is_(True))
        case Portal.STAFF:
            return and_(in_roster, Person.is_staff.is_(True))


def may_enter_its_portal(portal: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """SQL: the `Person` row may enter the portal that the column `portal` of an account or a key names."""
    return or_(*(and_(portal == door.value, may_enter(door)) for door in Portal))


def whose_may_enter(account: Any) -> ColumnElement[bool]:
    """SQL: whoever the `Account` row (or an alias of it) is of may enter its portal."""
    whose = select(Person.id).where(Person.id == account.person_id, may_enter_its_portal(account.portal))
    return whose.correlate(account).exists()


_LOCK_PERSON = RowLock(select(Person.id).where(Person.id == bindparam("person_id")).with_for_update(read=True))
_MAY_ENTER = {
    portal: Statement(select(Person.id).where(Person.id == bindparam("person_id"), may_enter(portal)))
    for portal in Portal
}


async def confirm_access(session: Unit, person_id: UUID, portal: Portal) -> bool:
    """Whether the person may enter, from now until the caller's transaction ends.

    Access that is being taken away at the same moment is waited for: the lock meets the one of `end_sessions_without_access`, and the
    question is a statement of its own, so that PostgreSQL answers it from what was committed meanwhile.
    """
    await _LOCK_PERSON.do(session, {"person_id": person_id})
    return await still_has_access(session, person_id, portal)


async def still_has_access(session: Unit, person_id: UUID, portal: Portal) -> bool:
    """The question of `confirm_access` alone, for a transaction that holds the person already."""
    return await _MAY_ENTER[portal].first(session, {"person_id": person_id}) is not None


def held_after(written: CTE) -> Select[UUID]:
    """SQL for PostgreSQL: holds the person of the row that was written first; on SQLite whoever writes is alone."""
    whose = Person.id == written.c.person_id
    return select(Person.id).join(written, whose).with_for_update(read=True, of=Person)


async def end_sessions_without_access(
    session: AsyncSession,
    district_id: str,
    now: datetime,
    clerk: Clerk | None = None,
    *,
    of_person: UUID | None = None,
) -> int:
    """Ends the sessions of everybody in the district, or only of one person, who may no longer enter, and says how many.

    An operator's doing without `clerk`.

    Whatever takes access away (a roster, the office) calls this in its own transaction, so that the next request is refused. The audit
    trail says of each account that it was signed out.
    """
    whose = [Person.district_id == district_id, *([Person.id == of_person] if of_person else [])]
    locked = or_(*(Person.id.in_(shut.correlate(None)) for shut in _doors_shut(district_id, whose)))
    await session.execute(select(Person.id).where(locked).order_by(Person.id).with_for_update())
    without_access = (
        select(Account.id)
        .join(Person, Person.id == Account.person_id)
        .where(Account.district_id == district_id, *whose, ~may_enter_its_portal(Account.portal))
    )
    over = (
        SignInSession.ended_at.is_(None),
        or_(SignInSession.account_id.in_(without_access), SignInSession.switched_from_id.in_(without_access)),
    )
    await _record_ends(session, clerk or operator_of(district_id), over, now)
    ended = await session.execute(
        update(SignInSession)
        .where(*over)
        .values(ended_at=now, ended_reason="no_access")
        .execution_options(synchronize_session=False)
    )
    return ended.rowcount if isinstance(ended, CursorResult) else 0


async def _record_ends(session: AsyncSession, clerk: Clerk, over: Sequence[ColumnElement[bool]], now: datetime) -> None:
    """One event an account. Who was switched to from here may be of another district: its trail does not name our clerk."""
    query = (
        select(Account.id, Account.district_id, Account.person_id, func.count().label("sessions"))
        .join(SignInSession, SignInSession.account_id == Account.id)
        .where(*over, SignInSession.expires_at > now)
        .group_by(Account.id, Account.district_id, Account.person_id)
    )
    for row in await session.execute(query):
        data = {"sessions": row.sessions, "reason": "no_access"}
        whom = {"at": now, "account_id": row.id, "person_id": row.person_id}
        if row.district_id == clerk.district_id:
            clerk.record(session, "account:signed_out", **whom, **data)
        else:
            audit.record(
                session,
                "worker:account:signed_out",
                actor=audit.WORKER,
                district_id=row.district_id,
                data=data,
                **whom,
            )


def _doors_shut(district_id: str, whose: Sequence[ColumnElement[bool]]) -> tuple[Select[UUID], Select[UUID]]:
    """SQL: who has an account, or a key that may be making one, in a portal that he may not enter.

    Asked from the accounts and the keys, which are fewer than the people.
    """
    accounts = (
        select(Account.person_id)
        .join(Person, Person.id == Account.person_id)
        .where(Account.district_id == district_id, *whose, ~may_enter_its_portal(Account.portal))
    )
    keys = (
        select(ActivationKey.person_id)
        .join(Person, Person.id == ActivationKey.person_id)
        .where(
            ActivationKey.district_id == district_id,
            ActivationKey.used_at.is_(None),
            ActivationKey.leased_until.is_not(None),
            *whose,
            ~may_enter_its_portal(ActivationKey.portal),
        )
    )
    return accounts, keys
