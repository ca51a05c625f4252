"""A paper key becomes an account."""

from app.errors import (
    ActivationKeyExpired,
    ActivationKeyInvalid,
    ActivationKeyUsed,
    DistrictNotFound,
    FeatureDisabled,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    InProgress,
    Maintenance,
    UsernameTaken,
)
from app.openapi import refusals
from app.route_guards import Budget, costly
from app.routers.dependencies import CampusPart, IdempotencyKey
from app.routers.operations import Operations
from app.schemas.activate import ActivateBody, KeyOfferAnswer, VerifyKeyBody
from app.schemas.session import SessionAnswer

router = Operations(prefix="/activate", tags=["Activation"])

_KEY_REFUSALS = (
    DistrictNotFound,
    FeatureDisabled,
    Maintenance,
    ActivationKeyInvalid,
    ActivationKeyUsed,
    ActivationKeyExpired,
)


@router.post(
    "/verify",
    summary="See what an activation key opens",
    responses=refusals(*_KEY_REFUSALS),
    response_model_exclude_none=True,
)
@costly(Budget.ACTIVATE)
async def verify_activation_key(body: VerifyKeyBody, campus: CampusPart) -> KeyOfferAnswer:
    """The key is not used up. The answer names the policies that username and password must meet."""
    return KeyOfferAnswer.of(await campus.activation.verify(body.district, body.activation_key))


@router.post(
    "",
    summary="Turn an activation key into an account",
    status_code=201,
    responses=refusals(*_KEY_REFUSALS, UsernameTaken, InProgress, IdempotencyKeyReused, IdempotencyInProgress),
    response_model_exclude_none=True,
)
@costly(Budget.ACTIVATE)
async def activate(body: ActivateBody, campus: CampusPart, idempotency_key: IdempotencyKey = None) -> SessionAnswer:
    """Uses the key up, once, and signs in. No refusal uses it up.

    For a person who has an account already it is the same account, with everything that opened it replaced.
    """
    return SessionAnswer.of(await campus.activation.activate(body.request(idempotency_key)))
