"""The schools of a district at the office's desk, and what each has switched on in the app."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import NotFound, PreconditionFailed
from app.models import School, SchoolSettings
from app.services.app_areas import SchoolAreas
from app.services.clerk import Clerk
from app.services.office.person_search import comes_after
from app.services.office.roster_names import school_named
from app.services.pages import Page
from app.services.setting_paths import changed, differences, merged


@dataclass(frozen=True)
class SchoolEntry:
    id: UUID
    name: str
    identifier: str | None
    version: int
    """Of its areas: 0 until somebody changes them first, another one after each change."""
    areas: SchoolAreas


@dataclass(frozen=True)
class SchoolDesk:
    database: Database
    clock: Clock

    async def page(self, clerk: Clerk, limit: int, after: UUID | None = None) -> Page[SchoolEntry, UUID]:
        """Up to `limit` schools that are in the roster, by name."""
        query = _schools(clerk)
        if after:
            name = select(School.name).where(School.id == after, School.district_id == clerk.district_id)
            query = query.where(comes_after((School.name, School.id), name.correlate(None).scalar_subquery(), after))
        async with self.database.reading() as connection:
            found = [_entry(row) for row in await connection.execute(query.limit(limit + 1))]
        return Page.of(found, limit, lambda last: last.id)

    async def one(self, clerk: Clerk, school_id: UUID) -> SchoolEntry:
        """Raises NotFound for a school outside the clerk's part of the district, too."""
        async with self.database.reading() as connection:
            row = (await connection.execute(_schools(clerk).where(School.id == school_id))).one_or_none()
        if row is None:
            raise NotFound
        return _entry(row)

    async def change(
        self, clerk: Clerk, school_id: UUID, changes: Mapping[str, Any], *, is_known: Callable[[int], bool]
    ) -> SchoolEntry:
        """Puts `changes` over what the school has; it holds at the next request of everybody.

        `is_known` says of the version that is there now whether it is the one that the clerk has seen.

        Raises:
            NotFound: outside the clerk's part of the district, too.
            PreconditionFailed: the clerk has not seen what is there now.
            ValidationError: a value outside its range, or two that do not go together.
        """
        async with self.database.transaction() as session:
            school, settings = await _held(session, clerk, school_id)
            if not is_known(settings.version):
                raise PreconditionFailed
            return self._store(session, clerk, school, settings, merged(settings.areas, changes, SchoolAreas))

    async def set(self, clerk: Clerk, named: str, assignments: Iterable[str]) -> SchoolEntry:
        """Applies an operator's `path=value` assignments, all or none, to the school of this id, sourced id, identifier or name.

        Raises:
            ValidationFailed: no such school, or several.
            SettingRefused: an unknown setting or a value outside its range.
        """
        async with self.database.transaction() as session:
            school, settings = await _held(session, clerk, await school_named(session, clerk, named))
            areas = SchoolAreas.model_validate(changed(settings.areas, assignments, SchoolAreas))
            return self._store(session, clerk, school, settings, areas)

    def _store(
        self, session: AsyncSession, clerk: Clerk, school: School, settings: SchoolSettings, areas: SchoolAreas
    ) -> SchoolEntry:
        """What is the same as before makes no new version."""
        if different := differences(SchoolAreas.model_validate(settings.areas), areas):
            settings.areas = areas.model_dump(mode="json", exclude_unset=True)
            settings.version += 1
            session.add(settings)
            clerk.record(
                session, "school:changed", at=self.clock.now(), school=str(school.id), changed=sorted(different)
            )
        return SchoolEntry(school.id, school.name, school.identifier, settings.version, areas)


async def _held(session: AsyncSession, clerk: Clerk, school_id: UUID) -> tuple[School, SchoolSettings]:
    """The school, held so that of two who change it one waits, and its settings. Raises NotFound."""
    query = select(School).where(School.id == school_id, clerk.sees_school())
    school = await session.scalar(query.with_for_update(key_share=True))
    if school is None:
        raise NotFound
    settings = await session.get(SchoolSettings, school_id)
    new = SchoolSettings(school_id=school_id, district_id=clerk.district_id, areas={}, version=0)
    return school, settings or new


def _schools(clerk: Clerk) -> Select[*tuple[Any, ...]]:
    columns = (School.id, School.name, School.identifier, SchoolSettings.areas, SchoolSettings.version)
    return (
        select(*columns)
        .outerjoin(SchoolSettings, SchoolSettings.school_id == School.id)
        .where(clerk.sees_school())
        .order_by(School.name, School.id)
    )


def _entry(row: Any) -> SchoolEntry:
    return SchoolEntry(row.id, row.name, row.identifier, row.version or 0, SchoolAreas.model_validate(row.areas or {}))
