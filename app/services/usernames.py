"""Whose a username is: an account's, or in the staff portal also a key's that the office made and nobody has used yet."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import UsernameTaken, ValidationFailed
from app.models import Account, StaffMember
from app.portals import Portal
from app.services.credential_policy import username_errors
from app.services.districts import OpenDistrict
from app.text import fold


async def check_staff_username(
    session: AsyncSession, district: OpenDistrict, username: str, person_id: UUID | None
) -> None:
    """Nothing, where `person_id` (None for somebody new) may have it in the staff portal.

    Raises:
        ValidationFailed: the district's policy does not allow it.
        UsernameTaken: it is somebody else's.
    """
    if errors := list(username_errors(username, district.settings.username_policy)):
        raise ValidationFailed(errors)
    if await is_anothers(session, district.id, Portal.STAFF, username, person_id):
        raise UsernameTaken


async def is_anothers(
    session: AsyncSession, district_id: str, portal: Portal, username: str, person_id: UUID | None
) -> bool:
    """Whether somebody other than this person has the username in this portal, however it is written."""
    folded = fold(username)
    accounts = select(Account.person_id).where(
        Account.district_id == district_id, Account.portal == portal.value, Account.username_folded == folded
    )
    owners = set(await session.scalars(accounts))
    if portal is Portal.STAFF:
        kept = select(StaffMember.person_id, StaffMember.username).where(
            StaffMember.district_id == district_id, StaffMember.username.is_not(None)
        )
        owners |= {row.person_id for row in await session.execute(kept) if fold(row.username or "") == folded}
    return bool(owners - {person_id})
