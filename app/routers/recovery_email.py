"""The recovery (security) e-mail: set by its owner, confirmed from the mail."""

from app.errors import CodeExhausted, CodeWrong, CurrentPasswordWrong, DailyLimitReached, TicketInvalid
from app.openapi import refusals
from app.route_guards import Budget, costly, limited
from app.routers.dependencies import Caller, CampusPart, Language
from app.routers.operations import Operations
from app.schemas.password_reset import Accepted, MailedToken
from app.schemas.recovery_email import ConfirmRecoveryEmailBody, SetRecoveryEmailBody
from app.translation import msg

router = Operations(tags=["Recovery"])


CONFIRMATION_SENT = msg("A mail is on its way to this address. Open its link, or type its code, within 24 hours.")


@router.put(
    "/me/recovery-email",
    summary="Set my recovery e-mail",
    status_code=202,
    responses=refusals(CurrentPasswordWrong, DailyLimitReached),
)
@limited(Budget.SESSION)
async def set_recovery_email(
    body: SetRecoveryEmailBody, caller: Caller, campus: CampusPart, language: Language
) -> Accepted:
    """The new address gets a mail to confirm itself; until then the old one counts, and is told."""
    await campus.recovery_email.set(caller, body.email, body.current_password)
    return Accepted(detail=language.text(CONFIRMATION_SENT))


@router.post(
    "/me/recovery-email/confirm",
    summary="Confirm my recovery e-mail",
    status_code=204,
    responses=refusals(TicketInvalid, CodeWrong, CodeExhausted),
)
@limited(Budget.SESSION)
async def confirm_my_recovery_email(body: ConfirmRecoveryEmailBody, caller: Caller, campus: CampusPart) -> None:
    """With the token of the mailed link, or with the code that stands beside it (five tries)."""
    await campus.recovery_email.confirm_as(caller, token=body.token, code=body.code)


@router.post(
    "/recovery-email/confirm", summary="Confirm a recovery e-mail", status_code=204, responses=refusals(TicketInvalid)
)
@costly(Budget.RECOVERY)
async def confirm_recovery_email(body: MailedToken, campus: CampusPart) -> None:
    """For people without the app: the token alone names the account."""
    await campus.recovery_email.confirm(body.token)
