"""Staff at their desks: accounts of the staff portal with a role, whose session has passed the second factor."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import update

from app.models import SignInSession, StaffMember, StaffSchool
from app.portals import Portal
from app.services.clerk import StaffRole
from tests.support.office import Office
from tests.support.portal import User


async def at_desk(
    office: Office,
    role: StaffRole = StaffRole.DISTRICT_ADMIN,
    *,
    name: str = "Dana Reed",
    schools: Collection[UUID] = (),
    stepped_up: bool = True,
) -> User:
    """A new member of staff with a live session, as if the code of the authenticator had just been typed.

    (How it is typed is told in `tests/office/test_totp.py`; here it only has to be true.)
    """
    person = await office.staff_member(name)
    await give_role(office, person, role, schools)
    member = await office.user(person, Portal.STAFF)
    assert (await member.activate()).status_code == 201
    await pass_second_factor(member, stepped_up=stepped_up)
    return member


async def give_role(office: Office, person: UUID, role: StaffRole, schools: Collection[UUID] = ()) -> None:
    now = office.campus.clock.now()
    async with office.campus.database.transaction() as session:
        session.add(StaffMember(person_id=person, district_id=office.district, role=role.value, added_at=now))
        await session.flush()
        session.add_all(StaffSchool(person_id=person, school_id=school) for school in schools)


async def pass_second_factor(member: User, *, stepped_up: bool = True) -> None:
    """In every session that the member has now."""
    campus = member.server.campus
    now = campus.clock.now()
    account = member.session["account"]["id"]
    async with campus.database.transaction() as session:
        await session.execute(
            update(SignInSession)
            .where(SignInSession.account_id == UUID(account))
            .values(totp_at=now, stepped_up_at=now if stepped_up else None)
        )
