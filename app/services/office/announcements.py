"""Notices on the login screen of a district: the office writes, changes and removes them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import FieldError, NotFound, ValidationFailed
from app.models import Announcement
from app.services.clerk import Clerk
from app.services.districts import open_district
from app.services.pages import DayPosition, Page
from app.translation import msg

MAX_TITLE = 200
MAX_BODY = 10_000


@dataclass(frozen=True)
class Notice:
    """What somebody writes."""

    title: str
    body: str
    links: Sequence[dict[str, str]] = ()
    """Each with `label` and `url`."""
    published_on: date | None = None
    """The district's today if left out; a change leaves it as it is."""
    visible_from: datetime | None = None
    visible_until: datetime | None = None


@dataclass(frozen=True)
class Announced:
    """What the office sees of a notice."""

    id: UUID
    published_on: date
    visible_from: datetime | None
    visible_until: datetime | None
    title: str
    body: str
    links: Sequence[dict[str, str]]

    @classmethod
    def of(cls, row: Any) -> "Announced":
        return cls(**{field.name: getattr(row, field.name) for field in fields(cls)})


@dataclass(frozen=True)
class Announcements:
    database: Database
    clock: Clock

    async def page(self, clerk: Clerk, limit: int, after: DayPosition | None) -> Page[Announced, DayPosition]:
        """Those of the past and the future, too, newest first."""
        day, id_ = Announcement.published_on, Announcement.id
        query = select(*(getattr(Announcement, field.name) for field in fields(Announced))).where(
            Announcement.district_id == clerk.district_id
        )
        if after:
            query = query.where(or_(day < after[0], and_(day == after[0], id_ > after[1])))
        async with self.database.reading() as connection:
            rows = await connection.execute(query.order_by(day.desc(), id_).limit(limit + 1))
            found = [Announced.of(row) for row in rows]
        return Page.of(found, limit, lambda last: (last.published_on, last.id))

    async def publish(self, clerk: Clerk, notice: Notice) -> Announced:
        """Shows the notice from now on, or as long as it says.

        Raises:
            DistrictNotFound: no such open district.
            ValidationFailed: a title or body that is empty or too long, or an end before its beginning.
        """
        _check(notice)
        now = self.clock.now()
        async with self.database.transaction() as session:
            district = await open_district(session, clerk.district_id)
            announcement = Announcement(
                district_id=district.id, published_on=now.astimezone(ZoneInfo(district.timezone)).date()
            )
            _write(announcement, notice)
            session.add(announcement)
            await session.flush()
            clerk.record(session, "announcement:published", at=now, announcement=str(announcement.id))
            return Announced.of(announcement)

    async def change(self, clerk: Clerk, announcement_id: UUID, notice: Notice) -> Announced:
        """Puts another notice in its place.

        Raises:
            NotFound: the district has no such announcement.
            ValidationFailed: as for `publish`.
        """
        _check(notice)
        async with self.database.transaction() as session:
            announcement = await _find(session, clerk, announcement_id)
            _write(announcement, notice)
            if session.is_modified(announcement):
                now = self.clock.now()
                clerk.record(session, "announcement:changed", at=now, announcement=str(announcement_id))
            return Announced.of(announcement)

    async def remove(self, clerk: Clerk, announcement_id: UUID) -> None:
        """Raises NotFound: the district has no such announcement."""
        async with self.database.transaction() as session:
            await session.delete(await _find(session, clerk, announcement_id))
            clerk.record(session, "announcement:removed", at=self.clock.now(), announcement=str(announcement_id))


async def _find(session: AsyncSession, clerk: Clerk, announcement_id: UUID) -> Announcement:
    announcement = await session.get(Announcement, announcement_id, with_for_update=True)
    if announcement is None or announcement.district_id != clerk.district_id:
        raise NotFound
    return announcement


def _write(announcement: Announcement, notice: Notice) -> None:
    announcement.title, announcement.body, announcement.links = notice.title, notice.body, list(notice.links)
    announcement.published_on = notice.published_on or announcement.published_on
    announcement.visible_from, announcement.visible_until = notice.visible_from, notice.visible_until


def _check(notice: Notice) -> None:
    if faults := list(_faults(notice)):
        raise ValidationFailed(faults)


def _faults(notice: Notice) -> Iterator[FieldError]:
    for pointer, text, most in (("/title", notice.title, MAX_TITLE), ("/body", notice.body, MAX_BODY)):
        if not text.strip():
            yield FieldError(pointer, "required", msg("This field is needed."))
        elif len(text) > most:
            yield FieldError(pointer, "too_long", msg("Use at most {max} characters."), {"max": most})
    if notice.visible_from and notice.visible_until and notice.visible_until <= notice.visible_from:
        yield FieldError("/visible_until", "end_before_beginning", msg("An announcement cannot end before it begins."))
