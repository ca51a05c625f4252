"""Changes of who runs a district's office, one at a time, so that the office never loses its last admin."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Forbidden
from app.models import Account, District, StaffMember
from app.portals import Portal
from app.services.clerk import Clerk, StaffRole


async def hold_office(session: AsyncSession, clerk: Clerk) -> None:
    """Waits for whoever changes the district's staff or their accounts, and keeps others waiting until the transaction ends.

    The clerk must be an admin still, with an account that opens: so of two who take each other's part or account away at the same
    moment one stays, and as nobody does it to himself, there is always one. The caller holds the colleague's account already (account,
    then what hangs on it). An operator may do anything.

    Raises:
        Forbidden: the clerk is no admin any more, or his account was switched off or reset meanwhile.
    """
    await session.execute(select(District.id).where(District.id == clerk.district_id).with_for_update(key_share=True))
    if clerk.account_id is None:
        return
    is_admin_still = (
        select(StaffMember.role)
        .join(Account, Account.person_id == StaffMember.person_id)
        .where(
            StaffMember.person_id == clerk.person_id,
            StaffMember.district_id == clerk.district_id,
            StaffMember.role == StaffRole.DISTRICT_ADMIN.value,
            Account.portal == Portal.STAFF.value,
            Account.disabled_at.is_(None),
            Account.password_hash.is_not(None),
        )
    )
    if await session.scalar(is_admin_still) is None:
        raise Forbidden
