"""Notices on the login screen."""

from uuid import UUID

from app.errors import NotFound
from app.openapi import refusals
from app.route_guards import for_staff
from app.routers.dependencies import AtDesk, CampusPart
from app.routers.operations import Operations
from app.routers.paging import AfterDay, Limit
from app.schemas.admin.announcements import AnnouncementBody, OfficeAnnouncementAnswer, OfficeAnnouncementList
from app.services.clerk import StaffRole

router = Operations(prefix="/announcements")


@router.get("", summary="All announcements", responses=refusals(), response_model_exclude_none=True)
@for_staff(StaffRole.DISTRICT_ADMIN)
async def list_announcements(
    clerk: AtDesk, campus: CampusPart, after: AfterDay, limit: Limit = 20
) -> OfficeAnnouncementList:
    """Those of the past and of the future, too. The login screen shows the newest hundred of those that are visible."""
    return OfficeAnnouncementList.of(await campus.announcements.page(clerk, limit, after))


@router.post("", summary="Announce something", status_code=201, responses=refusals(), response_model_exclude_none=True)
@for_staff(StaffRole.DISTRICT_ADMIN)
async def publish_announcement(body: AnnouncementBody, clerk: AtDesk, campus: CampusPart) -> OfficeAnnouncementAnswer:
    """It shows on the login screen from `visible_from` to `visible_until`; at once and for good where they are left out."""
    return OfficeAnnouncementAnswer.model_validate(await campus.announcements.publish(clerk, body.notice()))


@router.put(
    "/{announcement_id}",
    summary="Put another text in the place of an announcement",
    responses=refusals(NotFound),
    response_model_exclude_none=True,
)
@for_staff(StaffRole.DISTRICT_ADMIN)
async def change_announcement(
    announcement_id: UUID, body: AnnouncementBody, clerk: AtDesk, campus: CampusPart
) -> OfficeAnnouncementAnswer:
    """All of it is replaced; only a `published_on` that is left out stays."""
    announced = await campus.announcements.change(clerk, announcement_id, body.notice())
    return OfficeAnnouncementAnswer.model_validate(announced)


@router.delete("/{announcement_id}", summary="Take an announcement away", status_code=204, responses=refusals(NotFound))
@for_staff(StaffRole.DISTRICT_ADMIN)
async def remove_announcement(announcement_id: UUID, clerk: AtDesk, campus: CampusPart) -> None:
    """It is gone from the login screen and from the list."""
    await campus.announcements.remove(clerk, announcement_id)
