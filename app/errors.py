"""Everything that can be refused, as one tree of exceptions; `problems.py` turns it into RFC 9457.

CampusError
├── RequestFault              the request itself is wrong, whoever sends it
│   ├── MalformedJson
│   ├── PayloadTooLarge
│   ├── UnsupportedMediaType
│   ├── MethodNotAllowed
│   ├── NotFound
│   ├── ValidationFailed      carries one FieldError for each fault
│   ├── IdempotencyKeyReused
│   ├── PreconditionFailed    somebody else changed it meanwhile
│   └── PreconditionRequired
├── RateLimited               too many requests, whoever sends them
├── NotSignedIn               nobody has proved who he is
│   ├── NotAuthenticated
│   ├── InvalidToken
│   ├── SignInAgain           the session is too old for this
│   ├── StepUpRequired        prove once more who you are
│   └── InvalidCredentials
├── NotAllowed                known, but not allowed
│   ├── Forbidden
│   ├── FeatureDisabled
│   ├── LinkingNotAvailable
│   ├── LinksSuspended        after a reset, until the owner confirms
│   ├── AccountLocked         carries the reason
│   ├── TotpRequired          the password was right; the second factor is missing
│   ├── TotpInvalid
│   ├── CaptchaRefused        carries a challenge for the next try
│   │   ├── CaptchaRequired
│   │   └── CaptchaInvalid
│   ├── PasswordOff           the last step of the ladder
│   ├── AnswersWrong          to the challenge questions; which one, nobody learns
│   ├── AnswersExhausted
│   ├── CurrentPasswordWrong
│   ├── CodeWrong             a code of a mail, typed wrong
│   └── CodeExhausted         typed wrong too often
├── DistrictNotFound
├── FactsRefused              facts about a student that do not fit together
│   ├── ClaimNotMatched
│   └── KeyRequestNotMatched
├── KeyRefused                an activation key that opens nothing
│   ├── ActivationKeyInvalid
│   ├── ActivationKeyUsed
│   └── ActivationKeyExpired
├── LinkCodeRefused           a code of another account that links nothing
│   ├── LinkCodeInvalid
│   └── LinkCodeExpired
├── LinkRefused               a mailed link that opens nothing
│   ├── ResetLinkInvalid
│   └── TicketInvalid
├── TooManyAttempts           the ladder's wait
├── DailyLimitReached         carries the seconds until the district's midnight
├── Conflict                  somebody else was first
│   ├── UsernameTaken
│   ├── AlreadyLinked
│   ├── SameDistrict
│   ├── PortalMismatch
│   ├── ClaimTooEarly         carries the moment from which on it works
│   ├── AlreadyClaimed
│   ├── NotEntitled           the person may not have this account
│   ├── NoAddress             there is nowhere to write to
│   ├── KeyRequestClosed
│   ├── KeyNotLive            the key was used, taken back or has expired
│   ├── TicketClosed          a colleague has done it
│   ├── InProgress
│   └── IdempotencyInProgress
└── NotNow                    the same request may succeed later
    ├── Overloaded
    ├── Maintenance
    ├── NotReady              carries the checks
    └── InternalError
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from app.clock import rfc3339
from app.translation import msg


@dataclass(frozen=True)
class FieldError:
    """One fault of one field: a stable code, a sentence for people, and the numbers that an app needs to say it itself.

    `detail` is a template, marked with `msg`: `{min}` stands for `params["min"]`, so that it can be translated whole.
    """

    pointer: str
    code: str
    detail: str
    params: Mapping[str, object] = field(default_factory=dict)


class CampusError(Exception):
    """A refusal with a stable `code`, an HTTP `status`, and words that are safe to show to a parent.

    `title`, `detail` and `remedy` are English here and translated when they are shown; a `detail` given to one refusal stays as it is.
    `remedy` is the sentence of /problems that says what to do; `next_step` is its machine-readable short form.
    """

    code: ClassVar[str]
    status: ClassVar[int]
    title: ClassVar[str]
    detail: str
    remedy: ClassVar[str]
    next_step: str | None = None
    retry_after: int | None = None

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or self.detail
        super().__init__(self.detail)

    @property
    def errors(self) -> Sequence[FieldError]:
        return ()

    @property
    def extra(self) -> Mapping[str, object]:
        """Members of the problem that only this kind of refusal has."""
        return {}

    @property
    def headers(self) -> Mapping[str, str]:
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


# --- the request itself is wrong ---------------------------------------------------------------------------------


class RequestFault(CampusError):
    pass


class MalformedJson(RequestFault):
    code = "malformed_json"
    status = 400
    title = "The request is not valid JSON"
    detail = "The body of the request could not be read as JSON."
    remedy = "Send one JSON object, encoded in UTF-8."


class PayloadTooLarge(RequestFault):
    code = "payload_too_large"
    status = 413
    title = "The request is too large"
    detail = "The body of the request is larger than this service accepts."
    remedy = "Send less. Only an uploaded file may have more than a few kilobytes; /docs says how many."

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Connection": "close"}  # the rest of the body is not read


class UnsupportedMediaType(RequestFault):
    code = "unsupported_media_type"
    status = 415
    title = "The request has another media type than expected"
    detail = "Send the body as application/json."
    remedy = "Set the header Content-Type to application/json, or for an upload to the type that /docs names."


class MethodNotAllowed(RequestFault):
    code = "method_not_allowed"
    status = 405
    title = "This address does not answer to that method"
    detail = "This address exists, but not for this HTTP method."
    remedy = "The header Allow of the answer names the methods that this address knows."

    def __init__(self, allow: str = "") -> None:
        super().__init__()
        self.allow = allow

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Allow": self.allow} if self.allow else {}


class NotFound(RequestFault):
    code = "not_found"
    status = 404
    title = "There is nothing here"
    detail = "There is nothing at this address."
    remedy = "Check the address against /docs. What belongs to somebody else is not found either."


class ValidationFailed(RequestFault):
    code = "validation_failed"
    status = 422
    title = "Some fields need another value"
    detail = "Some fields need another value. The list of errors names each of them."
    remedy = "Correct each field that `errors` points to. Nothing was used up by the attempt."

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__()
        self._errors = tuple(errors)

    @property
    def errors(self) -> Sequence[FieldError]:
        return self._errors


class IdempotencyKeyReused(RequestFault):
    code = "idempotency_key_reused"
    status = 422
    title = "This Idempotency-Key belongs to another request"
    detail = "This Idempotency-Key was used before with another request."
    remedy = "Use a new random Idempotency-Key for each new request, and the same one only to repeat it unchanged."


class PreconditionFailed(RequestFault):
    code = "precondition_failed"
    status = 412
    title = "Somebody else has changed this meanwhile"
    detail = "Somebody else has changed this meanwhile. Load it again, then make your change once more."
    remedy = "Get the resource again, show what is different, and send the change with the new ETag in If-Match."
    next_step = "reload"


class PreconditionRequired(RequestFault):
    code = "precondition_required"
    status = 428
    title = "Say which state you have seen"
    detail = "This change needs the ETag of what you have seen, so that nobody's work is lost."
    remedy = "Get the resource first, and send its ETag in the header If-Match."
    next_step = "reload"


class RateLimited(CampusError):
    """Says nothing of anybody: it counts what an address, a session, a district or everybody together asks for."""

    code = "rate_limited"
    status = 429
    title = "Too many requests"
    detail = "There were too many requests from here. Please wait a moment and try again."
    remedy = "Wait as long as Retry-After says. `RateLimit-Policy` names the limit and `RateLimit` what is left of it."

    def __init__(self, seconds: int = 60) -> None:
        super().__init__()
        self.retry_after = seconds


# --- nobody has proved who he is -----------------------------------------------------------------------------------


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


# --- known, but not allowed ------------------------------------------------------------------------------------------


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
    remedy = "Ask the office of the school district. `features` of the district says what is on."
    next_step = "contact_district"


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
    detail = "Please type the code that your authenticator app shows, or one of your recovery codes."
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


# --- districts and keys ----------------------------------------------------------------------------------------------


class DistrictNotFound(CampusError):
    code = "district_not_found"
    status = 404
    title = "There is no such district here"
    detail = "This school district does not use this portal, or its name was not recognised."
    remedy = "Take the district's id from GET /districts; a district takes part when its `portals` are not empty."


class FactsRefused(CampusError):
    """Which of the facts was wrong, or whether there were too many tries, nobody learns."""

    status = 404
    next_step = "contact_district"


class ClaimNotMatched(FactsRefused):
    code = "claim_not_matched"
    title = "These details do not fit together"
    detail = "These details do not fit together, or there were too many tries. Check each of them, or ask the school."
    remedy = "Type the names and the number as the school has them, without the S. After five wrong tries wait until tomorrow, after ten ask the office."


class KeyRequestNotMatched(FactsRefused):
    code = "key_request_not_matched"
    title = "These details do not fit together"
    detail = "These details do not fit together, or there were too many tries. Check each of them, or ask the school."
    remedy = (
        "Type the details as the school has them. After five wrong tries wait until tomorrow, after ten ask the office."
    )


class KeyRefused(CampusError):
    pass


class ActivationKeyInvalid(KeyRefused):
    code = "activation_key_invalid"
    status = 404
    title = "This activation key is not known"
    detail = "This activation key is not known in this district. Check each group of the key, and the district."
    remedy = "Check the key letter by letter, and the district. If it is right, the office can issue a new one."
    next_step = "check_key"


class ActivationKeyUsed(KeyRefused):
    code = "activation_key_used"
    status = 409
    title = "This activation key has been used"
    detail = (
        "This activation key has already been used, so there is an account. "
        "Sign in with it, or choose Forgot password or Forgot username."
    )
    remedy = "Sign in, or recover the username or the password. If somebody else used the key, tell the office."
    next_step = "sign_in_or_recover"


class ActivationKeyExpired(KeyRefused):
    code = "activation_key_expired"
    status = 410
    title = "This activation key has expired"
    detail = "This activation key has expired. The office of the school district issues a new one."
    remedy = "The district's office issues a new key; `support` of the district says how to reach it."
    next_step = "contact_district"


# --- linking -----------------------------------------------------------------------------------------------------------


class LinkCodeRefused(CampusError):
    next_step = "new_link_code"


class LinkCodeInvalid(LinkCodeRefused):
    code = "link_code_invalid"
    status = 404
    title = "This code is not known"
    detail = "This code is not known. Check each letter, or show a new code in the other account."
    remedy = "Compare the code with the other account's screen. Each code works once, for ten minutes."


class LinkCodeExpired(LinkCodeRefused):
    code = "link_code_expired"
    status = 410
    title = "This code has expired"
    detail = "This code has expired. Please show a new code in the other account."
    remedy = "Show a new code in the other account; each lives for ten minutes."


# --- mailed links and daily limits ---------------------------------------------------------------------------------------


class LinkRefused(CampusError):
    status = 410


class ResetLinkInvalid(LinkRefused):
    code = "reset_link_invalid"
    title = "This link no longer works"
    detail = "This link has expired, was used, or a newer mail has replaced it. Please ask for a new one."
    remedy = "Ask for a new mail with POST /password-reset. Only the newest link works, once, for 30 minutes."
    next_step = "reset_password"


class TicketInvalid(LinkRefused):
    code = "ticket_invalid"
    title = "This link no longer works"
    detail = "This link or code has expired or was used."
    remedy = "Begin again where the link or the ticket came from."


class TooManyAttempts(CampusError):
    """A wait after ten wrong passwords. Comes for unknown names just the same; nothing is verified meanwhile."""

    code = "too_many_attempts"
    status = 429
    title = "Too many wrong passwords"
    detail = "The password was typed wrong too often. Please wait a moment, then try again or choose Forgot password."
    remedy = (
        "Wait as long as Retry-After says: 30 seconds after the tenth wrong password, longer after each further one."
    )
    next_step = "wait"

    def __init__(self, seconds: int = 30) -> None:
        super().__init__()
        self.retry_after = seconds


class DailyLimitReached(CampusError):
    code = "daily_limit_reached"
    status = 429
    title = "Enough for today"
    detail = "This was asked for too often today. Please try again tomorrow, or contact the school."
    remedy = "Wait as long as Retry-After says: until midnight in the district."
    next_step = "contact_district"

    def __init__(self, seconds: int = 3_600) -> None:
        super().__init__()
        self.retry_after = seconds


# --- somebody else was first -------------------------------------------------------------------------------------------


class Conflict(CampusError):
    status = 409


class UsernameTaken(Conflict):
    code = "username_taken"
    title = "This username is taken"
    detail = "Somebody in this district already has this username. Please choose another one."
    remedy = "Choose another username. Capitals and look-alike forms of a letter count as the same."
    next_step = "choose_username"

    @property
    def errors(self) -> Sequence[FieldError]:
        return (FieldError("/username", self.code, self.detail),)


class AlreadyLinked(Conflict):
    code = "already_linked"
    title = "The accounts are linked already"
    detail = "These two accounts are linked already."
    remedy = "Nothing needs to be done; GET /districts/link lists the linked accounts."


class SameDistrict(Conflict):
    code = "same_district"
    title = "Both accounts are in one district"
    detail = "Only accounts of different school districts can be linked, one of each district."
    remedy = "Use the code in an account of another district. An account that is linked already may have to be taken out first."


class PortalMismatch(Conflict):
    code = "portal_mismatch"
    title = "The accounts are of different portals"
    detail = "A parent's account can only be linked with a parent's account, and a student's with a student's."
    remedy = "Use the code in an account of the same portal."


class ClaimTooEarly(Conflict):
    """Only for one who gave all facts right."""

    code = "claim_too_early"
    title = "The account can be claimed later"
    detail = "You are new in this school district. Please try again later; your account can be claimed then."
    remedy = "`available_at` says from when on the account can be claimed."
    next_step = "wait"

    def __init__(self, available_at: datetime | None = None) -> None:
        super().__init__()
        self.available_at = available_at

    @property
    def extra(self) -> Mapping[str, object]:
        return {"available_at": rfc3339(self.available_at)} if self.available_at else {}


class AlreadyClaimed(Conflict):
    """Only for one who gave all facts right, or who holds a ticket."""

    code = "already_claimed"
    title = "The account has been claimed"
    detail = "This account has been claimed before. Sign in with it, or choose Forgot password."
    remedy = "Sign in, or reset the password. Only the office can open the claim once more."
    next_step = "sign_in_or_recover"


class NotEntitled(Conflict):
    code = "not_entitled"
    title = "This person may not have such an account"
    detail = (
        "This person may not have an account in this portal now: not in the roster, or no student with portal access."
    )
    remedy = "GET /admin/people says why. The roster or the relationship's portal flag has to change first."


class NoAddress(Conflict):
    code = "no_address"
    title = "There is no address to write to"
    detail = "There is no address on record to which this could be mailed."
    remedy = "Choose another way: a letter, or in person with photo ID."


class KeyRequestClosed(Conflict):
    code = "key_request_closed"
    title = "This request does not wait any more"
    detail = "This request does not wait any more: keys went out for it, or a colleague was faster."
    remedy = "Load the list again; `state` says what came of the request."
    next_step = "reload"


class KeyNotLive(Conflict):
    code = "key_not_live"
    title = "The key does not open anything any more"
    detail = "This key was used or taken back before, so there is nothing to take back."
    remedy = "Look at the key's `state`. A used key has made an account: unlock, reset or disable that."


class TicketClosed(Conflict):
    code = "ticket_closed"
    title = "The ticket is closed"
    detail = "Somebody has closed this ticket before. Nothing was done now."
    remedy = "GET /admin/support-tickets/{id} says what was done. If more is needed, do it with the account itself."


class InProgress(Conflict):
    code = "in_progress"
    title = "Another request is using this right now"
    detail = "Another request is using this right now. Please try again in a moment."
    remedy = "Wait as long as Retry-After says, then repeat the request."
    retry_after = 1


class IdempotencyInProgress(Conflict):
    code = "idempotency_in_progress"
    title = "The first request with this Idempotency-Key is still running"
    detail = "The first request with this Idempotency-Key is still running. Please try again in a moment."
    remedy = "Wait as long as Retry-After says, then repeat the request with the same key."
    retry_after = 1


# --- the same request may succeed later --------------------------------------------------------------------------------


class NotNow(CampusError):
    status = 503
    retry_after: int | None = 2


class Overloaded(NotNow):
    code = "overloaded"
    title = "The service is busy"
    detail = "The service is busy. Please try again in a moment."
    remedy = "Wait as long as Retry-After says, then repeat the request. Nothing was used up by the attempt."


class Maintenance(NotNow):
    code = "maintenance"
    title = "The district is being maintained"
    detail = "The portal of this school district is being maintained. Please try again later."
    remedy = "Wait as long as Retry-After says; `status` of the district says until when."

    def __init__(self, until: datetime | None = None, *, now: datetime | None = None) -> None:
        super().__init__()
        if until and now:
            self.retry_after = max(1, int((until - now).total_seconds()))


class NotReady(NotNow):
    code = "not_ready"
    title = "This process cannot serve yet"
    detail = "This process cannot serve yet."
    remedy = "For operators: `checks` names the part that is missing."

    def __init__(self, checks: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.checks = dict(checks or {})

    @property
    def extra(self) -> Mapping[str, object]:
        return {"checks": self.checks}


class InternalError(NotNow):
    code = "internal_error"
    status = 500
    title = "Something went wrong on our side"
    detail = "Something went wrong on our side. Please try again; if it happens again, tell the office the request id."
    remedy = "Repeat the request later. Give `request_id` to the operator, who finds the cause in the log."
    retry_after = None


def every_refusal() -> list[type[CampusError]]:
    """Every class of the tree that has a code, sorted by it."""

    def below(root: type[CampusError]) -> list[type[CampusError]]:
        return [kind for child in root.__subclasses__() for kind in (child, *below(child))]

    return sorted((kind for kind in below(CampusError) if "code" in kind.__dict__), key=lambda kind: kind.code)
