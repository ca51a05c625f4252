"""Activation keys that the office hands over one at a time: in person, by letter, by mail."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import (
    DailyLimitReached,
    FieldError,
    Forbidden,
    NoAddress,
    NotEntitled,
    NotFound,
    ValidationFailed,
)
from app.models import Person
from app.portals import Portal
from app.services.clerk import Clerk
from app.services.daily_quotas import LocalDay
from app.services.districts import OpenDistrict, open_district
from app.services.key_mail import KeyMail
from app.services.key_people import issue_alone, refuse_disabled
from app.services.keys import Handover, IssuedKey, KeyChannel, KeyIssue, NobodyToIssueTo
from app.services.portal_access import may_enter
from app.translation import msg


@dataclass(frozen=True)
class KeyOrder:
    """What a clerk asks for."""

    person_id: UUID
    channel: KeyChannel
    photo_id_checked: bool = False
    portal: Portal | None = None
    """May be left out where the person may enter just one."""


@dataclass(frozen=True)
class OfficeKeys:
    database: Database
    clock: Clock
    key_issue: KeyIssue
    key_mail: KeyMail

    async def issue(self, clerk: Clerk, order: KeyOrder) -> IssuedKey:
        """A new key instead of the person's live one. Only who hands it over in person may show it.

        Raises:
            ValidationFailed: in person without a look at a photo ID; or which portal is not clear.
            NotFound: no such person in the clerk's part of the district.
            Forbidden: a key for the clerk himself, or for a colleague without being a district admin.
            FeatureDisabled: the district has closed this portal.
            NotEntitled: the person may not enter, or the account is switched off.
            NoAddress, DailyLimitReached: by mail, and there is no address on record, or it had five today.
        """
        if order.channel is KeyChannel.IN_PERSON and not order.photo_id_checked:
            detail = msg("Look at a photo ID first, and say that you did.")
            raise ValidationFailed([FieldError("/photo_id_checked", "photo_id_not_checked", detail)])
        async with self.database.transaction() as session:
            district = await open_district(session, clerk.district_id)
            await issue_alone(session, district.id)  # before any mail is counted, as batches do
            portal = await _portal(session, clerk, district, order)
            await refuse_disabled(session, order.person_id, portal)
            if order.channel is KeyChannel.EMAIL:
                await self._require_address(session, district, order.person_id)
            handover = Handover(order.channel, photo_id_checked=order.photo_id_checked)
            try:
                key = await self.key_issue.issue_to(
                    session, district, order.person_id, portal, clerk=clerk, handover=handover
                )
            except NobodyToIssueTo as gone:  # since a moment ago
                raise NotEntitled from gone
            if order.channel is KeyChannel.EMAIL:
                self.key_mail.promise(session, district, key, self.clock.now())
            return key

    async def _require_address(self, session: AsyncSession, district: OpenDistrict, person_id: UUID) -> None:
        now = self.clock.now()
        address = await session.scalar(select(Person.email).where(Person.id == person_id))
        if not address:
            raise NoAddress
        if not await self.key_mail.admits(session, district, address, now):
            raise DailyLimitReached(LocalDay.of(now, district.timezone).seconds_left(now))


async def _portal(session: AsyncSession, clerk: Clerk, district: OpenDistrict, order: KeyOrder) -> Portal:
    """The portal that the clerk named, or the only one for which a key would be the clerk's to issue."""
    clerk.refuse_self(order.person_id)
    doors = (may_enter(portal).label(portal.value) for portal in Portal)
    found = await session.execute(select(*doors).where(Person.id == order.person_id, clerk.sees_person()))
    row = found.one_or_none()
    if row is None:
        raise NotFound
    entitled = [portal for portal in Portal if getattr(row, portal.value)]
    if order.portal:
        if not clerk.may_issue_for(order.portal):
            raise Forbidden
        district.require_portal(order.portal)
        if order.portal not in entitled:
            raise NotEntitled
        return order.portal
    usable = [portal for portal in entitled if portal is Portal.STAFF or portal in district.settings.portals]
    choice = [portal for portal in usable if clerk.may_issue_for(portal)]
    if len(choice) > 1:
        detail = msg("This person may enter several portals. Name one of: {portals}.")
        raise ValidationFailed([FieldError("/portal", "portal_needed", detail, {"portals": ", ".join(choice)})])
    if not choice:
        raise Forbidden if usable else NotEntitled
    return choice[0]
