"""Who gets an activation key, in SQL: people as keys need them, and which of them have no way in yet."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import aliased

from app.errors import DistrictNotFound, NotEntitled
from app.models import Account, ActivationKey, District, Enrollment, Person, Relationship, School, StaffMember
from app.portals import Portal
from app.services.portal_access import may_enter
from app.translation import msg

IN_ORDER = (Person.last_name, Person.id)
"""How letters are sorted, and how long runs go on from where they are instead of looking through everybody again."""


def comes_after(last_name: str, person_id: UUID) -> ColumnElement[bool]:
    """SQL: the `Person` row comes later `IN_ORDER`."""
    return tuple_(*IN_ORDER) > (last_name, person_id)


async def issue_alone(session: AsyncSession, district_id: str) -> None:
    """Until the transaction ends nobody else issues keys in the district, so two clerks at once give nobody two.

    Raises:
        DistrictNotFound: there is none.
    """
    lock = select(District.id).where(District.id == district_id).with_for_update(key_share=True)
    if await session.scalar(lock) is None:
        raise DistrictNotFound


async def refuse_disabled(session: AsyncSession, person_id: UUID, portal: Portal) -> None:
    """Raises NotEntitled where the person's account is switched off."""
    disabled = select(Account.id).where(
        Account.person_id == person_id, Account.portal == portal.value, Account.disabled_at.is_not(None)
    )
    if await session.scalar(disabled):
        raise NotEntitled(msg("This account is switched off, so no key would open it. Switch it on first."))


def people() -> Select[*tuple[Any, ...]]:
    """Id, names, address on record, and the username that keys of the office's staff bring."""
    return select(
        Person.id, Person.first_name, Person.last_name, Person.email, StaffMember.username.label("staff_username")
    ).outerjoin(StaffMember, StaffMember.person_id == Person.id)


def is_called(person: str | UUID) -> ColumnElement[bool]:
    """SQL: the `Person` row has this id or, as operators name people, this sourced id."""
    if isinstance(person, UUID):
        return Person.id == person
    return or_(Person.sourced_id == person, Person.id == _uuid_or_none(person))


async def schools_named(connection: AsyncConnection, district_id: str, named: str) -> list[UUID]:
    """The schools with this id, sourced id, identifier or name."""
    by_any_name = or_(
        School.sourced_id == named, School.identifier == named, School.name == named, School.id == _uuid_or_none(named)
    )
    found = await connection.execute(select(School.id).where(School.district_id == district_id, by_any_name))
    return list(found.scalars())


def is_open(now: datetime) -> ColumnElement[bool]:
    """SQL: the `ActivationKey` row opens something, as far as the key itself tells."""
    return is_unspent() & (ActivationKey.expires_at > now)


def is_unspent() -> ColumnElement[bool]:
    """SQL: the `ActivationKey` row was neither used nor revoked; it may have expired."""
    return ActivationKey.used_at.is_(None) & ActivationKey.revoked_at.is_(None)


def without_way_in(
    district_id: str, portal: Portal, now: datetime, school_id: UUID | None = None
) -> list[ColumnElement[bool]]:
    """SQL: the `Person` row may have an account, and has neither one nor a live key."""
    account = select(Account.id).where(Account.person_id == Person.id, Account.portal == portal.value)
    key = select(ActivationKey.id).where(
        ActivationKey.person_id == Person.id, ActivationKey.portal == portal.value, is_open(now)
    )
    where: list[ColumnElement[bool]] = [
        Person.district_id == district_id,
        may_enter(portal),
        _is_none(account),
        _is_none(key),
    ]
    return [*where, _at_school(portal, school_id)] if school_id else where


def _at_school(portal: Portal, school_id: UUID) -> ColumnElement[bool]:
    """SQL: the person belongs to the school; a guardian does through a student whom the portal shows."""
    enrollment = aliased(Enrollment)
    if portal is not Portal.PARENT:
        return exists().where(enrollment.person_id == Person.id, enrollment.school_id == school_id)
    return exists().where(
        Relationship.guardian_id == Person.id,
        Relationship.portal.is_(True),
        Relationship.ended_at.is_(None),
        enrollment.person_id == Relationship.student_id,
        enrollment.school_id == school_id,
    )


def _is_none(found: Select[UUID]) -> ColumnElement[bool]:
    """SQL: `found` finds nothing, looked up by its index for each person.

    PostgreSQL turns NOT EXISTS into a join, and right after a first roster, when its statistics still say that the table of keys is empty,
    that join reads all keys for each person.
    """
    return found.limit(1).scalar_subquery().is_(None)


def _uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
