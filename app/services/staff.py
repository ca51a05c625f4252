"""Staff of a district's office: who has which role, for which schools."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select

from app.clock import Clock
from app.database import Database
from app.errors import Forbidden, StepUpRequired, TotpRequired
from app.models import StaffMember, StaffSchool
from app.portals import Portal
from app.services.clerk import Clerk, StaffAccess, StaffRole
from app.services.sessions import SignedIn

_ROLE_AND_SCHOOLS = (
    select(StaffMember.role, StaffSchool.school_id)
    .outerjoin(StaffSchool, StaffSchool.person_id == StaffMember.person_id)
    .where(StaffMember.person_id == bindparam("person_id"), StaffMember.district_id == bindparam("district_id"))
)


@dataclass(frozen=True)
class Staff:
    database: Database
    clock: Clock

    async def clerk(self, caller: SignedIn, access: StaffAccess) -> Clerk:
        """The caller at his desk.

        Raises:
            Forbidden: not a staff account, or its role may not do this.
            TotpRequired: the session has not passed the second factor.
            StepUpRequired: `access` wants a step-up, and there was none in the last five minutes.
        """
        account = caller.account
        if account.portal is not Portal.STAFF:
            raise Forbidden
        named = {"person_id": account.person_id, "district_id": account.district_id}
        async with self.database.reading() as connection:
            rows = (await connection.execute(_ROLE_AND_SCHOOLS, named)).all()
        if not rows or rows[0].role not in access.roles:
            raise Forbidden
        if caller.totp_at is None:
            raise TotpRequired
        if access.step_up and not caller.has_stepped_up(self.clock.now()):
            raise StepUpRequired
        schools = frozenset[UUID](row.school_id for row in rows if row.school_id)
        return Clerk(account.district_id, StaffRole(rows[0].role), account.id, account.person_id, schools)
