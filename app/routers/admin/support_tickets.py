"""The office and families who asked for help: who waits, whom it is about, and one call that helps."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.errors import FeatureDisabled, NoAddress, NotEntitled, NotFound, StepUpRequired, TicketClosed
from app.openapi import refusals
from app.route_guards import for_staff
from app.routers.dependencies import AtDesk, Caller, CampusPart
from app.routers.operations import Operations
from app.routers.paging import AfterMoment, Limit
from app.schemas.admin.support_tickets import ResolvedAnswer, ResolveTicketBody, TicketAnswer, TicketList
from app.services.clerk import StaffRole
from app.services.keys import NobodyToIssueTo
from app.services.support_tickets import TicketCategory, TicketState

router = Operations(prefix="/support-tickets")


@router.get("", summary="Who asked for help", responses=refusals(), response_model_exclude_none=True)
@for_staff(StaffRole.HELP_DESK)
async def list_support_tickets(
    clerk: AtDesk,
    campus: CampusPart,
    after: AfterMoment,
    state: Annotated[TicketState | None, Query(description="Only such; all if left out")] = None,
    category: TicketCategory | None = None,
    limit: Limit = 20,
) -> TicketList:
    """Staff of some schools see the tickets with the number of a student of theirs."""
    return TicketList.of(await campus.ticket_desk.page(clerk, state=state, category=category, limit=limit, after=after))


@router.get(
    "/{ticket_id}",
    summary="A ticket and whom it may be about",
    responses=refusals(NotFound),
    response_model_exclude_none=True,
)
@for_staff(StaffRole.HELP_DESK)
async def get_support_ticket(ticket_id: UUID, clerk: AtDesk, campus: CampusPart) -> TicketAnswer:
    """The student with its number, the guardians, their accounts, and whether the typed name is theirs."""
    return TicketAnswer.of(await campus.ticket_desk.one(clerk, ticket_id))


@router.post(
    "/{ticket_id}/resolve",
    summary="Help, and close the ticket",
    responses=refusals(NotFound, NoAddress, NotEntitled, FeatureDisabled, TicketClosed, StepUpRequired),
    response_model_exclude_none=True,
)
@for_staff(StaffRole.HELP_DESK)
async def resolve_support_ticket(
    ticket_id: UUID, body: ResolveTicketBody, clerk: AtDesk, caller: Caller, campus: CampusPart
) -> ResolvedAnswer:
    """Both or neither; of two clerks at once one does it. The sender learns by mail that the ticket is closed, not what was done.

    Resets want a step-up of the last five minutes; `portal_on` is for district admins.
    """
    if body.remedy.wants_step_up and not caller.has_stepped_up(campus.clock.now()):
        raise StepUpRequired
    try:
        reset = await campus.ticket_remedies.resolve(clerk, ticket_id, body.resolution())
    except NobodyToIssueTo as nobody:
        raise NotEntitled from nobody
    return ResolvedAnswer.of(body.remedy, reset)
