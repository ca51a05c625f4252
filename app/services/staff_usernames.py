"""Usernames that the office chooses for its staff: their keys bring them."""

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
    """Nothing, where `person_id` (None for somebody new) may have it: neither an account nor a key that nobody has used yet has it.

    Raises:
        ValidationFailed: the district's policy does not allow it.
        UsernameTaken: it is somebody else's.
    """
    if errors := list(username_errors(username, district.settings.username_policy)):
        raise ValidationFailed(errors)
    accounts = select(Account.person_id).where(
        Account.district_id == district.id,
        Account.portal == Portal.STAFF.value,
        Account.username_folded == fold(username),
    )
    kept = select(StaffMember.person_id, StaffMember.username).where(
        StaffMember.district_id == district.id, StaffMember.username.is_not(None)
    )
    owners = set(await session.scalars(accounts))
    owners |= {row.person_id for row in await session.execute(kept) if fold(row.username or "") == fold(username)}
    if owners - {person_id}:
        raise UsernameTaken
