"""The exception tree as RFC 9457 problem+json. The only place that builds problem documents."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from app.errors import (
    CampusError,
    FieldError,
    InternalError,
    MalformedJson,
    MethodNotAllowed,
    NotFound,
    ValidationFailed,
)

MEDIA_TYPE = "application/problem+json"
LANGUAGE = "en"


def slug(code: str) -> str:
    """The last part of a problem's `type`, which this service answers."""
    return code.replace("_", "-")


def problem_body(error: CampusError, request_id: str) -> dict[str, Any]:
    """The document for one refusal. It holds what the tree says and nothing that the client sent."""
    body: dict[str, Any] = {
        "type": f"/problems/{slug(error.code)}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "request_id": request_id,
        "next_step": error.next_step,
        "retry_after": error.retry_after,
        **error.extra,
    }
    if error.errors:
        body["errors"] = [_field_error(fault) for fault in error.errors]
    return {name: value for name, value in body.items() if value is not None}


class ProblemResponse(JSONResponse):
    media_type = MEDIA_TYPE

    def __init__(self, error: CampusError, request_id: str) -> None:
        headers = {"Cache-Control": "no-store", "Content-Language": LANGUAGE, **error.headers}
        super().__init__(problem_body(error, request_id), error.status, headers)


async def refuse(request: Request, error: Exception) -> Response:
    """Starlette's handler for everything that a route refuses, whatever raised it."""
    refusal = MethodNotAllowed(_methods_here(request)) if _is_wrong_method(error) else _campus_error(error)
    return ProblemResponse(refusal, request.scope["state"]["request_id"])


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


def _of_validation(faults: Sequence[dict[str, Any]]) -> CampusError:
    if any(fault["type"] == "json_invalid" for fault in faults):
        return MalformedJson()
    if any(fault["loc"] == ("body",) and fault["type"] == "model_attributes_type" for fault in faults):
        return ValidationFailed([FieldError("", "object_expected", "Send one JSON object.")])
    return ValidationFailed([_of_pydantic(fault) for fault in faults])


def _of_pydantic(fault: dict[str, Any]) -> FieldError:
    """One fault of pydantic's in our words; its `input` and messages, which may repeat secrets, are left behind."""
    kind, context = fault["type"], fault.get("ctx", {})
    code, detail = _SENTENCES.get(kind, (kind if kind in _OWN_CODES else "invalid", "This value cannot be used here."))
    params = {name: context[key] for key, name in _PARAMS.items() if key in context}
    if kind in _OWN_CODES:
        code, detail = kind, _OWN_CODES[kind]
    return FieldError(_pointer(fault["loc"]), code, detail.format(**params), params)


_SENTENCES = {
    "missing": ("required", "This field is needed."),
    "extra_forbidden": ("unknown_field", "There is no such field here."),
    "string_too_short": ("too_short", "Use at least {min} characters."),
    "string_too_long": ("too_long", "Use at most {max} characters."),
    "string_type": ("text_expected", "Send text here."),
    "string_unicode": ("text_expected", "This text holds characters that are no text."),
    "string_pattern_mismatch": ("wrong_format", "This value has another format than expected."),
    "enum": ("unknown_value", "This is not one of the values that are known here."),
    "literal_error": ("unknown_value", "This is not one of the values that are known here."),
    "int_parsing": ("number_expected", "Send a whole number here."),
    "greater_than_equal": ("too_small", "Use {min} or more."),
    "less_than_equal": ("too_large", "Use {max} or less."),
    "bool_type": ("true_or_false_expected", "Send true or false here."),
    "bool_parsing": ("true_or_false_expected", "Send true or false here."),
    "uuid_parsing": ("wrong_format", "This is not an id."),
    "model_type": ("object_expected", "Send a JSON object here."),
    "model_attributes_type": ("object_expected", "Send a JSON object here."),
    "dict_type": ("object_expected", "Send a JSON object here."),
}
_OWN_CODES = {
    "password_too_long": "Use at most {max} characters.",
    "text_expected": "This text holds characters that cannot be used.",
    "cursor_invalid": "This cursor is not one that this service gave.",
}
"""Codes that schemas raise themselves."""
_PARAMS = {"min_length": "min", "max_length": "max", "ge": "min", "le": "max", "max": "max", "min": "min"}


def _pointer(location: Iterable[int | str]) -> str:
    """RFC 6901 into the body; a fault of the query or a header points to `/query/limit`."""
    parts = list(location)
    parts = parts[1:] if parts[:1] == ["body"] else parts
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _field_error(fault: FieldError) -> dict[str, Any]:
    body: dict[str, Any] = {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail}
    return {**body, "params": dict(fault.params)} if fault.params else body
