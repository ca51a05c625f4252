"""“It was not me”: a link in a notice undoes what it told of."""

from app.errors import TicketInvalid
from app.openapi import refusals
from app.route_guards import Budget, costly
from app.routers.dependencies import CampusPart
from app.routers.operations import Operations
from app.schemas.password_reset import MailedToken

router = Operations(prefix="/security", tags=["Recovery"])


@router.post("/dispute", summary="Undo a change that was not mine", status_code=204, responses=refusals(TicketInvalid))
@costly(Budget.RECOVERY)
async def dispute(body: MailedToken, campus: CampusPart) -> None:
    """Restores the recovery address, ends all sessions, and takes the password off until a reset, mailed to that address."""
    await campus.dispute.dispute(body.token)
