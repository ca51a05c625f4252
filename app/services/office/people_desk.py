"""People of the roster at the office's desk: who they are, which portals they may enter, and why somebody has no account."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.clock import Clock
from app.database import Database
from app.errors import NotFound
from app.models import Account, Enrollment, Person, School
from app.portals import Portal
from app.services.account_view import mask_address
from app.services.clerk import Clerk
from app.services.districts import OpenDistrict, open_district
from app.services.me import Named
from app.services.office.key_facts import KeyFact, KeyState, newest_keys
from app.services.office.person_search import comes_after, is_found_by
from app.services.pages import Page
from app.services.portal_access import may_enter

_KIND_OF = {Portal.PARENT: Person.is_guardian, Portal.STUDENT: Person.is_student, Portal.STAFF: Person.is_staff}
KINDS = {Portal.PARENT: "guardian", Portal.STUDENT: "student", Portal.STAFF: "staff"}
"""What people of a roster are, by the portal that is meant for them."""
_WHY_UNUSED = {
    KeyState.LIVE: "never_activated",
    KeyState.EXPIRED: "key_expired",
    KeyState.REVOKED: "key_revoked",
}


@dataclass(frozen=True)
class Door:
    """A portal that is meant for a person, and how far he has come with it."""

    portal: Portal
    may_enter: bool
    account_id: UUID | None
    username: str | None
    key: KeyFact | None
    reason: str | None
    """Why there is no account; None where there is one."""
    can_do: Sequence[str]
    """What the clerk may do about that: `issue_key`, `set_portal_flag`."""


@dataclass(frozen=True)
class PersonEntry:
    id: UUID
    first_name: str
    last_name: str
    student_number: str | None
    kinds: Sequence[str]
    schools: Sequence[Named]
    email_masked: str | None
    """The address on record."""
    in_roster: bool
    enabled: bool
    doors: Sequence[Door]


@dataclass(frozen=True)
class PeopleDesk:
    database: Database
    clock: Clock

    async def search(
        self,
        clerk: Clerk,
        *,
        q: str | None = None,
        kind: str | None = None,
        limit: int = 20,
        after: UUID | None = None,
    ) -> Page[PersonEntry, UUID]:
        """Up to `limit` people, by name."""
        where = [is_found_by(q)] if q and q.strip() else []
        where += [_KIND_OF[portal].is_(True) for portal, name in KINDS.items() if name == kind]
        if after:
            name = select(Person.name_words).where(Person.id == after, Person.district_id == clerk.district_id)
            place = (Person.name_words, Person.id)
            where.append(comes_after(place, name.correlate(None).scalar_subquery(), after))
        async with self.database.reading() as connection:
            district = await open_district(connection, clerk.district_id)
            found = await find_people(connection, clerk, district, self.clock.now(), *where, limit=limit + 1)
        return Page.of(found, limit, lambda last: last.id)

    async def one(self, clerk: Clerk, person_id: UUID) -> PersonEntry:
        """That a member of the staff looked is an event. Raises NotFound for somebody outside the clerk's part of the district, too."""
        now = self.clock.now()
        async with self.database.reading() as connection:
            district = await open_district(connection, clerk.district_id)
            found = await find_people(connection, clerk, district, now, Person.id == person_id, limit=1)
        if not found:
            raise NotFound
        if clerk.account_id:
            async with self.database.transaction() as session:
                clerk.record(session, "person:viewed", at=now, person_id=person_id)
        return found[0]


async def find_people(
    connection: AsyncConnection,
    clerk: Clerk,
    district: OpenDistrict,
    now: datetime,
    *where: ColumnElement[bool],
    limit: int,
) -> list[PersonEntry]:
    """Up to `limit` people of the clerk's part of the district, by name; four statements, however many they are."""
    rows = (await connection.execute(_people().where(clerk.sees_person(), *where).limit(limit))).all()
    ids = [row.id for row in rows]
    accounts = await _accounts(connection, clerk, ids)
    keys = await newest_keys(connection, ids, now)
    schools = await _schools(connection, ids)

    def doors(row: Row[Any]) -> Iterator[Door]:
        for portal, kind in KINDS.items():
            account = accounts.get((row.id, portal))
            if clerk.may_issue_for(portal) and (kind in kinds_of(row) or account):
                yield _door(clerk, district, row, portal, account, keys.get((row.id, portal)))

    return [_entry(row, schools.get(row.id, ()), list(doors(row))) for row in rows]


def lacks_account(portals: Iterable[Portal]) -> ColumnElement[bool]:
    """SQL: the `Person` row is of a kind for which one of these portals is meant, and has no account there."""

    def without(portal: Portal) -> ColumnElement[bool]:
        account = exists().where(Account.person_id == Person.id, Account.portal == portal.value)
        return and_(_KIND_OF[portal].is_(True), ~account)

    return or_(*(without(portal) for portal in portals))


def kinds_of(row: Any) -> list[str]:
    """`student`, `guardian`, `staff`: one person may be several."""
    flags = {"student": row.is_student, "guardian": row.is_guardian, "staff": row.is_staff}
    return [kind for kind, holds in flags.items() if holds]


def _people() -> Select[*tuple[Any, ...]]:
    doors = (may_enter(portal).label(f"may_enter_{portal.value}") for portal in Portal)
    return select(
        Person.id,
        Person.first_name,
        Person.last_name,
        Person.student_number,
        Person.is_student,
        Person.is_guardian,
        Person.is_staff,
        Person.email,
        Person.enabled,
        Person.ended_at,
        *doors,
    ).order_by(Person.name_words, Person.id)


async def _accounts(
    connection: AsyncConnection, clerk: Clerk, person_ids: Collection[UUID]
) -> dict[tuple[UUID, Portal], Row[Any]]:
    query: Select[*tuple[Any, ...]] = select(Account.id, Account.person_id, Account.portal, Account.username)
    rows = await connection.execute(query.where(Account.person_id.in_(person_ids), clerk.sees_portal()))
    return {(row.person_id, Portal(row.portal)): row for row in rows}


async def _schools(connection: AsyncConnection, person_ids: Collection[UUID]) -> dict[UUID, list[Named]]:
    rows = await connection.execute(
        select(Enrollment.person_id, School.id, School.name)
        .join(School, School.id == Enrollment.school_id)
        .where(Enrollment.person_id.in_(person_ids), School.ended_at.is_(None))
        .order_by(Enrollment.is_primary.desc(), School.name)
    )
    schools: dict[UUID, list[Named]] = {}
    for row in rows:
        schools.setdefault(row.person_id, []).append(Named(str(row.id), row.name))
    return schools


def _door(
    clerk: Clerk, district: OpenDistrict, row: Row[Any], portal: Portal, account: Row[Any] | None, key: KeyFact | None
) -> Door:
    enters = bool(getattr(row, f"may_enter_{portal.value}"))
    reason = None if account else _why_without(district, row, portal, key, enters=enters)
    can_do = []
    if not account and enters and row.id != clerk.person_id:
        can_do.append("issue_key")
    if reason == "no_portal_access" and portal is Portal.PARENT and clerk.is_admin:
        can_do.append("set_portal_flag")
    return Door(
        portal, enters, account.id if account else None, account.username if account else None, key, reason, can_do
    )


def _why_without(district: OpenDistrict, row: Row[Any], portal: Portal, key: KeyFact | None, *, enters: bool) -> str:
    if reason := why_shut_out(row, may_enter_portal=enters):
        return reason
    if not district.has_portal(portal):
        return "portal_closed"
    return _WHY_UNUSED.get(key.state, "no_key") if key else "no_key"


def why_shut_out(row: Any, *, may_enter_portal: bool) -> str | None:
    """Why the roster keeps somebody out of a portal: `left_roster`, `switched_off_in_roster`, `no_portal_access`, or None."""
    if row.ended_at is not None:
        return "left_roster"
    if not row.enabled:
        return "switched_off_in_roster"
    return None if may_enter_portal else "no_portal_access"


def _entry(row: Row[Any], schools: Sequence[Named], doors: Sequence[Door]) -> PersonEntry:
    return PersonEntry(
        id=row.id,
        first_name=row.first_name,
        last_name=row.last_name,
        student_number=row.student_number,
        kinds=kinds_of(row),
        schools=schools,
        email_masked=mask_address(row.email) if row.email else None,
        in_roster=row.ended_at is None,
        enabled=row.enabled,
        doors=doors,
    )
