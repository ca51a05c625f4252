"""The second factor: setting up an authenticator app, and proving once more who one is."""

from fastapi import APIRouter

from app.errors import (
    CurrentPasswordWrong,
    InProgress,
    SignInAgain,
    StepUpRequired,
    TicketInvalid,
    TooManyAttempts,
    TotpInvalid,
    TotpRequired,
)
from app.openapi import refusals
from app.route_guards import Budget, limited
from app.routers.dependencies import Caller, CampusPart
from app.schemas.session import SessionAnswer
from app.schemas.totp import ConfirmTotpBody, EnrolmentAnswer, StepUpBody

router = APIRouter(prefix="/me", tags=["My account"])


@router.post(
    "/totp",
    summary="Set up an authenticator app",
    status_code=201,
    responses=refusals(StepUpRequired, SignInAgain, InProgress),
)
@limited(Budget.SESSION)
async def set_up_totp(caller: Caller, campus: CampusPart) -> EnrolmentAnswer:
    """The secret counts once a code of it has been confirmed, within 15 minutes. Another authenticator wants a step-up by the one before."""
    return EnrolmentAnswer.of(await campus.authenticator.enrol(caller))


@router.post(
    "/totp/confirm",
    summary="Confirm the authenticator app",
    responses=refusals(TicketInvalid, TotpInvalid, TooManyAttempts),
    response_model_exclude_none=True,
)
@limited(Budget.SESSION)
async def confirm_totp(body: ConfirmTotpBody, caller: Caller, campus: CampusPart) -> SessionAnswer:
    """From now on each sign-in wants a code. The answer holds the recovery codes, this once; all other sessions end, the owner is told."""
    return SessionAnswer.of(await campus.authenticator.confirm(caller, body.totp))


@router.post(
    "/step-up",
    summary="Prove once more who I am",
    responses=refusals(TotpRequired, TotpInvalid, TooManyAttempts, CurrentPasswordWrong),
    response_model_exclude_none=True,
)
@limited(Budget.SESSION)
async def step_up(body: StepUpBody, caller: Caller, campus: CampusPart) -> SessionAnswer:
    """For what answers `step_up_required`; it holds for five minutes in this session."""
    return SessionAnswer.of(await campus.authenticator.step_up(caller, totp=body.totp, password=body.password))
