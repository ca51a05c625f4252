"""What a school has switched on in the app, and when: its areas, its notifications, and the times for which they are closed.

Schools turn off all of the app or parts of it over the summer, during breaks and while grades are given. Days and hours are those of the
district's wall clock. An area is on at a school where the district and the school have it on and no closure holds; a school that
keeps a calendar of its own is not closed by the district's.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.portals import Portal
from app.services.settings_group import SettingsGroup

SWITCHED_OFF = "switched_off"
MOST_CLOSURES = 50
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_SPAN = re.compile(
    rf"(?P<closes_on>[-0-9]+)(?:T(?P<closes_time>{_CLOCK}))?\.\.(?:(?P<back_on>[-0-9]+)(?:T(?P<back_time>{_CLOCK}))?)?"
)


class Area(StrEnum):
    """In the order of the app's menu."""

    TODAY = "today"
    CALENDAR = "calendar"
    SCHEDULE = "schedule"
    ATTENDANCE = "attendance"
    ASSIGNMENTS = "assignments"
    GRADES = "grades"
    REPORT_CARDS = "report_cards"
    DOCUMENTS = "documents"
    MESSAGES = "messages"
    FEES = "fees"
    MEALS = "meals"
    HEALTH = "health"
    BEHAVIOR = "behavior"
    TRANSPORTATION = "transportation"
    HOUSEHOLD = "household"
    NOTIFICATIONS = "notifications"


_NOT_FOR_STUDENTS = {Area.FEES, Area.HOUSEHOLD}
_FOR_STAFF = {
    *(Area.TODAY, Area.CALENDAR, Area.SCHEDULE, Area.ATTENDANCE, Area.ASSIGNMENTS, Area.GRADES, Area.MESSAGES),
    Area.NOTIFICATIONS,
}
AREAS_OF = {
    Portal.PARENT: tuple(Area),
    Portal.STUDENT: tuple(area for area in Area if area not in _NOT_FOR_STUDENTS),
    Portal.STAFF: tuple(area for area in Area if area in _FOR_STAFF),
}
"""What each portal's app has."""


class ClosureReason(StrEnum):
    SUMMER = "summer"
    BREAK = "break"
    GRADING = "grading"
    OTHER = "other"


class DatedFeature(StrEnum):
    """Features that a district may close for a time; what helps people back into their accounts is not among them."""

    ACTIVATION = "activation"
    CLAIM = "claim"
    KEY_REQUEST = "key_request"


def _of_this_time(day: date) -> date:
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise PydanticCustomError("date_out_of_range", "another century", {"min": "2000-01-01", "max": "2100-12-31"})
    return day


Day = Annotated[date, AfterValidator(_of_this_time)]
WallClock = Annotated[
    str,
    StringConstraints(pattern=rf"^{_CLOCK}$", max_length=5),
    Field(description="Hour and minute by the district's wall clock", examples=["15:00"]),
]
Areas = Annotated[tuple[Area, ...], Field(max_length=len(Area))]


class Span(SettingsGroup):
    """From a day until another, both by the district's wall clock; without the other, until somebody ends it."""

    closes_on: Annotated[Day, Field(description="The first day", examples=["2026-06-01"])]
    closes_time: WallClock = "00:00"
    back_on: Annotated[
        Day | None,
        Field(description="The day on which it is back; left out where nobody knows", examples=["2026-08-03"]),
    ] = None
    back_time: WallClock = "00:00"

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.back_on and (self.back_on, self.back_time) <= (self.closes_on, self.closes_time):
            raise PydanticCustomError("back_before_closing", "must be back after it is closed")
        return self

    def holds(self, moment: datetime, zone: ZoneInfo) -> bool:
        end = self.ends(zone)
        return _moment(self.closes_on, self.closes_time, zone) <= moment and (end is None or moment < end)

    def ends(self, zone: ZoneInfo) -> datetime | None:
        return _moment(self.back_on, self.back_time, zone) if self.back_on else None


class Closure(Span):
    """All of the app, or some areas of it, for some portals."""

    reason: ClosureReason = ClosureReason.BREAK
    areas: Annotated[Areas, Field(description="Empty for the whole app, notifications apart")] = ()
    portals: Annotated[tuple[Portal, ...], Field(min_length=1, max_length=3)] = (Portal.PARENT, Portal.STUDENT)

    def means(self, area: Area, portal: Portal) -> bool:
        named = area in self.areas if self.areas else area is not Area.NOTIFICATIONS
        return named and portal in self.portals

    @classmethod
    def from_text(cls, text: str) -> dict[str, object]:
        """What a shell writes: `grading 2026-12-18T15:00..2027-01-08 grades+report_cards parent+student`; areas and portals may be left out."""
        reason, span, *more = [*text.split(), "", ""]
        lists: dict[str, object] = {}
        for words in (word.split("+") for word in more if word):
            lists["portals" if set(words) <= set(Portal) else "areas"] = words
        return {"reason": reason, **_span(span), **lists}


class FeatureClosure(Span):
    """One feature of the login screen."""

    feature: DatedFeature

    @classmethod
    def from_text(cls, text: str) -> dict[str, object]:
        """What a shell writes: `claim 2026-06-01..2026-07-20T08:00`."""
        feature, span, *_ = [*text.split(), "", ""]
        return {"feature": feature, **_span(span)}


Closures = Annotated[tuple[Closure, ...], Field(max_length=MOST_CLOSURES)]
FeatureClosures = Annotated[tuple[FeatureClosure, ...], Field(max_length=MOST_CLOSURES)]


class AreasOff(SettingsGroup):
    """Areas that are not offered at all, by portal."""

    parent: Areas = ()
    student: Areas = ()
    staff: Areas = ()


class AreaSettings(SettingsGroup):
    off: AreasOff = AreasOff()
    closures: Closures = ()


class SchoolAreas(AreaSettings):
    """What a school adds to its district's settings."""

    own_calendar: bool = False
    """Whether the district's closures do not count here, as at a school that is open all year."""


@dataclass(frozen=True)
class AreaState:
    """Whether somebody may use an area now; if not, why, and when it is back if that is known."""

    reason: str | None = None
    """`switched_off`, or that of the closure; None where it is on."""
    back_at: datetime | None = None

    @property
    def on(self) -> bool:
        return self.reason is None


@dataclass(frozen=True)
class Calendar:
    """What holds at one school of a district, or in a district for somebody without a school."""

    zone: ZoneInfo
    district: AreaSettings
    school: SchoolAreas | None = None

    def offers(self, area: Area, portal: Portal) -> bool:
        """Whether the portal has the area at all, be it closed now."""
        return not any(area in getattr(settings.off, portal.value) for settings in self._both)

    def state(self, area: Area, portal: Portal, now: datetime) -> AreaState:
        if not self.offers(area, portal):
            return AreaState(SWITCHED_OFF)
        closures = [closure for closure in self._closures() if closure.means(area, portal)]
        holding = [closure for closure in closures if closure.holds(now, self.zone)]
        return AreaState(holding[0].reason, back(closures, now, self.zone)) if holding else AreaState()

    @property
    def _both(self) -> Sequence[AreaSettings]:
        return (self.district, self.school) if self.school else (self.district,)

    def _closures(self) -> Iterator[Closure]:
        if not (self.school and self.school.own_calendar):
            yield from self.district.closures
        yield from self.school.closures if self.school else ()


def back(spans: Iterable[Span], now: datetime, zone: ZoneInfo) -> datetime | None:
    """The first moment at which none of the spans holds, one following upon the other; None where nobody knows."""
    moment, spans = now, list(spans)
    while holding := [span.ends(zone) for span in spans if span.holds(moment, zone)]:
        known = [end for end in holding if end]
        if len(known) < len(holding):
            return None
        moment = max(known)
    return moment


def local_day(moment: datetime | None, zone: ZoneInfo) -> date | None:
    """The day that a calendar on the wall shows then."""
    return moment.astimezone(zone).date() if moment else None


def _moment(day: date, at: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(at), zone).astimezone(UTC)


def _span(text: str) -> dict[str, object]:
    """Of `2026-06-01T15:00..2026-08-03`; text that is none is left to the fields, which say so."""
    found = _SPAN.fullmatch(text)
    return {name: value for name, value in found.groupdict().items() if value} if found else {"closes_on": text}
