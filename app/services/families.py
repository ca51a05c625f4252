"""The guardians of a student, and which of them may still get a key to make an account."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.models import Account, ActivationKey, Person, Relationship
from app.portals import Portal
from app.services.key_people import is_unspent, issue_alone
from app.services.portal_access import may_enter


def guardians_of(*student_ids: UUID) -> Select[*tuple[Any, ...]]:
    """Who is related to students of the roster: `student_id`, the guardian's `id`, names and `email`, and `may_get_key`.

    A key is for a guardian to whom the portal would show this student, and who has no account yet.
    """
    student = aliased(Person)
    account = exists().where(Account.person_id == Person.id, Account.portal == Portal.PARENT.value)
    may_get_key = and_(Relationship.portal.is_(True), may_enter(Portal.PARENT), ~account)
    return (
        select(
            Relationship.student_id,
            Person.id,
            Person.first_name,
            Person.last_name,
            Person.email,
            may_get_key.label("may_get_key"),
        )
        .join(Relationship, Relationship.guardian_id == Person.id)
        .join(student, student.id == Relationship.student_id)
        .where(
            Relationship.student_id.in_(student_ids),
            Relationship.ended_at.is_(None),
            student.ended_at.is_(None),
            Person.ended_at.is_(None),
        )
        .order_by(Person.id)
    )


async def without_account(session: AsyncSession, district_id: str, student_id: UUID) -> Sequence[Row[Any]]:
    """The guardians who may get a key now; until the caller's transaction ends nobody else issues one, and none of them makes an account.

    Whoever is using a key at this moment is waited for, and the question is a statement of its own, so that it sees the new account.
    """
    await issue_alone(session, district_id)
    family = select(Relationship.guardian_id).where(Relationship.student_id == student_id)
    keys = select(ActivationKey.id).where(ActivationKey.person_id.in_(family), is_unspent())
    await session.execute(keys.order_by(ActivationKey.id).with_for_update())
    guardians = (await session.execute(guardians_of(student_id))).all()
    return [guardian for guardian in guardians if guardian.may_get_key]
