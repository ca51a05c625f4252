"""The request itself is wrong, whoever sends it."""

from collections.abc import Mapping, Sequence

from app.errors.base import CampusError, FieldError


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


class LettersNotPrintable(RequestFault):
    """Asked for as PDF, where the extra for it or what it needs of the system is not installed."""

    code = "letters_not_printable"
    status = 406
    title = "Letters are not printed here"
    detail = "This service cannot print letters. Ask for the keys as CSV instead. No key was issued."
    remedy = "Send `Accept: text/csv`. Whoever runs the service can install what prints letters; `campus keys print` says what is missing."


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
    detail = "This is not there, or not any more."
    remedy = "Check the address against /docs. What belongs to somebody else is not found either."


class ValidationFailed(RequestFault):
    code = "validation_failed"
    status = 422
    title = "Some fields need another value"
    detail = "Some fields need another value. What is wrong is said for each of them."
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


class AppUpgradeRequired(RequestFault):
    """Only below the hard floor of the operator, who has left these versions behind."""

    code = "app_upgrade_required"
    status = 426
    title = "This version of the app is too old"
    detail = "This version of the app is too old. Please update it."
    remedy = "Lead the user to `store_url`. Refreshing, signing out and removing a device work all the same."
    next_step = "upgrade_app"

    def __init__(self, store_url: str | None = None) -> None:
        super().__init__()
        self.store_url = store_url

    @property
    def extra(self) -> Mapping[str, object]:
        return {"store_url": self.store_url}
