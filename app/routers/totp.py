"""The second factor: setting up an authenticator app, and proving once more who one is."""

from app.errors import (
    CurrentPasswordWrong,
    Forbidden,
    InProgress,
    NotFound,
    PasskeyInvalid,
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
from app.routers.operations import Operations
from app.schemas.passkeys import PasskeyOptionsAnswer
from app.schemas.session import SessionAnswer
from app.schemas.step_up import StepUpBody
from app.schemas.totp import ConfirmTotpBody, EnrolmentAnswer, TotpStandingAnswer

router = Operations(prefix="/me", tags=["My account"])


@router.get("/totp", summary="Do I have an authenticator app?", responses=refusals(), response_model_exclude_none=True)
@limited(Budget.SESSION)
async def show_totp(caller: Caller, campus: CampusPart) -> TotpStandingAnswer:
    """Nothing of its secret, nor of the recovery codes."""
    return TotpStandingAnswer.of(await campus.authenticator.standing(caller))


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


@router.delete(
    "/totp",
    summary="Turn the authenticator app off",
    status_code=204,
    responses=refusals(Forbidden, NotFound, SignInAgain, StepUpRequired),
)
@limited(Budget.SESSION)
async def turn_totp_off(caller: Caller, campus: CampusPart) -> None:
    """Wants a step-up of the last five minutes; the recovery codes go, too, and the owner is told. Staff cannot: their desk wants it."""
    await campus.authenticator.turn_off(caller)


@router.post("/step-up/options", summary="Begin to prove with a passkey who I am", responses=refusals(NotFound))
@limited(Budget.SESSION)
async def begin_step_up(caller: Caller, campus: CampusPart) -> PasskeyOptionsAnswer:
    """For `passkey` of POST /me/step-up. `not_found`: the account has no passkey."""
    return PasskeyOptionsAnswer.of(await campus.step_up.options(caller))


@router.post(
    "/step-up",
    summary="Prove once more who I am",
    responses=refusals(TotpRequired, TotpInvalid, TooManyAttempts, CurrentPasswordWrong, PasskeyInvalid, TicketInvalid),
    response_model_exclude_none=True,
)
@limited(Budget.SESSION)
async def step_up(body: StepUpBody, caller: Caller, campus: CampusPart) -> SessionAnswer:
    """For what answers `step_up_required`; it holds for five minutes in this session. A passkey counts as two factors here, too."""
    passkey = body.passkey.credential() if body.passkey else None
    return SessionAnswer.of(await campus.step_up.prove(caller, totp=body.totp, password=body.password, passkey=passkey))
