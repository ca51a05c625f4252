"""What an operator or the office changes about a district: opening it, its settings, its announcements."""

import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import DistrictNotFound
from app.models import Announcement, District, DistrictNetwork, DistrictOrigin
from app.services import audit
from app.services.district_directory import check_names
from app.services.district_settings import DistrictSettings, SettingRefused, changed
from app.services.districts import open_district
from app.text import search_words

MAX_TITLE = 200
MAX_BODY = 10_000


@dataclass(frozen=True)
class DistrictOffice:
    database: Database
    clock: Clock

    async def add(self, *, district_id: str, name: str, state: str, timezone: str, city: str | None = None) -> bool:
        """Opens a district, new or from the directory; False where it was open with just these words.

        Raises:
            SettingRefused: an id, state or time zone that cannot be used.
        """
        check_names(district_id, name, state, city)
        if timezone not in zoneinfo.available_timezones():
            raise SettingRefused(f"{timezone!r} is not an IANA time zone such as America/New_York")
        async with self.database.transaction() as session:
            district = await session.get(District, district_id, with_for_update=True)
            known = district is not None
            district = district or District(id=district_id)
            before = (district.name, district.state, district.timezone, district.opened_at is not None, district.city)
            district.name, district.state, district.timezone = name, state, timezone
            district.city = city or district.city
            district.name_words, district.city_words = search_words(name), search_words(district.city or "")
            district.opened_at = district.opened_at or self.clock.now()
            if known and before == (name, state, timezone, True, district.city):
                return False
            session.add(district)
            audit.record(
                session, "operator:district:opened", at=self.clock.now(), actor=audit.OPERATOR, district_id=district_id
            )
            return True

    async def set(self, district_id: str, assignments: Iterable[str]) -> DistrictSettings:
        """Applies `path=value` assignments, all or none.

        Raises:
            DistrictNotFound: no such open district.
            SettingRefused: an unknown setting or a value outside its range.
        """
        async with self.database.transaction() as session:
            district = await session.get(District, district_id, with_for_update=True)
            if district is None or district.opened_at is None:
                raise DistrictNotFound
            stored = changed(district.settings, assignments)
            settings = DistrictSettings.model_validate(stored)
            if stored != district.settings:
                district.settings = stored
                district.version += 1
                await self._register(session, district_id, settings)
                audit.record(
                    session,
                    "operator:district:changed",
                    at=self.clock.now(),
                    actor=audit.OPERATOR,
                    district_id=district_id,
                )
            return settings

    async def announce(
        self,
        district_id: str,
        *,
        title: str,
        body: str,
        links: Sequence[dict[str, str]] = (),
        published_on: date | None = None,
        visible_from: datetime | None = None,
        visible_until: datetime | None = None,
    ) -> str:
        """Publishes a notice on the login screen and gives its id.

        Raises:
            DistrictNotFound: no such open district.
            SettingRefused: a title or body that is empty or too long, or an end before its beginning.
        """
        _check_notice(title, body, visible_from, visible_until)
        async with self.database.transaction() as session:
            await open_district(session, district_id)
            announcement = Announcement(
                district_id=district_id,
                title=title,
                body=body,
                links=list(links),
                published_on=published_on or self.clock.now().date(),
                visible_from=visible_from,
                visible_until=visible_until,
            )
            session.add(announcement)
            await session.flush()
            audit.record(
                session,
                "operator:announcement:published",
                at=self.clock.now(),
                actor=audit.OPERATOR,
                district_id=district_id,
            )
            return str(announcement.id)

    @staticmethod
    async def _register(session: AsyncSession, district_id: str, settings: DistrictSettings) -> None:
        """What requests are matched against before they name a district, in tables that can be asked for it."""
        await session.execute(delete(DistrictOrigin).where(DistrictOrigin.district_id == district_id))
        session.add_all(
            DistrictOrigin(origin=origin, district_id=district_id) for origin in sorted(set(settings.origins))
        )
        await session.execute(delete(DistrictNetwork).where(DistrictNetwork.district_id == district_id))
        networks = sorted(set(settings.networks.shared))
        session.add_all(DistrictNetwork(network=network, district_id=district_id) for network in networks)


def _check_notice(title: str, body: str, visible_from: datetime | None, visible_until: datetime | None) -> None:
    if not 1 <= len(title.strip()) <= MAX_TITLE or not 1 <= len(body.strip()) <= MAX_BODY:
        raise SettingRefused(
            f"an announcement needs a title of at most {MAX_TITLE} characters and a body of at most {MAX_BODY}"
        )
    if visible_from and visible_until and visible_until <= visible_from:
        raise SettingRefused("an announcement cannot end before it begins")
