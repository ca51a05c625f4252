"""The exception tree as RFC 9457 problem+json. The only place that builds problem documents."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match
from starlette.types import Scope

from app.errors import (
    CampusError,
    FieldError,
    InternalError,
    MalformedJson,
    MethodNotAllowed,
    NotFound,
    ValidationFailed,
)
from app.translation import LANGUAGES, Translator, msg, negotiate, translator

MEDIA_TYPE = "application/problem+json"
ENGLISH = LANGUAGES[0]


def slug(code: str) -> str:
    """The last part of a problem's `type`, which this service answers."""
    return code.replace("_", "-")


def problem_body(error: CampusError, request_id: str, locale: str = ENGLISH) -> dict[str, Any]:
    """The document for one refusal. It holds what the tree says and nothing that the client sent."""
    words = translator(locale)
    body: dict[str, Any] = {
        "type": f"/problems/{slug(error.code)}",
        "title": words.text(error.title),
        "status": error.status,
        "code": error.code,
        "detail": words.text(error.detail),
        "request_id": request_id,
        "next_step": error.next_step,
        "retry_after": error.retry_after,
        **error.extra,
    }
    if error.errors:
        body["errors"] = [_field_error(fault, words) for fault in error.errors]
    return {name: value for name, value in body.items() if value is not None}


def sentences_of_schemas() -> Iterable[tuple[str, str]]:
    """The codes of fields that a schema refuses, with what they say in English."""
    return (*_SENTENCES.values(), _INVALID, *_OWN_CODES.items())


class ProblemResponse(JSONResponse):
    media_type = MEDIA_TYPE

    def __init__(self, error: CampusError, request_id: str, locale: str) -> None:
        headers = {"Cache-Control": "no-store", "Content-Language": locale, "Vary": "Accept-Language"}
        super().__init__(problem_body(error, request_id, locale), error.status, {**headers, **error.headers})


def refusal_of(scope: Scope, error: CampusError) -> ProblemResponse:
    """The answer to the request of this scope, in the language that it asks for. The log tells its code."""
    scope["state"]["problem"] = error.code
    return ProblemResponse(error, scope["state"]["request_id"], language_of(scope))


def language_of(scope: Scope) -> str:
    """The language that the request of this scope asks for, of those that there are."""
    return negotiate(",".join(Headers(scope=scope).getlist("accept-language")))


async def refuse(request: Request, error: Exception) -> Response:
    """Starlette's handler for everything that a route refuses, whatever raised it."""
    refusal = MethodNotAllowed(_methods_here(request)) if _is_wrong_method(error) else _campus_error(error)
    return refusal_of(request.scope, refusal)


def _is_wrong_method(error: Exception) -> bool:
    return isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED


def _methods_here(request: Request) -> str:
    """Every method that this address knows (RFC 9110); Starlette names those of its first route only."""
    routes = iter_route_contexts(request.app.routes)
    methods = {
        method
        for route in routes
        if route.matches(dict(request.scope))[0] is not Match.NONE
        for method in route.methods or ()
    }
    return ", ".join(sorted(methods))


def _campus_error(error: Exception) -> CampusError:
    if isinstance(error, CampusError):
        return error
    if isinstance(error.__cause__, CampusError):
        return error.__cause__  # FastAPI wraps what is raised while it reads the body
    if isinstance(error, HTTPException):
        return _of_starlette(error)
    return _of_validation(getattr(error, "errors", list)())


def _of_starlette(error: HTTPException) -> CampusError:
    match error.status_code:
        case 404:
            return NotFound()
        case 400:
            return (
                MalformedJson()
            )  # FastAPI's word for a body that it could not parse at all, such as one nested 10,000 deep
        case _:
            return InternalError()


_MAX_ERRORS, _MAX_POINTER = 200, 1_000
"""As the specification says: a request that is nothing but faults does not get a book for an answer."""


def _of_validation(faults: Sequence[dict[str, Any]]) -> CampusError:
    if any(fault["type"] == "json_invalid" for fault in faults):
        return MalformedJson()
    if any(fault["loc"] == ("body",) and fault["type"] == "model_attributes_type" for fault in faults):
        return ValidationFailed([FieldError("", "object_expected", msg("Send one JSON object."))])
    return ValidationFailed([_of_pydantic(fault) for fault in faults[:_MAX_ERRORS]])


def _of_pydantic(fault: dict[str, Any]) -> FieldError:
    """One fault of pydantic's in our words; its `input` and messages, which may repeat secrets, are left behind."""
    kind, context = fault["type"], fault.get("ctx", {})
    code, detail = _SENTENCES.get(kind, _INVALID)
    params = {name: context[key] for key, name in _PARAMS.items() if key in context}
    if kind in _OWN_CODES:
        code, detail = kind, _OWN_CODES[kind]
    return FieldError(_pointer(fault["loc"]), code, detail, params)


_SENTENCES = {
    "missing": ("required", msg("This field is needed.")),
    "extra_forbidden": ("unknown_field", msg("There is no such field here.")),
    "string_too_short": ("too_short", msg("Use at least {min} characters.")),
    "string_too_long": ("too_long", msg("Use at most {max} characters.")),
    "too_short": ("too_few", msg("Name at least {min}.")),
    "too_long": ("too_many", msg("Name at most {max}.")),
    "string_type": ("text_expected", msg("Send text here.")),
    "string_unicode": ("text_expected", msg("This text holds characters that are no text.")),
    "string_pattern_mismatch": ("wrong_format", msg("This value has another format than expected.")),
    "enum": ("unknown_value", msg("This is not one of the values that are known here.")),
    "literal_error": ("unknown_value", msg("This is not one of the values that are known here.")),
    "int_type": ("number_expected", msg("Send a whole number here.")),
    "int_parsing": ("number_expected", msg("Send a whole number here.")),
    "greater_than_equal": ("too_small", msg("Use {min} or more.")),
    "less_than_equal": ("too_large", msg("Use {max} or less.")),
    "bool_type": ("true_or_false_expected", msg("Send true or false here.")),
    "bool_parsing": ("true_or_false_expected", msg("Send true or false here.")),
    "uuid_parsing": ("wrong_format", msg("This is not an id.")),
    "date_type": ("date_expected", msg("Send a date here, such as 2026-08-03.")),
    "date_parsing": ("date_expected", msg("Send a date here, such as 2026-08-03.")),
    "date_from_datetime_parsing": ("date_expected", msg("Send a date here, such as 2026-08-03.")),
    "date_from_datetime_inexact": ("date_expected", msg("Send a date here, such as 2026-08-03.")),
    "datetime_type": ("moment_expected", msg("Send a moment here, such as 2026-08-03T12:00:00Z.")),
    "datetime_parsing": ("moment_expected", msg("Send a moment here, such as 2026-08-03T12:00:00Z.")),
    "datetime_from_date_parsing": ("moment_expected", msg("Send a moment here, such as 2026-08-03T12:00:00Z.")),
    "timezone_aware": ("moment_expected", msg("Send a moment here, such as 2026-08-03T12:00:00Z.")),
    "list_type": ("list_expected", msg("Send a list here.")),
    "tuple_type": ("list_expected", msg("Send a list here.")),
    "model_type": ("object_expected", msg("Send a JSON object here.")),
    "model_attributes_type": ("object_expected", msg("Send a JSON object here.")),
    "dict_type": ("object_expected", msg("Send a JSON object here.")),
}
_INVALID = ("invalid", msg("This value cannot be used here."))
_OWN_CODES = {
    "password_too_long": msg("Use at most {max} characters."),
    "text_expected": msg("This text holds characters that cannot be used."),
    "outcome_and_correction": msg("Send a correction with the outcome correction, and without it none."),
    "token_or_code": msg("Send either the token or the code."),
    "date_out_of_range": msg("Use a date from {min} to {max}."),
    "back_before_closing": msg("It cannot be back before it is closed."),
    "max_below_min": msg("The greatest length cannot be below the least, which is {min}."),
    "network_expected": msg("Send a network here, such as 203.0.113.0/24."),
    "network_too_wide": msg("Name no network wider than /{widest}."),
    "origin_expected": msg("Send an origin here, such as https://portal.example.org."),
    "redirect_uri_expected": msg(
        "Send an address here, such as https://portal.example.org/sso or org.example.portal:/sso."
    ),
    "web_address_expected": msg("Send an address here that begins with https:// or http://."),
    "ssn_not_wanted": msg("Please leave social security numbers out. The office never needs one here."),
    "cursor_invalid": msg("This cursor is not one that this service gave."),
}
"""Codes that schemas raise themselves."""
_PARAMS = {
    "widest": "widest",
    "min_length": "min",
    "max_length": "max",
    "ge": "min",
    "le": "max",
    "max": "max",
    "min": "min",
}


def _pointer(location: Iterable[int | str]) -> str:
    """RFC 6901 into the body; a fault of the query or a header points to `/query/limit`."""
    parts = list(location)
    parts = parts[1:] if parts[:1] == ["body"] else parts
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)[:_MAX_POINTER]


def _field_error(fault: FieldError, words: Translator) -> dict[str, Any]:
    detail = words.text(fault.detail, **fault.params)
    body: dict[str, Any] = {"pointer": fault.pointer, "code": fault.code, "detail": detail}
    return {**body, "params": dict(fault.params)} if fault.params else body
