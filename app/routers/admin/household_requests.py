"""What guardians would have corrected about their households."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from app.errors import HouseholdRequestClosed, NotFound, PreconditionFailed
from app.openapi import refusals
from app.route_guards import for_staff
from app.routers.dependencies import AtDesk, CampusPart
from app.routers.operations import Operations
from app.routers.paging import AfterMoment, Limit
from app.schemas.admin.households import (
    AcceptHouseholdRequestBody,
    DeclineHouseholdRequestBody,
    HouseholdRequestList,
)
from app.schemas.household import HouseholdRequestState
from app.services.clerk import StaffRole

router = Operations(prefix="/household-requests")

RequestId = Annotated[UUID, Path(description="The request's id")]
OfState = Annotated[HouseholdRequestState | None, Query(description="`waiting` for those that need the office")]


@router.get("", summary="List what guardians say", responses=refusals(), response_model_exclude_none=True)
@for_staff(StaffRole.HELP_DESK)
async def list_household_requests(
    clerk: AtDesk, campus: CampusPart, after: AfterMoment, state: OfState = None, limit: Limit = 20
) -> HouseholdRequestList:
    """Newest first, each with what stands there now and what she would have stand there."""
    return HouseholdRequestList.of(await campus.household_requests.page(clerk, state, limit, after))


@router.post(
    "/{request_id}/accept",
    summary="Accept a correction",
    status_code=204,
    responses=refusals(NotFound, HouseholdRequestClosed, PreconditionFailed),
)
@for_staff(StaffRole.HELP_DESK)
async def accept_household_request(
    request_id: RequestId, body: AcceptHouseholdRequestBody, clerk: AtDesk, campus: CampusPart
) -> None:
    """It stands there from now on. The guardian is told by mail, and so are other guardians of the household."""
    await campus.household_requests.decide(clerk, request_id, body.decision())


@router.post(
    "/{request_id}/decline",
    summary="Decline a correction",
    status_code=204,
    responses=refusals(NotFound, HouseholdRequestClosed),
)
@for_staff(StaffRole.HELP_DESK)
async def decline_household_request(
    request_id: RequestId, body: DeclineHouseholdRequestBody, clerk: AtDesk, campus: CampusPart
) -> None:
    """Nothing changes. The guardian is told by mail."""
    await campus.household_requests.decide(clerk, request_id, body.decision())
