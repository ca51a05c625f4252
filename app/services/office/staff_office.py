"""Giving somebody a part in a district's office, changing it, and taking it away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import FieldError, NotEntitled, NotFound, ValidationFailed
from app.models import Account, ActivationKey, Person, StaffMember, StaffSchool
from app.portals import Portal
from app.services.clerk import Clerk, StaffRole
from app.services.districts import OpenDistrict, open_district
from app.services.key_people import refuse_disabled
from app.services.keys import Handover, IssuedKey, KeyChannel, KeyIssue
from app.services.office.office_lock import hold_office
from app.services.office.roster_names import person_named, school_named
from app.services.portal_access import may_enter
from app.services.sessions import Sessions
from app.services.usernames import check_staff_username
from app.text import name_words, tidy
from app.translation import msg


@dataclass(frozen=True)
class NewStaff:
    """Somebody who is to work in the office: a person of the roster, or one whom no roster knows."""

    role: StaffRole
    username: str
    first_name: str = ""
    last_name: str = ""
    person: UUID | str | None = None
    """Of the roster: the person's id, for an operator also the sourced id. None: a new person of the name above."""
    schools: Sequence[UUID | str] = ()
    """Ids; for an operator also sourced ids, identifiers or names."""
    with_key: bool = True
    """Whether a key is made now, for the hands of whoever asked; else it comes with the next batch, or one by one."""


@dataclass(frozen=True)
class StaffAdded:
    person_id: UUID
    username: str
    role: StaffRole
    activation_key: str | None
    expires_at: datetime | None
    """Of the key; both None where none was made."""


@dataclass(frozen=True)
class StaffOffice:
    """Everything here is for district admins and operators."""

    database: Database
    clock: Clock
    sessions: Sessions
    key_issue: KeyIssue

    async def add(self, clerk: Clerk, new: NewStaff) -> StaffAdded:
        """Gives somebody a part in the office; for somebody who has one it is replaced, and so is the key.

        Raises:
            DistrictNotFound: no such open district.
            ValidationFailed: a username that the district's policy does not allow, schools that are not there or not for this role.
            NotFound: no such person.
            NotEntitled: the person is not staff in the roster, or has left it, or the staff account is switched off.
            UsernameTaken: somebody else has the username, or it is kept for somebody else's key.
            Forbidden: the clerk himself, or a clerk who is no admin any more.
        """
        async with self.database.transaction() as session:
            district = await open_district(session, clerk.district_id)
            person_id = await person_named(session, clerk, new.person) if new.person else None
            await _hold(session, clerk, person_id)
            schools = await _schools(session, clerk, new.role, new.schools)
            await check_staff_username(session, district, new.username, person_id)
            person_id = await self._enter(session, clerk, new) if person_id is None else person_id
            is_new = await self._put(session, clerk, person_id, new, schools)
            await _require_entitled(session, person_id)
            await refuse_disabled(session, person_id, Portal.STAFF)
            key = await self._key(session, clerk, district, person_id) if new.with_key else None
            self._record(session, clerk, "added" if is_new else "changed", person_id, new.role, schools)
        given = (key.activation_key, key.expires_at) if key else (None, None)
        return StaffAdded(person_id, tidy(new.username), new.role, *given)

    async def change(
        self, clerk: Clerk, person_id: UUID, *, role: StaffRole | None, school_ids: Sequence[UUID] | None
    ) -> None:
        """Another role or other schools, None for those as they are. A session that is open has the new rights at its next request.

        Raises:
            NotFound, ValidationFailed, Forbidden: as for `add`.
        """
        clerk.refuse_self(person_id)
        async with self.database.transaction() as session:
            await _hold(session, clerk, person_id)
            member = await _member(session, clerk, person_id)
            new_role = role or StaffRole(member.role)
            if school_ids is not None or new_role is StaffRole.DISTRICT_ADMIN:
                await _set_schools(session, person_id, await _schools(session, clerk, new_role, school_ids or ()))
            member.role = new_role.value
            schools = list(
                await session.scalars(select(StaffSchool.school_id).where(StaffSchool.person_id == person_id))
            )
            self._record(session, clerk, "changed", person_id, new_role, schools)

    async def remove(self, clerk: Clerk, person_id: UUID) -> None:
        """Takes the part in the office away: the staff account is signed out everywhere, and its unused key opens nothing.

        Somebody of the roster may sign in again, and sees only himself; somebody whom the office entered may not.

        Raises:
            NotFound: the person has no part in this office.
            Forbidden: the clerk himself, or a clerk who is no admin any more.
        """
        clerk.refuse_self(person_id)
        now = self.clock.now()
        async with self.database.transaction() as session:
            await _hold(session, clerk, person_id)
            member = await _member(session, clerk, person_id)
            role = StaffRole(member.role)
            await session.delete(member)
            person = await session.get_one(Person, person_id)
            if person.by_office:
                person.ended_at = now
            await session.flush()
            await _revoke_keys(session, person_id, now)
            for account_id in (await session.scalars(_accounts_of(person_id))).all():
                await self.sessions.end_all(session, account_id, "role_removed")
            self._record(session, clerk, "removed", person_id, role)

    async def _enter(self, session: AsyncSession, clerk: Clerk, new: NewStaff) -> UUID:
        """A person whom no roster knows."""
        first, last, person_id = tidy(new.first_name), tidy(new.last_name), uuid4()
        person = Person(
            id=person_id,
            district_id=clerk.district_id,
            sourced_id=f"office:{person_id.hex}",
            is_staff=True,
            first_name=first,
            last_name=last,
            name_words=name_words(first, last),
            first_seen_at=self.clock.now(),
            by_office=True,
        )
        session.add(person)
        await session.flush()
        return person_id

    async def _put(
        self, session: AsyncSession, clerk: Clerk, person_id: UUID, new: NewStaff, schools: Sequence[UUID]
    ) -> bool:
        """Writes role, username and schools; whether the person had no part before."""
        clerk.refuse_self(person_id)
        member = await session.get(StaffMember, person_id)
        is_new = member is None
        if member is None:
            member = StaffMember(person_id=person_id, district_id=clerk.district_id, added_at=self.clock.now())
            session.add(member)
        member.role, member.username = new.role.value, tidy(new.username)
        back = update(Person).where(Person.id == person_id, Person.by_office.is_(True)).values(ended_at=None)
        await session.execute(back)  # whom the office entered and removed, it may take back
        await _set_schools(session, person_id, schools)
        return is_new

    async def _key(self, session: AsyncSession, clerk: Clerk, district: OpenDistrict, person_id: UUID) -> IssuedKey:
        """For the hands of whoever stands at the desk, or on an operator's screen."""
        handover = Handover(KeyChannel.IN_PERSON, photo_id_checked=True) if clerk.account_id else Handover()
        return await self.key_issue.issue_to(session, district, person_id, Portal.STAFF, clerk=clerk, handover=handover)

    def _record(
        self,
        session: AsyncSession,
        clerk: Clerk,
        action: str,
        person_id: UUID,
        role: StaffRole,
        schools: Sequence[UUID] = (),
    ) -> None:
        clerk.record(
            session,
            f"staff:{action}",
            at=self.clock.now(),
            person_id=person_id,
            role=role.value,
            schools=sorted(map(str, schools)),
        )


# --- before anything is changed -------------------------------------------------------------------------------------


async def _hold(session: AsyncSession, clerk: Clerk, person_id: UUID | None) -> None:
    """The member's account, then the office, as everywhere: account, then what hangs on it."""
    if person_id:
        await session.execute(_accounts_of(person_id).with_for_update())
    await hold_office(session, clerk)


def _accounts_of(person_id: UUID) -> Any:
    return select(Account.id).where(Account.person_id == person_id, Account.portal == Portal.STAFF.value)


async def _member(session: AsyncSession, clerk: Clerk, person_id: UUID) -> StaffMember:
    query = select(StaffMember).where(StaffMember.person_id == person_id, StaffMember.district_id == clerk.district_id)
    member = await session.scalar(query)
    if member is None:
        raise NotFound
    return member


async def _require_entitled(session: AsyncSession, person_id: UUID) -> None:
    if await session.scalar(select(Person.id).where(Person.id == person_id, may_enter(Portal.STAFF))) is None:
        raise NotEntitled


async def _schools(session: AsyncSession, clerk: Clerk, role: StaffRole, named: Sequence[UUID | str]) -> Sequence[UUID]:
    """The ids of the schools, none for an admin: that is the whole district."""
    if named and role is StaffRole.DISTRICT_ADMIN:
        detail = msg("A district admin works for the whole district. Name schools for the help desk only.")
        raise ValidationFailed([FieldError("/school_ids", "schools_of_help_desk", detail)])
    return sorted({await school_named(session, clerk, name) for name in named})


# --- what is changed ------------------------------------------------------------------------------------------------


async def _set_schools(session: AsyncSession, person_id: UUID, schools: Sequence[UUID]) -> None:
    await session.flush()
    await session.execute(delete(StaffSchool).where(StaffSchool.person_id == person_id))
    session.add_all(StaffSchool(person_id=person_id, school_id=school) for school in schools)
    await session.flush()


async def _revoke_keys(session: AsyncSession, person_id: UUID, now: datetime) -> None:
    """Whoever uses one at this moment is waited for, so that the sessions that end next are all that there are."""
    await session.execute(
        update(ActivationKey)
        .where(
            ActivationKey.person_id == person_id,
            ActivationKey.portal == Portal.STAFF.value,
            ActivationKey.used_at.is_(None),
            ActivationKey.revoked_at.is_(None),
        )
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )
