"""The schools of a district, and what each has switched on in the app."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.schemas.admin.areas import AreasChange
from app.schemas.common import Answer
from app.schemas.cursors import BY_ROW, NextCursor
from app.services.app_areas import AreasOff, Closures, SchoolAreas
from app.services.office.school_desk import SchoolEntry
from app.services.pages import Page

OwnCalendar = Annotated[
    bool,
    Field(
        description="Whether the district's closures do not count here, as at a school that is open all year",
        examples=[False],
    ),
]


class ChangeSchoolAreasBody(AreasChange):
    """What is left out stays as it is; a list takes the place of the whole list."""

    own_calendar: OwnCalendar | None = None

    def changes(self) -> dict[str, Any]:
        """What was sent."""
        return self.model_dump(mode="json", exclude_unset=True, exclude_none=True)


class SchoolAreasAnswer(Answer):
    """What the school adds to the settings of its district."""

    off: AreasOff
    closures: Closures
    own_calendar: OwnCalendar
    version: Annotated[
        int, Field(ge=0, le=2**31 - 1, description="0 until the first change, another one after each", examples=[2])
    ]

    @classmethod
    def of(cls, school: SchoolEntry) -> "SchoolAreasAnswer":
        mine = {name: getattr(school.areas, name) for name in SchoolAreas.model_fields}
        return cls(version=school.version, **mine)


class SchoolItem(Answer):
    id: UUID
    name: Annotated[str, Field(max_length=255, examples=["Jefferson High School"])]
    identifier: Annotated[str, Field(max_length=255, examples=["0105"], description="As in the roster")] | None = None
    areas: SchoolAreasAnswer

    @classmethod
    def of(cls, school: SchoolEntry) -> "SchoolItem":
        return cls(id=school.id, name=school.name, identifier=school.identifier, areas=SchoolAreasAnswer.of(school))


class SchoolList(Answer):
    items: Annotated[list[SchoolItem], Field(max_length=100, description="By name")]
    next_cursor: NextCursor | None = None

    @classmethod
    def of(cls, page: Page[SchoolEntry, UUID]) -> "SchoolList":
        return cls(items=[SchoolItem.of(school) for school in page.items], next_cursor=BY_ROW.write(page.end))
