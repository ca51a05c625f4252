"""The specification as a product: what FastAPI generates, made exact.

Refusals come from the exception tree, as problem+json with an example for each code; operation ids are camelCase and stable; what may be
left out is never null.
"""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from app import __version__
from app.errors import (
    CampusError,
    CaptchaInvalid,
    CaptchaRequired,
    FieldError,
    Forbidden,
    InternalError,
    InvalidToken,
    Maintenance,
    MalformedJson,
    NotAuthenticated,
    Overloaded,
    PasswordOff,
    PayloadTooLarge,
    RateLimited,
    StepUpRequired,
    TooManyAttempts,
    TotpRequired,
    UnsupportedMediaType,
    ValidationFailed,
)
from app.problems import MEDIA_TYPE, problem_body
from app.route_guards import FileTaken, captcha_rule_of, file_taken_by, is_limited, staff_access_of
from app.settings import Settings

_PROBLEM = "#/components/schemas/Problem"
_EXAMPLE_REQUEST_ID = "0e6f3a4b5c6d47e8a9b0c1d2e3f4a5b6"
_WITH_BODY = (MalformedJson, PayloadTooLarge, UnsupportedMediaType, ValidationFailed)
_ALWAYS = (InternalError, Overloaded)

TAGS = [
    {"name": "Districts", "description": "Find a school district and what its login screen shows. Public, cacheable."},
    {"name": "Activation", "description": "A paper activation key becomes an account, once."},
    {"name": "Sign-in", "description": "Sign in, refresh, sign out."},
    {
        "name": "Recovery",
        "description": "Forgotten passwords and usernames, the recovery e-mail, and changes that were not one's own.",
    },
    {"name": "Linking", "description": "One login for the accounts of several districts: link, switch, unlink."},
    {"name": "My account", "description": "What a signed-in person sees and changes of himself."},
    {
        "name": "Office",
        "description": "For the staff of a district's office. Everything wants a session that passed the second factor; "
        "`x-staff-roles` of each operation says for whom it is, `x-step-up` whether it wants a step-up of the last five minutes. "
        "What belongs to another district or school is not found.",
    },
    {"name": "Service", "description": "For operators and machines: health, metrics, public keys, problem types."},
]
DESCRIPTION = """The account side of a K-12 portal, for many school districts at once.

Every 4xx and 5xx answer is `application/problem+json` (RFC 9457) with a stable `code`; `/problems` lists them all.
Unknown request fields are refused. Times are UTC. What may be left out is never null."""


def refusals(*kinds: type[CampusError]) -> dict[int | str, dict[str, Any]]:
    """What an operation may refuse, for its `responses`; what any operation may refuse is added by `specification`."""
    answers: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        answer = answers.setdefault(kind.status, {"description": kind.title, "content": {MEDIA_TYPE: _content()}})
        answer["content"][MEDIA_TYPE]["examples"][kind.code] = _example(kind)
    for answer in answers.values():
        codes = answer["content"][MEDIA_TYPE]["examples"]
        answer["description"] = "; ".join(example["summary"] for example in codes.values())
    return answers


def operation_id(route: APIRoute | RouteContext) -> str:
    """`list_my_students` becomes `listMyStudents`: the function's name is the operation's."""
    first, *rest = str(route.name).split("_")
    return first + "".join(word.capitalize() for word in rest)


def specification(app: FastAPI) -> dict[str, Any]:
    """The whole OpenAPI 3.1 document."""
    document = get_openapi(
        title="Campus Accounts",
        version=__version__,
        summary="Activation keys, sign-in and sessions for parents, students and staff of school districts",
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        routes=app.routes,
        tags=TAGS,
        servers=[{"url": "/"}],
    )
    endpoints = {operation_id(route): route.endpoint for route in iter_route_contexts(app.routes) if route.name}
    for operation in _operations(document):
        endpoint = endpoints[operation["operationId"]]
        if taken := file_taken_by(endpoint):
            operation["requestBody"] = _file_body(taken)
        _complete_refusals(operation, _refusals_of_guards(endpoint))
        if is_limited(endpoint):
            _add_headers(operation)
        if access := staff_access_of(endpoint):
            operation["x-staff-roles"] = [role.value for role in access.roles]
            operation["x-step-up"] = access.step_up
        operation["security"] = _without_repetition(operation.get("security", []))
    schemas = document["components"]["schemas"]
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas.update(_problem_schemas())
    document["components"]["headers"] = _HEADERS
    _never_null(document)
    return document


def _file_body(taken: FileTaken) -> dict[str, Any]:
    most = Settings.model_fields[taken.setting].default
    schema = {"type": "string", "format": "binary", "maxLength": most}
    description = f"At most {most:,} bytes, unless the operator has set another limit"
    return {"required": True, "description": description, "content": {taken.media_type: {"schema": schema}}}


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def _without_repetition(members: list[Any]) -> list[Any]:
    return [member for place, member in enumerate(members) if member not in members[:place]]


def _refusals_of_guards(endpoint: object) -> list[type[CampusError]]:
    """What is refused in front of an endpoint."""
    rule, access = captcha_rule_of(endpoint), staff_access_of(endpoint)
    return [
        *([RateLimited] if is_limited(endpoint) else []),
        *([CaptchaRequired, CaptchaInvalid] if rule else []),
        *([TooManyAttempts, PasswordOff] if rule and rule.has_ladder else []),
        *([Forbidden, TotpRequired] if access else []),
        *([StepUpRequired] if access and access.step_up else []),
    ]


def _add_headers(operation: dict[str, Any]) -> None:
    for answer in operation["responses"].values():
        headers = answer.setdefault("headers", {})
        headers.update({name: {"$ref": f"#/components/headers/{name}"} for name in ("RateLimit", "RateLimit-Policy")})


def _complete_refusals(operation: dict[str, Any], kinds_of_guards: list[type[CampusError]]) -> None:
    kinds: list[type[CampusError]] = [*_ALWAYS, *kinds_of_guards]
    if "requestBody" in operation:
        is_json = "application/json" in operation["requestBody"]["content"]
        kinds += [kind for kind in _WITH_BODY if is_json or kind is not MalformedJson]
    elif operation.get("parameters"):
        kinds.append(ValidationFailed)
    if operation.get("security"):
        kinds += [NotAuthenticated, InvalidToken, Maintenance]
    answers = operation["responses"]
    if MEDIA_TYPE not in answers.get("422", {}).get("content", {}):
        answers.pop("422", None)  # FastAPI's own form of it
    for status, answer in refusals(*kinds).items():
        stated = answers.setdefault(str(status), {"description": "", "content": {MEDIA_TYPE: _content()}})
        stated["content"].pop("application/json", None)
        examples = stated["content"][MEDIA_TYPE]["examples"]
        examples.update(answer["content"][MEDIA_TYPE]["examples"])
        stated["description"] = "; ".join(example["summary"] for example in examples.values())
    operation["responses"] = dict(sorted(answers.items()))


_HEADERS = {
    "RateLimit": {
        "description": "What is left of the limit (`r`), and in how many seconds it grows again (`t`)",
        "schema": {"type": "string", "maxLength": 100, "examples": ['"login";r=119;t=60']},
    },
    "RateLimit-Policy": {
        "description": "The limit that this request counts for: so many (`q`) within so many seconds (`w`)",
        "schema": {"type": "string", "maxLength": 100, "examples": ['"login";q=120;w=60']},
    },
}


def _content() -> dict[str, Any]:
    return {"schema": {"$ref": _PROBLEM}, "examples": {}}


def _example(kind: type[CampusError]) -> dict[str, Any]:
    error = (
        kind([FieldError("/password", "password_too_short", "Use at least 8 characters.", {"min": 8})])
        if kind is ValidationFailed
        else kind()
    )
    return {"summary": kind.title, "value": problem_body(error, _EXAMPLE_REQUEST_ID)}


def _problem_schemas() -> dict[str, Any]:
    text = {"type": "string", "maxLength": 1_000}
    return {
        "Problem": {
            "type": "object",
            "title": "Problem",
            "description": "A refusal (RFC 9457). Decide by `code`; show `detail` to people.",
            "required": ["type", "title", "status", "code", "detail", "request_id"],
            "properties": {
                "type": {
                    **text,
                    "format": "uri-reference",
                    "description": "Answered by this service with what the problem means",
                },
                "title": text,
                "status": {"type": "integer", "minimum": 400, "maximum": 599},
                "code": {"type": "string", "maxLength": 64, "pattern": "^[a-z0-9_]+$", "description": "Stable"},
                "detail": {**text, "description": "Safe to show to a parent"},
                "request_id": {"type": "string", "maxLength": 64},
                "next_step": {"type": "string", "maxLength": 64, "description": "What an app should offer next"},
                "retry_after": {"type": "integer", "minimum": 0, "maximum": 31_536_000, "description": "Seconds"},
                "reason": {"type": "string", "maxLength": 64},
                "available_at": {"type": "string", "format": "date-time", "maxLength": 20},
                "captcha": {"$ref": "#/components/schemas/CaptchaChallenge"},
                "checks": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 200}},
                "errors": {"type": "array", "maxItems": 200, "items": {"$ref": "#/components/schemas/FieldError"}},
            },
        },
        "FieldError": {
            "type": "object",
            "title": "FieldError",
            "description": "One fault of one field.",
            "required": ["pointer", "code", "detail"],
            "properties": {
                "pointer": {**text, "description": "JSON pointer into the request body, or /query/..., /header/..."},
                "code": {"type": "string", "maxLength": 64, "pattern": "^[a-z0-9_]+$"},
                "detail": text,
                "params": {
                    "type": "object",
                    "description": "The numbers of the rule, for an app's own words",
                    "additionalProperties": True,
                },
            },
        },
    }


_NULL = {"type": "null"}


def _never_null(node: Any) -> None:
    """`X | None = None` means: may be left out. A generated client should not meet a union with null, nor a default of null, nor a promise."""
    if isinstance(node, list):
        for member in node:
            _never_null(member)
    if not isinstance(node, dict):
        return
    if "required" in node and "properties" in node:
        left_out = {name for name, field in node["properties"].items() if _NULL in field.get("anyOf", ())}
        always = [name for name in node.pop("required") if name not in left_out]
        node.update({"required": always} if always else {})
    members = [member for member in node.get("anyOf", ()) if member != _NULL]
    if len(members) == 1:
        del node["anyOf"]
        node.update(members[0])
    if "default" in node and node["default"] is None:
        del node["default"]
    for member in node.values():
        _never_null(member)
