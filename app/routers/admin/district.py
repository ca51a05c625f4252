"""The district's own settings."""

from fastapi import Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from app.errors import PreconditionFailed, PreconditionRequired
from app.openapi import refusals
from app.route_guards import for_staff
from app.routers.dependencies import AtDesk, CampusPart, Language
from app.routers.etag import STATE, IfMatch, etag_of, seen
from app.routers.operations import Operations
from app.schemas.admin.district import ChangeDistrictBody, DistrictSettingsAnswer
from app.services.clerk import StaffRole

router = Operations(prefix="/district")


@router.get(
    "",
    summary="The settings of the district",
    responses=STATE | refusals(),
    response_model_exclude_none=True,
)
@for_staff(StaffRole.DISTRICT_ADMIN)
async def get_district_settings(
    clerk: AtDesk, campus: CampusPart, words: Language, response: Response
) -> DistrictSettingsAnswer:
    """What an operator decides (name, time zone, maintenance, where mailed links begin) is not among them."""
    state = await campus.district_office.look(clerk)
    response.headers["ETag"] = etag_of(state.version)
    return DistrictSettingsAnswer.of(state, words)


@router.patch(
    "",
    summary="Change settings of the district",
    responses=STATE | refusals(PreconditionFailed, PreconditionRequired),
    response_model_exclude_none=True,
)
@for_staff(StaffRole.DISTRICT_ADMIN)
async def change_district_settings(
    body: ChangeDistrictBody,
    clerk: AtDesk,
    campus: CampusPart,
    words: Language,
    response: Response,
    if_match: IfMatch = None,
) -> DistrictSettingsAnswer:
    """Holds at the next request of everybody. What is left out stays; a list takes the place of the whole list; an empty text is taken away.

    `If-Match` says which state you have seen, so that of two who change at once the second sees the work of the first.
    """
    try:
        state = await campus.district_office.change(clerk, body.changes(), is_known=seen(if_match))
    except ValidationError as fault:
        raise RequestValidationError(fault.errors(include_input=False, include_url=False)) from fault
    response.headers["ETag"] = etag_of(state.version)
    return DistrictSettingsAnswer.of(state, words)
