"""The office of a demo district: members with accounts made with real keys, and with authenticators whose secret everybody knows."""

from uuid import UUID

from app.composition import Campus
from app.demo.blueprint import DemoDistrict, DemoStaff
from app.demo.districts import PASSWORD, TOTP_SECRET
from app.models import TotpFactor
from app.services.activate import ActivationRequest
from app.services.clerk import operator_of
from app.services.office.staff_office import NewStaff


async def hire_staff(campus: Campus, district: DemoDistrict) -> None:
    """Those who are not there yet."""
    members = {member.username: member for member in await campus.staff_list.every(operator_of(district.id))}
    for wanted in district.staff:
        known = members.get(wanted.username)
        account_id = known.account_id if known else None
        if account_id is None:
            account_id = await _hire(campus, district, wanted, known.person_id if known else None)
        await _give_authenticator(campus, account_id)


async def _hire(campus: Campus, district: DemoDistrict, wanted: DemoStaff, person_id: UUID | None) -> UUID:
    new = NewStaff(wanted.role, wanted.username, wanted.first_name, wanted.last_name, person=person_id)
    added = await campus.staff_office.add(operator_of(district.id), new)
    request = ActivationRequest(
        district=district.id,
        activation_key=added.activation_key or "",
        username=wanted.username,
        password=PASSWORD,
        password_confirm=PASSWORD,
    )
    return (await campus.activation.activate(request)).account.id


async def _give_authenticator(campus: Campus, account_id: UUID) -> None:
    """As if its first code had been typed long ago, so that the one that it shows now is not used up."""
    async with campus.database.transaction() as session:
        if await session.get(TotpFactor, account_id) is None:
            sealed = campus.digests.seal(TOTP_SECRET)
            session.add(TotpFactor(account_id=account_id, sealed_secret=sealed, confirmed_at=campus.clock.now()))
