"""Families ask the office for help."""

from app.errors import DistrictNotFound, Maintenance
from app.openapi import refusals
from app.route_guards import Budget, costly, guarded
from app.routers.dependencies import Admitted, CampusPart, Language
from app.routers.operations import Operations
from app.schemas.support_tickets import SupportTicketBody, TicketReceipt
from app.services.guard import SUPPORT_TICKET

router = Operations(prefix="/support-tickets", tags=["Recovery"])


@router.post("", summary="Ask the office for help", status_code=202, responses=refusals(DistrictNotFound, Maintenance))
@costly(Budget.PUBLIC)
@guarded(SUPPORT_TICKET)
async def open_support_ticket(
    body: SupportTicketBody, campus: CampusPart, admission: Admitted, language: Language
) -> TicketReceipt:
    """When nothing else helps. Mails tell the sender that it came and when it is closed: five a day for an address at most."""
    return TicketReceipt(reference=await campus.support_tickets.open(body.request(), admission, language.tag))
