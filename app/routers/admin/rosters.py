"""Rosters that the office uploads."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from app.errors import InProgress, NotFound, UnsupportedMediaType
from app.openapi import refusals
from app.route_guards import for_staff, takes_file
from app.routers.dependencies import AtDesk, CampusPart, Language
from app.routers.operations import Operations
from app.routers.paging import AfterMoment, Limit
from app.schemas.admin.rosters import RosterUploadAnswer, RosterUploadList
from app.services.clerk import StaffRole
from app.translation import msg

router = Operations(prefix="/rosters")

NO_ZIP = msg("Send the body as application/zip.")


@router.post(
    "", summary="Upload a roster", status_code=201, responses=refusals(InProgress), response_model_exclude_none=True
)
@for_staff(StaffRole.DISTRICT_ADMIN, step_up=True)
@takes_file("application/zip", "max_roster_bytes")
async def upload_roster(
    request: Request,
    clerk: AtDesk,
    campus: CampusPart,
    words: Language,
    *,
    dry_run: Annotated[bool, Query(description="Check and compare, write nothing")] = False,
    allow_ending: Annotated[float, Query(ge=0, le=100, description="How many percent of the people may leave")] = 20,
    strict: Annotated[
        bool, Query(description="Refuse everything that the standard forbids, not only what could do harm")
    ] = False,
    as_new: Annotated[
        bool, Query(description="The people of a first import count as entered today, not long ago")
    ] = False,
) -> RosterUploadAnswer:
    """The body is the zip of a OneRoster 1.1 or 1.2 CSV package, of the whole roster or of changes. Either all of it is written or nothing.

    Faults in it are no refusal of the request: the `outcome` is `refused`, and the report says where they are. The import goes on
    if you hang up; the list says what came of it.
    """
    if "content-type" not in request.headers:
        raise UnsupportedMediaType(NO_ZIP)  # no body, then: of another type it would have been refused before
    upload = await campus.roster_uploads.take(
        clerk, request.stream(), dry_run=dry_run, allow_ending_percent=allow_ending, as_new=as_new, strict=strict
    )
    return RosterUploadAnswer.of(upload, words)


@router.get("", summary="Uploaded rosters", responses=refusals(), response_model_exclude_none=True)
@for_staff(StaffRole.DISTRICT_ADMIN)
async def list_rosters(clerk: AtDesk, campus: CampusPart, after: AfterMoment, limit: Limit = 20) -> RosterUploadList:
    """Newest first, dry runs too, each with its counts."""
    return RosterUploadList.of(await campus.roster_uploads.page(clerk, limit, after))


@router.get(
    "/{roster_id}", summary="What came of a roster", responses=refusals(NotFound), response_model_exclude_none=True
)
@for_staff(StaffRole.DISTRICT_ADMIN)
async def get_roster(roster_id: UUID, clerk: AtDesk, campus: CampusPart, words: Language) -> RosterUploadAnswer:
    """The whole report: counts, warnings, and every fault with file, row and column."""
    return RosterUploadAnswer.of(await campus.roster_uploads.find(clerk, roster_id), words)
