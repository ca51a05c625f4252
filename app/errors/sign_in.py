"""Nobody has proved who he is."""

from collections.abc import Mapping

from app.errors.base import CampusError


class NotSignedIn(CampusError):
    status = 401

    @property
    def headers(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class NotAuthenticated(NotSignedIn):
    code = "not_authenticated"
    title = "Sign in first"
    detail = "This needs a signed-in session."
    remedy = "Send the access token in the header Authorization: Bearer ..."
    next_step = "sign_in"


class InvalidToken(NotSignedIn):
    code = "invalid_token"
    title = "The session has ended"
    detail = "You are signed out. Please sign in again."
    remedy = "Refresh the session once; if that is refused too, ask the user to sign in."
    next_step = "sign_in"

    @property
    def headers(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class SignInAgain(NotSignedIn):
    code = "sign_in_again"
    title = "Sign in once more"
    detail = "For this, please sign in once more with your password."
    remedy = "Ask for the password again and sign in; this wants a sign-in of the last 15 minutes, not a session that was switched to."
    next_step = "sign_in"


class StepUpRequired(NotSignedIn):
    code = "step_up_required"
    title = "Confirm that it is you"
    detail = "For this, please confirm once more that it is you."
    remedy = "Ask for the code of the authenticator app, or for the password where there is none, and send it to POST /me/step-up. It holds for five minutes."
    next_step = "step_up"


class InvalidCredentials(NotSignedIn):
    code = "invalid_credentials"
    title = "The username or the password is wrong"
    detail = "The username or the password is wrong. Check the district and the portal too."
    remedy = "Check the spelling, the district, and whether this is the parent or the student portal; then try again."
