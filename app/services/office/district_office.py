"""What an operator or the office changes about a district: opening it, and its settings."""

import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import DistrictNotFound, PreconditionFailed
from app.models import District, DistrictNetwork, DistrictOrigin
from app.services import audit
from app.services.clerk import Clerk, operator_of
from app.services.directory.version import directory_changed
from app.services.district_directory import check_names
from app.services.district_settings import DistrictSettings
from app.services.setting_paths import SettingRefused, changed, differences, merged
from app.text import search_words


@dataclass(frozen=True)
class DistrictState:
    version: int
    """Another one after each change."""
    settings: DistrictSettings


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
        if timezone not in _time_zones():
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
            await directory_changed(session)
            return True

    async def set(self, district_id: str, assignments: Iterable[str]) -> DistrictSettings:
        """Applies an operator's `path=value` assignments, all or none.

        Raises:
            DistrictNotFound: no such open district.
            SettingRefused: an unknown setting or a value outside its range.
        """
        async with self.database.transaction() as session:
            district = await _locked(session, district_id)
            settings = DistrictSettings.model_validate(changed(district.settings, assignments, DistrictSettings))
            await self._store(session, operator_of(district_id), district, settings)
            return settings

    async def look(self, clerk: Clerk) -> DistrictState:
        """The settings of the clerk's district as they are now."""
        async with self.database.reading() as connection:
            query = select(District.version, District.settings).where(District.id == clerk.district_id)
            row = (await connection.execute(query)).one()
        return DistrictState(row.version, DistrictSettings.model_validate(row.settings))

    async def change(
        self, clerk: Clerk, changes: Mapping[str, Any], *, is_known: Callable[[int], bool]
    ) -> DistrictState:
        """Puts `changes`, a mapping for each group of settings, over those of the clerk's district; "" takes a text away.

        `is_known` says of the version that is there now whether it is the one that the clerk has seen.

        Raises:
            PreconditionFailed: it is not.
            ValidationError: a value outside its range, or two that do not go together.
        """
        async with self.database.transaction() as session:
            district = await _locked(session, clerk.district_id)
            if not is_known(district.version):
                raise PreconditionFailed
            settings = merged(district.settings, changes, DistrictSettings)
            await self._store(session, clerk, district, settings)
            return DistrictState(district.version, settings)

    async def _store(self, session: AsyncSession, clerk: Clerk, district: District, settings: DistrictSettings) -> None:
        """What is the same as before makes no new version. Texts may be personal, so the trail gets numbers and switches only."""
        different = differences(DistrictSettings.model_validate(district.settings), settings)
        if not different:
            return
        district.settings = settings.model_dump(mode="json", exclude_unset=True)
        district.version += 1
        await self._register(session, district.id, settings)
        values = {path: pair for path, pair in different.items() if all(isinstance(each, int) for each in pair)}
        clerk.record(session, "district:changed", at=self.clock.now(), changed=sorted(different), values=values)
        if "portals" in different:
            await directory_changed(session)

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


@cache
def _time_zones() -> frozenset[str]:
    """Found once, as looking for them opens six hundred files."""
    return frozenset(zoneinfo.available_timezones())


async def _locked(session: AsyncSession, district_id: str) -> District:
    """Raises DistrictNotFound: no such open district."""
    district = await session.get(District, district_id, with_for_update=True)
    if district is None or district.opened_at is None:
        raise DistrictNotFound
    return district
