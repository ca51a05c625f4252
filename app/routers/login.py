"""Signing in, refreshing, signing out."""

from app.errors import (
    AccountLocked,
    DistrictNotFound,
    FeatureDisabled,
    InvalidCredentials,
    InvalidToken,
    Maintenance,
    NotAuthenticated,
    TotpInvalid,
    TotpRequired,
)
from app.openapi import refusals
from app.route_guards import Budget, costly, for_every_version, guarded, limited
from app.routers.dependencies import Admitted, CampusPart, OptionalToken
from app.routers.operations import Operations
from app.schemas.login import LoginBody, LogoutBody, RefreshBody
from app.schemas.session import SessionAnswer
from app.services.guard import SIGN_IN

router = Operations(prefix="/login", tags=["Sign-in"])


@router.post(
    "",
    summary="Sign in",
    responses=refusals(
        DistrictNotFound, FeatureDisabled, Maintenance, InvalidCredentials, AccountLocked, TotpRequired, TotpInvalid
    ),
    response_model_exclude_none=True,
)
@costly(Budget.LOGIN)
@guarded(SIGN_IN)
async def login(body: LoginBody, campus: CampusPart, admission: Admitted) -> SessionAnswer:
    """A refusal does not tell whether the username exists. `account_locked` comes only after a right password.

    After three wrong passwords (or as many as the district chose) each try wants a CAPTCHA, after ten there are waits of 30 seconds to
    15 minutes, after a hundred the password is off. A device that sends its `device_token` counts for itself.

    `totp_required` and `totp_invalid` come only after a right password: send the same request again with the code of the authenticator app.
    """
    return SessionAnswer.of(await campus.login.sign_in(body.request(), admission))


@router.post(
    "/refresh",
    summary="Get the next tokens of a session",
    responses=refusals(InvalidToken, Maintenance),
    response_model_exclude_none=True,
)
@limited(Budget.PUBLIC)
@for_every_version
async def refresh_session(body: RefreshBody, campus: CampusPart) -> SessionAnswer:
    """Each refresh token works once. Where the answer was lost, the same token may be sent again within 30 seconds.

    Any other reuse means that somebody else holds the session's tokens, so it ends the session.
    """
    return SessionAnswer.of(await campus.session_refresh.refresh(body.refresh_token))


@router.post(
    "/logout",
    summary="Sign out",
    status_code=204,
    responses=refusals(NotAuthenticated, InvalidToken),
    openapi_extra={"security": [{"accessToken": []}, {}]},
)
@limited(Budget.PUBLIC)
@for_every_version
async def logout(campus: CampusPart, token: OptionalToken, body: LogoutBody | None = None) -> None:
    """Ends the session of the access token, or of the refresh token in the body where the access token has expired."""
    await campus.own_sessions.sign_out(access_token=token, refresh_token=body.refresh_token if body else None)
