"""Known, but not allowed."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar

from app.errors.base import CampusError, FieldError
from app.translation import msg


class NotAllowed(CampusError):
    status = 403


class Forbidden(NotAllowed):
    code = "forbidden"
    title = "Not allowed"
    detail = "Your account may not do this."
    remedy = "Ask the office of the school district."


class FeatureDisabled(NotAllowed):
    code = "feature_disabled"
    title = "The district has switched this off"
    detail = "Your school district has not switched this on."
    remedy = (
        "Ask the office of the school district. `features` of the district says what is on; "
        "`back_on` names the day from which on it works again, where it is only closed for a time."
    )
    next_step = "contact_district"

    def __init__(self, back_on: date | None = None) -> None:
        super().__init__(msg("Your school has closed this for a time. Please come back later.") if back_on else None)
        self.back_on = back_on

    @property
    def extra(self) -> Mapping[str, object]:
        return {"back_on": self.back_on.isoformat()} if self.back_on else {}


class LinkingNotAvailable(NotAllowed):
    code = "linking_not_available"
    title = "Linking is not available"
    detail = "Accounts of this school district cannot be linked with those of other districts."
    remedy = "GET /districts/link says why: the state does not allow it, or the district has switched it off."
    next_step = "contact_district"


class LinksSuspended(NotAllowed):
    code = "links_suspended"
    title = "Confirm your links first"
    detail = "Your password was reset. Please confirm first that your linked accounts are still yours."
    remedy = "Show the linked accounts and ask the owner to confirm them: POST /districts/link/confirm."
    next_step = "confirm_links"


class AccountLocked(NotAllowed):
    """Only after a right password, and only for locks that guessing did not cause."""

    code = "account_locked"
    title = "The account cannot be used now"
    detail = "The school has switched this account off. Please contact the school."
    remedy = "`reason` says why: `disabled` by the office, `no_portal_access` to any student, or `recovery_lockout` until midnight."
    next_step = "contact_district"

    _DETAILS: ClassVar[Mapping[str, str]] = {
        "recovery_lockout": msg(
            "Your username was asked for too often today. Sign in tomorrow, or use the link in the mail to set a new password."
        ),
        "no_portal_access": msg(
            "Your account has no access to a student in the portal now. Please contact the school."
        ),
    }

    def __init__(self, reason: str = "disabled") -> None:
        super().__init__(self._DETAILS.get(reason))
        self.reason = reason

    @property
    def extra(self) -> Mapping[str, object]:
        return {"reason": self.reason}


class TotpRequired(NotAllowed):
    """Only after a right password, or in a session that was opened with one."""

    code = "totp_required"
    title = "The code of the authenticator app is needed"
    detail = "Please type the code that your authenticator app shows, or one of your recovery codes. If you have neither, contact the school."
    remedy = "At sign-in send the same request again with `totp`. A signed-in account without an authenticator sets one up with POST /me/totp."
    next_step = "totp"


class TotpInvalid(NotAllowed):
    code = "totp_invalid"
    title = "The code is wrong"
    detail = "The code is wrong, or it was used before. Wait for the next one. After five wrong codes there is a pause."
    remedy = "Ask for the next code. Each works once; the clock of the phone may be half a minute off. A recovery code will do, too."
    next_step = "totp"

    @property
    def errors(self) -> Sequence[FieldError]:
        return (FieldError("/totp", self.code, self.detail),)


class PasskeyInvalid(NotAllowed):
    """Nothing tells why: whoever has the passkey sees it in his list, and nobody else learns anything."""

    code = "passkey_invalid"
    title = "The passkey was not accepted"
    detail = (
        "This passkey does not open an account here. Check the district and the portal, or sign in with your password."
    )
    remedy = (
        "Offer the password instead. The passkey was removed, is for another district or portal, or the page is on an origin that "
        "the district has not registered. Ask for new options before each try."
    )
    next_step = "sign_in"


class CaptchaRefused(NotAllowed):
    """Carries a challenge for the next try. Says nothing of anybody: unknown names come here just the same."""

    next_step = "solve_captcha"

    def __init__(self, captcha: Mapping[str, object] | None = None) -> None:
        super().__init__()
        self.captcha = captcha or {"provider": "altcha", "challenge": {}}

    @property
    def extra(self) -> Mapping[str, object]:
        return {"captcha": self.captcha}


class CaptchaRequired(CaptchaRefused):
    code = "captcha_required"
    title = "Show that you are not a robot"
    detail = "Please confirm that you are not a robot, then try again."
    remedy = "Solve the challenge in `captcha` and send the same request again with the result as `captcha`."


class CaptchaInvalid(CaptchaRefused):
    code = "captcha_invalid"
    title = "The confirmation that you are not a robot did not work"
    detail = "Please confirm once more that you are not a robot, then try again."
    remedy = (
        "Solve the fresh challenge in `captcha`. Each counts once, for ten minutes, for one action in one district."
    )


class PasswordOff(NotAllowed):
    """A hundred wrong passwords. Comes for unknown names just the same."""

    code = "password_off"
    title = "The password has been switched off"
    detail = (
        "The password was typed wrong too often, so it has been switched off. Choose Forgot password to set a new one."
    )
    remedy = (
        "Reset the password by mail, or let the office unlock the account. A device that signed in before still can."
    )
    next_step = "reset_password"


class CurrentPasswordWrong(NotAllowed):
    code = "current_password_wrong"
    title = "The current password is wrong"
    detail = "The current password is wrong. After five wrong tries you are signed out."
    remedy = "Ask for the current password again. After five wrong ones the session ends; the owner then resets the password."

    @property
    def errors(self) -> Sequence[FieldError]:
        return (FieldError("/current_password", self.code, self.detail),)


class CodeWrong(NotAllowed):
    code = "code_wrong"
    title = "The code is wrong"
    detail = "The code is not the one from the newest mail. Check each letter."
    remedy = "Compare the code with the newest mail. After five wrong codes ask for a new mail."


class CodeExhausted(NotAllowed):
    code = "code_exhausted"
    title = "Too many wrong codes"
    detail = "The code was typed wrong too often. Use the link in the mail, or ask for a new mail."
    remedy = "Use the link in the mail, or set the address again to get a new code."
    next_step = "set_recovery_email"


class AnswersWrong(NotAllowed):
    """Comes for unknown names just the same."""

    code = "answers_wrong"
    title = "Not all answers are right"
    detail = "Not all answers are right. Capitals, accents and spaces do not matter."
    remedy = "Ask for all the answers again. There are five tries a day, ten in all; then only the office helps."
    next_step = "contact_district"


class AnswersExhausted(NotAllowed):
    """Comes for unknown names just the same; nothing is verified meanwhile."""

    code = "answers_exhausted"
    title = "Too many wrong answers"
    detail = "The questions were answered wrong too often. Please try again tomorrow, or contact the school."
    remedy = "After five wrong tries wait until tomorrow, after ten in all let the office reset the account."
    next_step = "contact_district"
