"""Who works for the office, and with which rights."""

from uuid import UUID

from app.errors import NotEntitled, NotFound, UsernameTaken
from app.openapi import refusals
from app.route_guards import for_staff
from app.routers.dependencies import AtDesk, CampusPart
from app.routers.operations import Operations
from app.routers.paging import AfterMoment, Limit
from app.schemas.admin.staff import AddStaffBody, ChangeStaffBody, StaffAddedAnswer, StaffItem, StaffPage
from app.services.clerk import StaffRole

router = Operations(prefix="/staff")


@router.get("", summary="Who works for the office", responses=refusals(), response_model_exclude_none=True)
@for_staff(StaffRole.DISTRICT_ADMIN)
async def list_staff(clerk: AtDesk, campus: CampusPart, after: AfterMoment, limit: Limit = 20) -> StaffPage:
    """With their roles and schools; whoever has not used his key yet is among them."""
    return StaffPage.of(await campus.staff_list.page(clerk, limit, after))


@router.post(
    "",
    summary="Give somebody a part in the office",
    status_code=201,
    responses=refusals(NotFound, NotEntitled, UsernameTaken),
    response_model_exclude_none=True,
)
@for_staff(StaffRole.DISTRICT_ADMIN, step_up=True)
async def add_staff(body: AddStaffBody, clerk: AtDesk, campus: CampusPart) -> StaffAddedAnswer:
    """The key brings the username. Naming somebody who has a part already replaces it, and the key; nobody does this to himself."""
    return StaffAddedAnswer.model_validate(await campus.staff_office.add(clerk, body.newcomer()))


@router.get("/{person_id}", summary="One colleague", responses=refusals(NotFound), response_model_exclude_none=True)
@for_staff(StaffRole.DISTRICT_ADMIN)
async def get_staff(person_id: UUID, clerk: AtDesk, campus: CampusPart) -> StaffItem:
    """As in the list."""
    return StaffItem.model_validate(await campus.staff_list.get(clerk, person_id))


@router.patch(
    "/{person_id}",
    summary="Change a colleague's role or schools",
    responses=refusals(NotFound),
    response_model_exclude_none=True,
)
@for_staff(StaffRole.DISTRICT_ADMIN, step_up=True)
async def change_staff(person_id: UUID, body: ChangeStaffBody, clerk: AtDesk, campus: CampusPart) -> StaffItem:
    """Holds at the colleague's next request. Whoever becomes district admin works for the whole district."""
    await campus.staff_office.change(clerk, person_id, role=body.role, school_ids=body.school_ids)
    """As in the list."""
    return StaffItem.model_validate(await campus.staff_list.get(clerk, person_id))


@router.delete("/{person_id}", summary="Take a colleague's part away", status_code=204, responses=refusals(NotFound))
@for_staff(StaffRole.DISTRICT_ADMIN, step_up=True)
async def remove_staff(person_id: UUID, clerk: AtDesk, campus: CampusPart) -> None:
    """The colleague is signed out everywhere, and an unused key opens nothing. Nobody removes himself."""
    await campus.staff_office.remove(clerk, person_id)
