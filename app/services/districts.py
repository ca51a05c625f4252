"""One district, as everybody may see it: what its login screen shows, and what its settings allow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam, or_, select

from app.clock import Clock
from app.database import Asks, Database, Statement
from app.errors import DistrictNotFound, FeatureDisabled, Maintenance
from app.models import Announcement, District, DistrictOrigin
from app.portals import Portal
from app.services.app_areas import back, local_day
from app.services.district_settings import DistrictSettings
from app.services.sso.providers import SsoButton, buttons_of
from app.services.stored_settings import settings_of, settings_text

MOST_ANNOUNCEMENTS = 100
"""So many are shown at once, the newest; nobody reads as many."""


@dataclass(frozen=True)
class OpenDistrict:
    """A district that takes part, with its settings complete."""

    id: str
    name: str
    state: str
    city: str | None
    timezone: str
    settings: DistrictSettings
    opened: bool = True

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def base_url(self, public_url: str) -> str:
        """Where mailed and printed links begin. From configuration alone: no header of any request has a say."""
        return self.settings.portal_url or public_url

    def require(self, feature: str, now: datetime | None = None) -> None:
        """Raises FeatureDisabled unless the district has `feature` switched on and, where `now` is given, not closed for a time."""
        if not getattr(self.settings.features, feature):
            raise FeatureDisabled
        if now and feature in (closed := self.closed_features(now)):
            raise FeatureDisabled(closed[feature])

    def closed_features(self, now: datetime) -> dict[str, date | None]:
        """Features that are on and closed for a time, each with the day on which it is back, if that is known."""
        spans = self.settings.feature_closures
        holding = {span.feature for span in spans if span.holds(now, self.zone)}
        return {
            feature.value: local_day(
                back((span for span in spans if span.feature is feature), now, self.zone), self.zone
            )
            for feature in sorted(holding)
            if getattr(self.settings.features, feature)
        }

    def has_portal(self, portal: Portal) -> bool:
        """Staff always have their door; the other portals are the district's choice."""
        return portal is Portal.STAFF or portal in self.settings.portals

    def require_portal(self, portal: Portal) -> None:
        """Raises FeatureDisabled unless the district has it."""
        if not self.has_portal(portal):
            raise FeatureDisabled

    def require_no_maintenance(self, now: datetime) -> None:
        until = self.settings.maintenance_until
        if until and until > now:
            raise Maintenance(until, now=now)


@dataclass(frozen=True)
class AnnouncementView:
    id: str
    published_on: date
    title: str
    body: str
    links: Sequence[dict[str, str]]


@dataclass(frozen=True)
class LoginScreen:
    district: OpenDistrict
    announcements: Sequence[AnnouncementView]
    linking_available: bool
    closed_features: Mapping[str, date | None]
    """Switched on, and closed for a time; with the day on which each is back, if that is known."""
    maintenance_until: datetime | None
    sso: Sequence[SsoButton] = ()


@dataclass(frozen=True)
class Districts:
    database: Database
    clock: Clock
    linking_states: frozenset[str]

    async def login_screen(self, district_id: str) -> LoginScreen:
        """What the app shows before anybody has signed in.

        Raises:
            DistrictNotFound: no such district.
        """
        now = self.clock.now()
        async with self.database.reading() as connection:
            district = await find_district(connection, district_id)
            rows = await connection.execute(
                select(
                    Announcement.id,
                    Announcement.published_on,
                    Announcement.title,
                    Announcement.body,
                    Announcement.links,
                )
                .where(
                    Announcement.district_id == district_id,
                    or_(Announcement.visible_from.is_(None), Announcement.visible_from <= now),
                    or_(Announcement.visible_until.is_(None), Announcement.visible_until > now),
                )
                .order_by(Announcement.published_on.desc(), Announcement.id)
                .limit(MOST_ANNOUNCEMENTS)
            )
            announcements = [
                AnnouncementView(str(row.id), row.published_on, row.title, row.body, row.links) for row in rows
            ]
            offered = [portal for portal in Portal if district.has_portal(portal)]
            with_sso = district.opened and district.settings.features.sso
            buttons = await buttons_of(connection, district.id, offered) if with_sso else []
        until = district.settings.maintenance_until
        return LoginScreen(
            district=district,
            announcements=announcements,
            linking_available=district.settings.features.linking and district.state in self.linking_states,
            closed_features=district.closed_features(now),
            maintenance_until=until if until and until > now else None,
            sso=buttons,
        )

    async def allows_origin(self, origin: str) -> bool:
        """Whether any district registered this web origin."""
        async with self.database.reading() as connection:
            found = await connection.execute(
                select(DistrictOrigin.district_id).where(DistrictOrigin.origin == origin).limit(1)
            )
            return found.first() is not None

    async def origins_beside(self, domain: str) -> Sequence[str]:
        """The web origins of all districts that are neither on this domain nor below it."""
        async with self.database.reading() as connection:
            rows = await connection.scalars(select(DistrictOrigin.origin).distinct().order_by(DistrictOrigin.origin))
            hosts = {origin: urlsplit(origin).hostname or "" for origin in rows}
        return [origin for origin, host in hosts.items() if not f".{host}".endswith(f".{domain}")]


async def open_district(connection: Asks, district_id: str) -> OpenDistrict:
    """The district by its id.

    Raises:
        DistrictNotFound: there is none, or it is only an entry of the directory.
    """
    district = await find_district(connection, district_id)
    return opened(district)


async def find_district(connection: Asks, district_id: str) -> OpenDistrict:
    """The district by its id, opened or not.

    Raises:
        DistrictNotFound: there is none.
    """
    row = await _BY_ID.first(connection, {"district_id": district_id})
    if row is None:
        raise DistrictNotFound
    return district_of(row)


def opened(district: OpenDistrict) -> OpenDistrict:
    """Raises DistrictNotFound for an entry of the directory."""
    if not district.opened:
        raise DistrictNotFound
    return district


def district_columns(district: Any, place: str = "") -> tuple[ColumnElement[Any], ...]:
    """SQL: what `district_of` wants to know of a `District`, one of several in a row, perhaps."""
    plain = (district.id, district.name, district.state, district.city, district.timezone, district.opened_at)
    return *(each.label(f"{place}{each.key}") for each in plain), settings_text(district).label(f"{place}settings")


def district_of(row: Any, place: str = "") -> OpenDistrict:
    """From a row with `district_columns`."""
    return OpenDistrict(
        id=getattr(row, f"{place}id"),
        name=getattr(row, f"{place}name"),
        state=getattr(row, f"{place}state"),
        city=getattr(row, f"{place}city"),
        timezone=getattr(row, f"{place}timezone") or "UTC",
        settings=settings_of(getattr(row, f"{place}settings")),
        opened=getattr(row, f"{place}opened_at") is not None,
    )


_BY_ID = Statement(select(*district_columns(District)).where(District.id == bindparam("district_id")))
