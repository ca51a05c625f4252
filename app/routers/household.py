"""A guardian's household: what the office has, and whether it is right."""

from app.errors import (
    FeatureDisabled,
    Forbidden,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    NotFound,
    PreconditionFailed,
)
from app.openapi import refusals
from app.route_guards import Budget, limited
from app.routers.dependencies import Caller, CampusPart, IdempotencyKey
from app.routers.operations import Operations
from app.schemas.household import MyHouseholds, VerificationAnswer, VerifyHouseholdBody

router = Operations(prefix="/me/household", tags=["My account"])


@router.get(
    "",
    summary="Where we live and how we are reached",
    responses=refusals(Forbidden, FeatureDisabled),
    response_model_exclude_none=True,
)
@limited(Budget.SESSION)
async def get_my_household(caller: Caller, campus: CampusPart) -> MyHouseholds:
    """The household that I belong to with students whom I may see; of a child with two homes only mine. For guardians."""
    return MyHouseholds.of(await campus.households.mine(caller.account))


@router.post(
    "/verifications",
    summary="Say that it is still right, or what would be",
    status_code=201,
    responses=refusals(
        Forbidden, FeatureDisabled, NotFound, PreconditionFailed, IdempotencyKeyReused, IdempotencyInProgress
    ),
    response_model_exclude_none=True,
)
@limited(Budget.SESSION)
async def verify_my_household(
    body: VerifyHouseholdBody, caller: Caller, campus: CampusPart, idempotency_key: IdempotencyKey = None
) -> VerificationAnswer:
    """A correction is a request to the office and changes nothing before somebody there accepts it; a mail tells me how it ended.

    My next correction takes the place of one that still waits. What changed since I looked is refused (`precondition_failed`).
    """
    said = await campus.households.verify(caller.account, body.verification(idempotency_key))
    return VerificationAnswer.of(said)
