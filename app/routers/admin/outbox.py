"""Did the mail leave?"""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.openapi import refusals
from app.route_guards import for_staff
from app.routers.dependencies import AtDesk, CampusPart
from app.routers.operations import Operations
from app.routers.paging import AfterMoment, Limit
from app.schemas.admin.outbox import OutboxPage
from app.services.clerk import StaffRole
from app.services.office.outbox_list import OutboxFilter, OutboxState
from app.services.outbox import MailKind

router = Operations(prefix="/outbox")


@router.get("", summary="What became of mails", responses=refusals(), response_model_exclude_none=True)
@for_staff(StaffRole.HELP_DESK)
async def list_outbox(
    clerk: AtDesk,
    campus: CampusPart,
    after: AfterMoment,
    account_id: Annotated[UUID | None, Query(description="Only those to this account")] = None,
    state: OutboxState | None = None,
    kind: MailKind | None = None,
    limit: Limit = 20,
) -> OutboxPage:
    """Of the last thirty days. What was asked for with a name or address that leads to nobody is shown to district admins only."""
    wanted = OutboxFilter(account_id, state, kind)
    return OutboxPage.of(await campus.outbox_list.page(clerk, wanted, limit, after))
