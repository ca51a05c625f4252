"""Requests for a key that wait for the office."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.errors import KeyRequestClosed, NotFound
from app.openapi import refusals
from app.route_guards import for_staff
from app.routers.dependencies import AtDesk, CampusPart
from app.routers.operations import Operations
from app.routers.paging import AfterMoment, Limit
from app.schemas.admin.key_requests import CloseKeyRequestBody, KeyRequestList, KeyRequestState
from app.services.clerk import StaffRole

router = Operations(prefix="/key-requests")

OfState = Annotated[KeyRequestState | None, Query(description="`waiting` for those that need the office")]


@router.get("", summary="List requests for keys", responses=refusals(), response_model_exclude_none=True)
@for_staff(StaffRole.HELP_DESK)
async def list_key_requests(
    clerk: AtDesk, campus: CampusPart, after: AfterMoment, state: OfState = None, limit: Limit = 20
) -> KeyRequestList:
    """Those whose facts were right, newest first. A waiting one names the guardians: issue a key in person or by letter, then close it."""
    return KeyRequestList.of(await campus.key_request_desk.page(clerk, state, limit, after))


@router.post(
    "/{request_id}/close",
    summary="Close a request for a key",
    status_code=204,
    responses=refusals(NotFound, KeyRequestClosed),
)
@for_staff(StaffRole.HELP_DESK)
async def close_key_request(request_id: UUID, body: CloseKeyRequestBody, clerk: AtDesk, campus: CampusPart) -> None:
    """It was handled, or is declined. Each request is closed once."""
    await campus.key_request_desk.close(clerk, request_id, body.outcome)
