"""A forgotten username: one mail lists every username of the address."""

from app.errors import DailyLimitReached, DistrictNotFound, FeatureDisabled, Maintenance
from app.openapi import refusals
from app.route_guards import Budget, costly, guarded
from app.routers.dependencies import Admitted, CampusPart, Language
from app.routers.operations import Operations
from app.schemas.password_reset import Accepted
from app.schemas.username_recovery import UsernameRecoveryBody
from app.services.guard import USERNAME_RECOVERY
from app.translation import msg

router = Operations(prefix="/username-recovery", tags=["Recovery"])


USERNAME_RECOVERY_ACCEPTED = msg(
    "If this is the confirmed recovery e-mail of an account, a mail with the username is on its way. "
    "If nothing comes, the office of your school can help."
)


@router.post(
    "",
    summary="Ask for one's usernames",
    status_code=202,
    responses=refusals(DistrictNotFound, FeatureDisabled, Maintenance, DailyLimitReached),
)
@costly(Budget.RECOVERY)
@guarded(USERNAME_RECOVERY)
async def request_usernames(
    body: UsernameRecoveryBody, campus: CampusPart, admission: Admitted, language: Language
) -> Accepted:
    """Five a day of the district, for any address; the answer is the same for everybody."""
    await campus.username_recovery.request(admission.district, body.email, language.tag)
    return Accepted(detail=language.text(USERNAME_RECOVERY_ACCEPTED))
