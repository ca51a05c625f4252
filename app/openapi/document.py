"""The whole document."""

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.routing import BaseRoute

from app import __version__
from app.openapi.examples import add_examples
from app.openapi.refusals import PROBLEM_SCHEMAS, complete_refusals, problem_examples, share_refusals
from app.openapi.words import PARAMETERS
from app.route_guards import FileTaken, deprecation_of, file_taken_by, is_limited, staff_access_of
from app.settings import Settings

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
Unknown request fields are refused. Times are UTC. What may be left out is never null. Answers may get new fields, enumerations new
values and operations new codes at any time: pass over what you do not know.

An app may say what it is with `X-Client: campus-parent-ios/5.3.1`. Below the oldest version that the operator still serves it then gets
`app_upgrade_required` (426), but never on refreshing, signing out or removing a device."""


def operation_id(route: APIRoute | RouteContext) -> str:
    """`list_my_students` becomes `listMyStudents`: the function's name is the operation's."""
    first, *rest = str(route.name).split("_")
    return first + "".join(word.capitalize() for word in rest)


def specification(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """The whole OpenAPI 3.1 document."""
    document = get_openapi(
        title="Campus Accounts",
        version=__version__,
        summary="Activation keys, sign-in and sessions for parents, students and staff of school districts",
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        routes=routes,
        tags=TAGS,
        servers=[{"url": "/"}],
    )
    endpoints = {operation_id(route): route.endpoint for route in iter_route_contexts(routes) if route.name}
    for operation in _operations(document):
        _complete(operation, endpoints[operation["operationId"]])
    components = document["components"]
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    components["schemas"].update(PROBLEM_SCHEMAS)
    components["examples"] = problem_examples()
    components["headers"] = {name: _HEADERS[name] for name in _headers_of(document)}
    _never_null(document)
    _without_titles(components["schemas"])
    add_examples(document)
    share_refusals(document)
    return document


def _complete(operation: dict[str, Any], endpoint: object) -> None:
    if taken := file_taken_by(endpoint):
        operation["requestBody"] = _file_body(taken)
    complete_refusals(operation, endpoint)
    if is_limited(endpoint):
        _add_headers(operation, "RateLimit", "RateLimit-Policy")
    if deprecation := deprecation_of(endpoint):
        operation["deprecated"] = True
        _add_headers(operation, *deprecation.headers)
    if access := staff_access_of(endpoint):
        operation["x-staff-roles"] = [role.value for role in access.roles]
        operation["x-step-up"] = access.step_up
    operation["security"] = _without_repetition(operation.get("security", []))
    for parameter in operation.get("parameters", []):
        parameter["schema"].pop("title", None)
        parameter.setdefault("description", PARAMETERS.get(parameter["name"], ""))
    for status, words in _DESCRIPTIONS.items():
        if operation["responses"].get(status, {}).get("description") == "Successful Response":
            operation["responses"][status]["description"] = words


_DESCRIPTIONS = {
    "200": "Done; this is what came of it",
    "201": "It was made",
    "202": "Accepted; the same answer for everybody",
    "204": "Done; there is nothing to say",
}


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


def _add_headers(operation: dict[str, Any], *names: str) -> None:
    for answer in operation["responses"].values():
        answer.setdefault("headers", {}).update({name: {"$ref": f"#/components/headers/{name}"} for name in names})


def _headers_of(document: dict[str, Any]) -> list[str]:
    """The names of the shared headers that some answer has."""
    answers = (answer for operation in _operations(document) for answer in operation["responses"].values())
    used = {name for answer in answers for name, header in answer.get("headers", {}).items() if "$ref" in header}
    return sorted(used)


_HEADERS = {
    "Deprecation": {
        "description": "Since when this operation is not to be used in anything new, in seconds (RFC 9745)",
        "schema": {"type": "string", "maxLength": 20, "examples": ["@1798761600"]},
    },
    "RateLimit": {
        "description": "What is left of the limit (`r`), and in how many seconds it grows again (`t`)",
        "schema": {"type": "string", "maxLength": 100, "examples": ['"login";r=119;t=60']},
    },
    "RateLimit-Policy": {
        "description": "The limit that this request counts for: so many (`q`) within so many seconds (`w`)",
        "schema": {"type": "string", "maxLength": 100, "examples": ['"login";q=120;w=60']},
    },
    "Sunset": {
        "description": "From when on this operation may be gone (RFC 8594)",
        "schema": {"type": "string", "maxLength": 40, "examples": ["Fri, 31 Dec 2027 00:00:00 GMT"]},
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


def _without_titles(schemas: dict[str, Any]) -> None:
    """Pydantic repeats each field's name as its title, and generators would call classes by it."""
    for schema in schemas.values():
        for field in schema.get("properties", {}).values():
            field.pop("title", None)
            field.get("items", {}).pop("title", None)
