"""Households as the office enters them."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from app.errors import NotFound, PreconditionFailed, PreconditionRequired
from app.openapi import refusals
from app.route_guards import for_staff
from app.routers.dependencies import AtDesk, CampusPart
from app.routers.etag import STATE, IfMatch, etag_of, seen
from app.routers.operations import Operations
from app.routers.paging import AfterRow, Limit
from app.schemas.admin.households import HouseholdBody, OfficeHouseholdAnswer, OfficeHouseholdList
from app.services.clerk import StaffRole

router = Operations(prefix="/households")


@router.get("", summary="List households", responses=refusals(), response_model_exclude_none=True)
@for_staff(StaffRole.HELP_DESK)
async def list_households(
    clerk: AtDesk,
    campus: CampusPart,
    after: AfterRow,
    person_id: Annotated[UUID | None, Query(description="Those to which this person belongs")] = None,
    limit: Limit = 20,
) -> OfficeHouseholdList:
    """With their members. A child of separated parents belongs to two."""
    page = await campus.household_desk.page(clerk, person_id=person_id, limit=limit, after=after)
    return OfficeHouseholdList.of(page)


@router.post(
    "", summary="Enter a household", status_code=201, responses=refusals(NotFound), response_model_exclude_none=True
)
@for_staff(StaffRole.DISTRICT_ADMIN)
async def add_household(body: HouseholdBody, clerk: AtDesk, campus: CampusPart) -> OfficeHouseholdAnswer:
    """Guardians among the members see it in the portal, as far as they may see a student among the members."""
    return OfficeHouseholdAnswer.of(await campus.household_desk.add(clerk, body.facts(), body.member_ids))


@router.put(
    "/{household_id}",
    summary="Put other facts and members in the place of a household's",
    responses=STATE | refusals(NotFound, PreconditionFailed, PreconditionRequired),
    response_model_exclude_none=True,
)
@for_staff(StaffRole.DISTRICT_ADMIN)
async def change_household(
    household_id: Annotated[UUID, Path(description="The household's id")],
    body: HouseholdBody,
    clerk: AtDesk,
    campus: CampusPart,
    response: Response,
    if_match: IfMatch = None,
) -> OfficeHouseholdAnswer:
    """`If-Match` says which state you have seen: the `version` in quotation marks, or the `ETag` of the answer before."""
    home = await campus.household_desk.change(
        clerk, household_id, body.facts(), body.member_ids, is_known=seen(if_match)
    )
    response.headers["ETag"] = etag_of(home.version)
    return OfficeHouseholdAnswer.of(home)
