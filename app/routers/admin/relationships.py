"""The office and families: who is whose guardian, and whom the portal shows to whom."""

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
from app.schemas.admin.people import ChangeRelationshipBody, RelationshipItem, RelationshipList
from app.services.clerk import StaffRole

router = Operations(prefix="/relationships")


@router.get("", summary="Who is whose guardian", responses=refusals(), response_model_exclude_none=True)
@for_staff(StaffRole.HELP_DESK)
async def search_relationships(
    clerk: AtDesk,
    campus: CampusPart,
    after: AfterRow,
    person_id: Annotated[UUID | None, Query(description="Those of this guardian or student")] = None,
    q: Sought = None,
    limit: Limit = 20,
) -> RelationshipList:
    """`q` means the guardian or the student."""
    found = await campus.relationships.search(clerk, person_id=person_id, q=q, limit=limit, after=after)
    return RelationshipList.of(found)


@router.patch(
    "/{relationship_id}",
    summary="Switch the portal flag",
    responses=refusals(NotFound),
    response_model_exclude_none=True,
)
@for_staff(StaffRole.DISTRICT_ADMIN)
async def change_relationship(
    relationship_id: UUID, body: ChangeRelationshipBody, clerk: AtDesk, campus: CampusPart
) -> RelationshipItem:
    """From the guardian's next request on, the portal shows the student, or no longer does; without any student it signs her out."""
    changed = await campus.relationships.set_portal(clerk, relationship_id, portal=body.portal)
    return RelationshipItem.of(changed)
