"""What is on in the app, as the office changes it: of a district, or of a school."""

from typing import Annotated

from pydantic import Field

from app.schemas.admin.changes import Change
from app.schemas.common import Request
from app.services.app_areas import MOST_CLOSURES, AreasOff, Closure, FeatureClosure


class ClosureBody(Request, Closure):
    """Days and hours by the district's wall clock: closed from the beginning of one day, or from an hour, until another."""


class FeatureClosureBody(Request, FeatureClosure):
    """A feature of the login screen, closed for a time by the district's wall clock."""


class AreasOffChange(Change, AreasOff):
    """Areas that are not offered at all; a list takes the place of the whole list."""


ClosureBodies = Annotated[
    tuple[ClosureBody, ...],
    Field(max_length=MOST_CLOSURES, description="Takes the place of all closures; those of the past may be left out"),
]


class AreasChange(Change):
    off: AreasOffChange | None = None
    closures: ClosureBodies | None = None
