"""The schools of the district, and what each has switched on in the app."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from app.errors import NotFound, PreconditionFailed, PreconditionRequired
from app.openapi import refusals
from app.route_guards import for_staff
from app.routers.dependencies import AtDesk, CampusPart
from app.routers.etag import STATE, IfMatch, etag_of, seen
from app.routers.operations import Operations
from app.routers.paging import AfterRow, Limit
from app.schemas.admin.schools import ChangeSchoolAreasBody, SchoolAreasAnswer, SchoolList
from app.services.clerk import StaffRole

router = Operations(prefix="/schools")

SchoolId = Annotated[UUID, Path(description="The school's id, from GET /admin/schools")]


@router.get("", summary="The schools of the district", responses=refusals(), response_model_exclude_none=True)
@for_staff(StaffRole.HELP_DESK)
async def list_schools(clerk: AtDesk, campus: CampusPart, after: AfterRow, limit: Limit = 20) -> SchoolList:
    """Those in the roster, by name, with what each has changed in the app. Staff of some schools see these."""
    return SchoolList.of(await campus.school_desk.page(clerk, limit, after))


@router.get(
    "/{school_id}/areas",
    summary="What a school has switched on in the app",
    responses=STATE | refusals(NotFound),
    response_model_exclude_none=True,
)
@for_staff(StaffRole.HELP_DESK)
async def get_school_areas(
    school_id: SchoolId, clerk: AtDesk, campus: CampusPart, response: Response
) -> SchoolAreasAnswer:
    """What it adds to the district's own settings (GET /admin/district)."""
    school = await campus.school_desk.one(clerk, school_id)
    response.headers["ETag"] = etag_of(school.version)
    return SchoolAreasAnswer.of(school)


@router.patch(
    "/{school_id}/areas",
    summary="Switch areas of the app on or off at a school",
    responses=STATE | refusals(NotFound, PreconditionFailed, PreconditionRequired),
    response_model_exclude_none=True,
)
@for_staff(StaffRole.DISTRICT_ADMIN)
async def change_school_areas(
    school_id: SchoolId,
    body: ChangeSchoolAreasBody,
    clerk: AtDesk,
    campus: CampusPart,
    response: Response,
    if_match: IfMatch = None,
) -> SchoolAreasAnswer:
    """Off altogether, or closed for a time; holds at the next request of everybody. What the district has off, no school can switch on.

    `If-Match` says which state you have seen, so that of two who change at once the second sees the work of the first.
    """
    try:
        school = await campus.school_desk.change(clerk, school_id, body.changes(), is_known=seen(if_match))
    except ValidationError as fault:
        raise RequestValidationError(fault.errors(include_input=False, include_url=False)) from fault
    response.headers["ETag"] = etag_of(school.version)
    return SchoolAreasAnswer.of(school)
