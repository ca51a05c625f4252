"""Refusals in the specification: which an operation may answer, and what they look like."""

from collections import Counter
from typing import Any

from app.errors import (
    AppUpgradeRequired,
    CampusError,
    CaptchaInvalid,
    CaptchaRequired,
    ClaimTooEarly,
    DailyLimitReached,
    FeatureDisabled,
    FieldError,
    Forbidden,
    InternalError,
    InvalidToken,
    Maintenance,
    MalformedJson,
    MethodNotAllowed,
    NotAuthenticated,
    NotReady,
    Overloaded,
    PasswordOff,
    PayloadTooLarge,
    RateLimited,
    StepUpRequired,
    TooManyAttempts,
    TotpRequired,
    UnsupportedMediaType,
    ValidationFailed,
    every_refusal,
)
from app.openapi.words import CAPTCHA, MOMENT
from app.problems import MEDIA_TYPE, problem_body
from app.route_guards import captcha_rule_of, is_limited, serves_every_version, staff_access_of

Document = dict[str, Any]

_PROBLEM = "#/components/schemas/Problem"
_EXAMPLE_REQUEST_ID = "0e6f3a4b5c6d47e8a9b0c1d2e3f4a5b6"
_WITH_BODY = (MalformedJson, PayloadTooLarge, UnsupportedMediaType, ValidationFailed)
_ALWAYS = (InternalError, Overloaded)
# Members that a refusal has only from its cause.
_FROM_THE_CAUSE: dict[type[CampusError], Document] = {
    CaptchaRequired: {"captcha": CAPTCHA},
    CaptchaInvalid: {"captcha": CAPTCHA},
    ClaimTooEarly: {"available_at": MOMENT},
    FeatureDisabled: {"back_on": "2026-08-03"},
    NotReady: {"checks": {"database": "ok", "migrations": "not at head"}},
    RateLimited: {"retry_after": 37},
    TooManyAttempts: {"retry_after": 30},
    DailyLimitReached: {"retry_after": 21_600},
    Maintenance: {"retry_after": 3_600},
    AppUpgradeRequired: {"store_url": "https://apps.example.org/campus-parent"},
}


def refusals(*kinds: type[CampusError]) -> dict[int | str, Document]:
    """What an operation may refuse, for its `responses`; what any operation may refuse is added by `specification`."""
    answers: dict[int | str, Document] = {}
    for kind in kinds:
        answer = answers.setdefault(kind.status, {"content": {MEDIA_TYPE: _content()}})
        answer["content"][MEDIA_TYPE]["examples"][kind.code] = {"$ref": f"#/components/examples/{kind.code}"}
    for answer in answers.values():
        answer["description"] = _description(answer)
    return answers


def complete_refusals(operation: Document, endpoint: object) -> None:
    """Adds what is refused in front of the endpoint, and what anything may end in."""
    kinds: list[type[CampusError]] = [*_ALWAYS, *_of_guards(endpoint)]
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
        stated["content"][MEDIA_TYPE]["examples"].update(answer["content"][MEDIA_TYPE]["examples"])
    for status, answer in answers.items():
        if str(status) >= "400":
            media_type = answer["content"][MEDIA_TYPE]
            media_type["examples"] = dict(sorted(media_type["examples"].items()))
            answer["description"] = _description(answer)
    operation["responses"] = dict(sorted(answers.items()))


def problem_examples() -> Document:
    """An example of every refusal that an operation can answer, by its code."""
    return {kind.code: _example(kind) for kind in every_refusal() if kind is not MethodNotAllowed}


def share_refusals(document: Document) -> None:
    """Refusals that several operations answer alike become components, which makes the document a third as large."""
    answers = [
        (operation["responses"], status, answer)
        for path in document["paths"].values()
        for operation in path.values()
        for status, answer in operation["responses"].items()
        if status >= "400"
    ]
    often = Counter(_name(answer) for _, _, answer in answers)
    shared: dict[str, Document] = {}
    for responses, status, answer in answers:
        name = _name(answer)
        if often[name] > 1 and shared.setdefault(name, answer) == answer:
            responses[status] = {"$ref": f"#/components/responses/{name}"}
    document["components"]["responses"] = dict(sorted(shared.items()))


def _name(answer: Document) -> str:
    """`InvalidTokenOrNotAuthenticated`."""
    return "Or".join("".join(word.capitalize() for word in code.split("_")) for code in _codes(answer))


def _of_guards(endpoint: object) -> list[type[CampusError]]:
    """What is refused in front of an endpoint."""
    rule, access = captcha_rule_of(endpoint), staff_access_of(endpoint)
    return [
        *([RateLimited] if is_limited(endpoint) else []),
        *([] if serves_every_version(endpoint) else [AppUpgradeRequired]),
        *([CaptchaRequired, CaptchaInvalid] if rule else []),
        *([TooManyAttempts, PasswordOff] if rule and rule.has_ladder else []),
        *([Forbidden, TotpRequired] if access else []),
        *([StepUpRequired] if access and access.step_up else []),
    ]


def _content() -> Document:
    return {"schema": {"$ref": _PROBLEM}, "examples": {}}


def _codes(answer: Document) -> list[str]:
    return list(answer["content"][MEDIA_TYPE]["examples"])


def _description(answer: Document) -> str:
    titles = {kind.code: kind.title for kind in every_refusal()}
    return "; ".join(titles[code] for code in _codes(answer))


def _example(kind: type[CampusError]) -> Document:
    error = (
        kind([FieldError("/password", "password_too_short", "Use at least 8 characters.", {"min": 8})])
        if kind is ValidationFailed
        else kind()
    )
    value = {**problem_body(error, _EXAMPLE_REQUEST_ID), **_FROM_THE_CAUSE.get(kind, {})}
    return {"summary": kind.title, "description": kind.remedy, "value": value}


_TEXT = {"type": "string", "maxLength": 1_000}
PROBLEM_SCHEMAS = {
    "Problem": {
        "type": "object",
        "title": "Problem",
        "description": "A refusal (RFC 9457). Decide by `code`; show `detail` to people.",
        "required": ["type", "title", "status", "code", "detail", "request_id"],
        "properties": {
            "type": {
                **_TEXT,
                "format": "uri-reference",
                "description": "Answered by this service with what the problem means",
            },
            "title": {**_TEXT, "description": "What kind of refusal it is, in few words"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599, "description": "The HTTP status once more"},
            "code": {"type": "string", "maxLength": 64, "pattern": "^[a-z0-9_]+$", "description": "Stable"},
            "detail": {**_TEXT, "description": "Safe to show to a parent"},
            "request_id": {
                "type": "string",
                "maxLength": 64,
                "description": "For the operator, who finds it in the log",
            },
            "next_step": {"type": "string", "maxLength": 64, "description": "What an app should offer next"},
            "retry_after": {"type": "integer", "minimum": 0, "maximum": 31_536_000, "description": "Seconds"},
            "reason": {"type": "string", "maxLength": 64, "description": "Of `account_locked`: who or what locked it"},
            "available_at": {
                "type": "string",
                "format": "date-time",
                "maxLength": 20,
                "description": "Of `claim_too_early`: from when on it works",
            },
            "back_on": {
                "type": "string",
                "format": "date",
                "description": "Of `feature_disabled`: the day from which on it works, where it is closed for a time",
            },
            "store_url": {
                "type": "string",
                "maxLength": 500,
                "description": "Of `app_upgrade_required`: where the newest version is",
            },
            "captcha": {"$ref": "#/components/schemas/CaptchaChallenge"},
            "checks": {
                "type": "object",
                "description": "Of `not_ready`: each part and how it is",
                "additionalProperties": {"type": "string", "maxLength": 200},
            },
            "errors": {
                "type": "array",
                "maxItems": 200,
                "description": "Of `validation_failed`: each fault of each field",
                "items": {"$ref": "#/components/schemas/FieldError"},
            },
        },
    },
    "FieldError": {
        "type": "object",
        "title": "FieldError",
        "description": "One fault of one field.",
        "required": ["pointer", "code", "detail"],
        "properties": {
            "pointer": {**_TEXT, "description": "JSON pointer into the request body, or /query/..., /header/..."},
            "code": {"type": "string", "maxLength": 64, "pattern": "^[a-z0-9_]+$", "description": "Stable"},
            "detail": {**_TEXT, "description": "Safe to show to a parent"},
            "params": {
                "type": "object",
                "description": "The numbers of the rule, for an app's own words",
                "additionalProperties": True,
            },
        },
    },
}
