"""The office and people of the roster: who they are, and how far they have come with their accounts."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.errors import NotFound
from app.openapi import refusals
from app.route_guards import for_staff
from app.routers.admin.search import Sought
from app.routers.dependencies import AtDesk, CampusPart
from app.routers.operations import Operations
from app.routers.paging import AfterRow, Limit
from app.schemas.admin.people import PersonItem, PersonKind, PersonList
from app.services.clerk import StaffRole

router = Operations(prefix="/people")


@router.get("", summary="Find people of the roster", responses=refusals(), response_model_exclude_none=True)
@for_staff(StaffRole.HELP_DESK)
async def search_people(
    clerk: AtDesk,
    campus: CampusPart,
    after: AfterRow,
    q: Sought = None,
    kind: Annotated[PersonKind | None, Query(description="Only these")] = None,
    limit: Limit = 20,
) -> PersonList:
    """With the portals that are meant for them: an account, or the reason why there is none."""
    return PersonList.of(await campus.people_desk.search(clerk, q=q, kind=kind, limit=limit, after=after))


@router.get(
    "/{person_id}", summary="One person of the roster", responses=refusals(NotFound), response_model_exclude_none=True
)
@for_staff(StaffRole.HELP_DESK)
async def get_person(person_id: UUID, clerk: AtDesk, campus: CampusPart) -> PersonItem:
    """With the portals that are meant for this person, as in the list."""
    return PersonItem.of(await campus.people_desk.one(clerk, person_id))
