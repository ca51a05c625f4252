"""What the school has switched on, as somebody's app shows it: areas of the menu and notifications, now.

A guardian sees the union of her children's schools, and for each area which children it is on for; only children whom the portal shows
her count. A student sees his own schools, staff theirs. All of it is read at each request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import FeatureDisabled
from app.models import Enrollment, Person, Relationship, School, SchoolSettings
from app.portals import Portal
from app.services.app_areas import AREAS_OF, SWITCHED_OFF, Area, AreaState, Calendar, SchoolAreas, local_day
from app.services.districts import OpenDistrict, open_district
from app.services.me import Named


@dataclass(frozen=True)
class Closed:
    """Somebody for whom an area is not on now."""

    student_id: UUID | None
    """None for staff."""
    school: Named | None
    reason: str
    """`switched_off`, or why it is closed for a time."""
    back_on: date | None
    """By the district's calendar; None where nobody knows."""
    back_at: datetime | None


@dataclass(frozen=True)
class MenuItem:
    area: Area
    on: bool
    """For any of them."""
    students: Sequence[UUID]
    """For whom it is on; empty for staff."""
    closed: Sequence[Closed]

    @property
    def back_on(self) -> date | None:
        """Of an area that is on for nobody: the first day on which it is back for somebody."""
        known = [each.back_on for each in self.closed if each.back_on]
        return min(known) if known and not self.on else None


@dataclass(frozen=True)
class MenuView:
    timezone: str
    items: Sequence[MenuItem]
    notifications: MenuItem


@dataclass(frozen=True)
class _Place:
    """Somebody at one of his schools; without a school where he has none."""

    student_id: UUID | None
    school: Named | None
    calendar: Calendar


@dataclass(frozen=True)
class Menu:
    database: Database
    clock: Clock

    async def show(self, person_id: UUID, portal: Portal, district_id: str) -> MenuView:
        """Every area that the portal's app has, in the order of its menu, on or not."""
        now = self.clock.now()
        async with self.database.reading() as connection:
            district = await open_district(connection, district_id)
            places = await _places(connection, person_id, portal, district)
        items = {area: _item(area, portal, places, now, district) for area in AREAS_OF[portal]}
        return MenuView(
            district.timezone,
            [items[area] for area in items if area is not Area.NOTIFICATIONS],
            items[Area.NOTIFICATIONS],
        )

    async def require(self, area: Area, person_id: UUID, portal: Portal, district_id: str) -> None:
        """Raises FeatureDisabled, with the day on which it is back, unless the area is on for somebody."""
        menu = await self.show(person_id, portal, district_id)
        item = next((item for item in menu.items if item.area is area), None)
        if item is None or not item.on:
            raise FeatureDisabled(item.back_on if item else None)


async def wants_push(session: AsyncSession, person_id: UUID, portal: Portal, district: OpenDistrict) -> bool:
    """Whether push messages may go out: the district has them on, and a school has not switched them off.

    Closures keep back what schools tell, never word of what happened to the account itself, so they do not count here.
    """
    if not district.settings.features.push:
        return False
    places = await _places(session, person_id, portal, district)
    return any(place.calendar.offers(Area.NOTIFICATIONS, portal) for place in places)


async def _places(
    connection: AsyncConnection | AsyncSession, person_id: UUID, portal: Portal, district: OpenDistrict
) -> list[_Place]:
    """Where the children, the student or the member of the staff are; at least one place, so that the district's own settings always count."""
    rows = (await connection.execute(_schools(person_id, portal))).all()
    at_school = {row.id for row in rows if row.school_id}
    places = [_place(row, portal, district) for row in rows if row.school_id or row.id not in at_school]
    return places or [_Place(None, None, _calendar(district, None))]


def _schools(person_id: UUID, portal: Portal) -> Select[*tuple[Any, ...]]:
    query = (
        select(Person.id, School.id.label("school_id"), School.name, SchoolSettings.areas)
        .select_from(Person)
        .outerjoin(Enrollment, Enrollment.person_id == Person.id)
        .outerjoin(School, and_(School.id == Enrollment.school_id, School.ended_at.is_(None)))
        .outerjoin(SchoolSettings, SchoolSettings.school_id == School.id)
        .where(Person.ended_at.is_(None))
        .order_by(Person.first_name, Person.id, Enrollment.is_primary.desc(), School.name)
    )
    if portal is not Portal.PARENT:
        return query.where(Person.id == person_id)
    shown = (Relationship.guardian_id == person_id, Relationship.portal.is_(True), Relationship.ended_at.is_(None))
    return query.join(Relationship, Relationship.student_id == Person.id).where(*shown, Person.is_student.is_(True))


def _place(row: Any, portal: Portal, district: OpenDistrict) -> _Place:
    school = Named(str(row.school_id), row.name) if row.school_id else None
    return _Place(None if portal is Portal.STAFF else row.id, school, _calendar(district, row.areas))


def _calendar(district: OpenDistrict, areas: dict[str, Any] | None) -> Calendar:
    return Calendar(district.zone, district.settings.areas, SchoolAreas.model_validate(areas) if areas else None)


def _item(area: Area, portal: Portal, places: Sequence[_Place], now: datetime, district: OpenDistrict) -> MenuItem:
    """Who is at several schools has it where one of them has it on; else the one counts where it is back first."""
    whose: dict[UUID | None, list[tuple[_Place, AreaState]]] = {}
    for place in places:
        whose.setdefault(place.student_id, []).append((place, _state(area, portal, place, now, district)))
    on = [student for student, states in whose.items() if any(state.on for _, state in states)]
    closed = [_closed(*min(states, key=_by_return), district) for student, states in whose.items() if student not in on]
    return MenuItem(area, bool(on), [student for student in on if student], closed)


def _state(area: Area, portal: Portal, place: _Place, now: datetime, district: OpenDistrict) -> AreaState:
    if area is Area.NOTIFICATIONS and not district.settings.features.push:
        return AreaState(SWITCHED_OFF)
    return place.calendar.state(area, portal, now)


def _by_return(found: tuple[_Place, AreaState]) -> tuple[bool, float]:
    """Soonest first, who knows when nobody knows last."""
    back_at = found[1].back_at
    return (back_at is None, back_at.timestamp() if back_at else 0)


def _closed(place: _Place, state: AreaState, district: OpenDistrict) -> Closed:
    back_on = local_day(state.back_at, district.zone)
    return Closed(place.student_id, place.school, state.reason or SWITCHED_OFF, back_on, state.back_at)
