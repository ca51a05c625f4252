"""Issuing activation keys: one for each person who may have an account and has neither an account nor a live key.

Keys exist in clear only in the hands of the caller's `deliver`, which must have them on disk before a batch counts: a crash leaves at worst
keys on paper that open nothing, never a key that nobody has.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.clock import Clock
from app.database import Database
from app.errors import DistrictNotFound
from app.models import Account, ActivationKey, District, Enrollment, Person, Relationship, School
from app.portals import Portal
from app.security.activation_codes import new_activation_code, normalise_activation_code
from app.security.digests import Digests
from app.services import audit
from app.services.districts import OpenDistrict, open_district
from app.services.portal_access import may_enter
from app.services.typed_keys import DIGEST_PURPOSE

BATCH = 500


class NobodyToIssueTo(Exception):
    """The school or the person that was named is not there, or may not have an account; the message says which."""


@dataclass(frozen=True)
class IssuedKey:
    """A key in clear, on its way to paper."""

    person_id: UUID
    first_name: str
    last_name: str
    portal: Portal
    activation_key: str
    expires_at: datetime


Deliver = Callable[[Sequence[IssuedKey]], Awaitable[None]]
Progress = Callable[[int, int], None]
"""Called with the keys issued so far and the keys expected in all."""


@dataclass(frozen=True)
class KeyIssue:
    database: Database
    clock: Clock
    digests: Digests

    async def issue(
        self,
        district_id: str,
        deliver: Deliver,
        *,
        portals: Sequence[Portal] = tuple(Portal),
        school: str | None = None,
        progress: Progress = lambda _done, _all: None,
    ) -> int:
        """Issues keys in batches and gives their number. `school` is a school's id, sourced id, identifier or name.

        Raises:
            DistrictNotFound: no such open district.
            NobodyToIssueTo: there is no such school.
        """
        async with self.database.reading() as connection:
            district = await open_district(connection, district_id)
            school_id = await _school_id(connection, district_id, school) if school else None
            wanted = {portal: self._entitled(district_id, portal, school_id) for portal in portals}
            counts = [
                await connection.execute(select(func.count()).select_from(Person).where(*where))
                for where in wanted.values()
            ]
            expected = sum(count.scalar_one() for count in counts)
        issued = 0
        progress(issued, expected)
        for portal, where in wanted.items():
            while batch := await self._issue_batch(district, portal, where, deliver):
                issued += batch
                progress(issued, max(issued, expected))
        return issued

    async def replace(self, district_id: str, person: str, portal: Portal, deliver: Deliver) -> IssuedKey:
        """A new key for one person, instead of the one that was lost. `person` is the person's id or sourced id.

        For somebody who has an account it means: the same account, everything that opens it replaced when the key is used.

        Raises:
            DistrictNotFound: no such open district.
            NobodyToIssueTo: there is no such person, or the person may not enter this portal.
        """
        async with self.database.transaction() as session:
            district = await open_district(session, district_id)
            await _lock(session, district_id)
            key = await self.issue_to(session, district, person, portal)
            await deliver([key])
            return key

    async def issue_to(
        self, session: AsyncSession, district: OpenDistrict, person: str | UUID, portal: Portal
    ) -> IssuedKey:
        """Revokes the person's live key and makes a new one, within the caller's transaction."""
        named = (
            Person.id == person
            if isinstance(person, UUID)
            else or_(Person.sourced_id == person, Person.id == _uuid_or_none(person))
        )
        found = await session.execute(_people().where(Person.district_id == district.id, named, may_enter(portal)))
        row = found.first()
        if row is None:
            raise NobodyToIssueTo(
                f"there is nobody {str(person)!r} in {district.id} who may have an account in the {portal} portal"
            )
        (key,) = await self._make(session, district, portal, [row])
        return key

    async def _issue_batch(self, district: OpenDistrict, portal: Portal, where: Sequence[Any], deliver: Deliver) -> int:
        async with self.database.transaction() as session:
            await _lock(session, district.id)  # two issuers at once give nobody two keys
            rows = (
                await session.execute(_people().where(*where).order_by(Person.last_name, Person.id).limit(BATCH))
            ).all()
            if not rows:
                return 0
            keys = await self._make(session, district, portal, rows)
            await deliver(keys)
            return len(keys)

    async def _make(
        self, session: AsyncSession, district: OpenDistrict, portal: Portal, people: Sequence[Any]
    ) -> list[IssuedKey]:
        now = self.clock.now()
        expires_at = now + timedelta(days=district.settings.activation_key.days)
        await session.execute(
            update(ActivationKey)
            .where(
                ActivationKey.person_id.in_([row.id for row in people]),
                ActivationKey.portal == portal.value,
                ActivationKey.used_at.is_(None),
                ActivationKey.revoked_at.is_(None),
            )
            .values(revoked_at=now)
            .execution_options(synchronize_session=False)
        )
        keys = [
            IssuedKey(row.id, row.first_name, row.last_name, portal, new_activation_code(), expires_at)
            for row in people
        ]
        await session.execute(insert(ActivationKey), [self._row(district.id, key, now) for key in keys])
        audit.record(
            session,
            "operator:keys:issued",
            at=now,
            actor=audit.OPERATOR,
            district_id=district.id,
            person_id=keys[0].person_id if len(keys) == 1 else None,
            data={"portal": portal.value, "count": len(keys)},
        )
        return keys

    def _row(self, district_id: str, key: IssuedKey, now: datetime) -> dict[str, Any]:
        return {
            "id": uuid4(),
            "district_id": district_id,
            "person_id": key.person_id,
            "portal": key.portal.value,
            "digest": self.digests.digest(DIGEST_PURPOSE, district_id, normalise_activation_code(key.activation_key)),
            "issued_at": now,
            "expires_at": key.expires_at,
        }

    def _entitled(self, district_id: str, portal: Portal, school_id: UUID | None) -> list[ColumnElement[bool]]:
        """SQL: who in the district may have an account, and has neither one nor a live key."""
        has_account = exists().where(Account.person_id == Person.id, Account.portal == portal.value)
        has_key = exists().where(
            ActivationKey.person_id == Person.id,
            ActivationKey.portal == portal.value,
            ActivationKey.used_at.is_(None),
            ActivationKey.revoked_at.is_(None),
            ActivationKey.expires_at > self.clock.now(),
        )
        where: list[ColumnElement[bool]] = [
            Person.district_id == district_id,
            may_enter(portal),
            ~has_account,
            ~has_key,
        ]
        return [*where, _at_school(portal, school_id)] if school_id else where


def _people() -> Any:
    return select(Person.id, Person.first_name, Person.last_name)


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


async def _school_id(connection: Any, district_id: str, named: str) -> UUID:
    by_any_name = or_(
        School.sourced_id == named, School.identifier == named, School.name == named, School.id == _uuid_or_none(named)
    )
    found = (
        (await connection.execute(select(School.id).where(School.district_id == district_id, by_any_name)))
        .scalars()
        .all()
    )
    if len(found) != 1:
        raise NobodyToIssueTo(
            f"there {'is no school' if not found else 'are several schools'} {named!r} in {district_id}"
        )
    return UUID(str(found[0]))


async def _lock(session: AsyncSession, district_id: str) -> None:
    if await session.get(District, district_id, with_for_update=True) is None:
        raise DistrictNotFound


def _uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
