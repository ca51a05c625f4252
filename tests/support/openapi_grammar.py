"""The form of an OpenAPI 3.1 document, as far as this service uses it (spec.openapis.org/oas/v3.1.1, JSON Schema 2020-12)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Form = type | str | list["Form"] | dict[str, "Form"] | None
"""A Python type; the name of an object below; a list of a form; a map of forms by a pattern of their keys; None for any value."""

# A field with `!` must be there. The version of a schema's dialect is the document's own, so `$schema` does not occur.
OBJECTS: Mapping[str, Mapping[str, Form]] = {
    "document": {
        "openapi!": str,
        "info!": "info",
        "servers": ["server"],
        "paths!": {"/.*": "path"},
        "components": "components",
        "tags": ["tag"],
    },
    "info": {"title!": str, "version!": str, "summary": str, "description": str, "license": "license"},
    "license": {"name!": str, "identifier": str},
    "server": {"url!": str, "description": str},
    "tag": {"name!": str, "description": str},
    "components": {
        "schemas": {r"[\w.-]+": "schema"},
        "headers": {r"[\w.-]+": "header"},
        "securitySchemes": {r"[\w.-]+": "security scheme"},
    },
    "security scheme": {"type!": str, "scheme": str, "bearerFormat": str, "description": str},
    "path": dict.fromkeys(("get", "put", "post", "delete", "patch"), "operation"),
    "operation": {
        "tags": [str],
        "summary": str,
        "description": str,
        "operationId": str,
        "parameters": ["parameter"],
        "requestBody": "request body",
        "responses!": {"[1-5][0-9]{2}": "response"},
        "security": [{r"[\w.-]+": [str]}],
        "x-staff-roles": [str],
        "x-step-up": bool,
    },
    "parameter": {
        "name!": str,
        "in!": str,
        "schema!": "schema",
        "required": bool,
        "description": str,
        "example": None,
    },
    "request body": {"content!": {r"\w+/[\w+.-]+": "media type"}, "required": bool, "description": str},
    "response": {
        "description!": str,
        "content": {r"\w+/[\w+.-]+": "media type"},
        "headers": {r"[\w-]+": "header"},
    },
    "header": {"schema": "schema", "$ref": str, "description": str, "required": bool},
    "media type": {"schema": "schema", "examples": {r"[\w.-]+": "example"}},
    "example": {"summary": str, "description": str, "value!": None},
    "schema": {
        "$ref": str,
        "type": str,
        "title": str,
        "description": str,
        "format": str,
        "enum": [None],
        "const": None,
        "default": None,
        "examples": [None],
        "properties": {".+": "schema"},
        "required": [str],
        "additionalProperties": "schema or boolean",
        "items": "schema",
        "minItems": int,
        "maxItems": int,
        "uniqueItems": bool,
        "minLength": int,
        "maxLength": int,
        "pattern": str,
        "minimum": float,
        "maximum": float,
    },
}
TYPES = {"string", "number", "integer", "boolean", "array", "object"}


def faults_of(document: object) -> list[str]:
    """Where the document is no OpenAPI 3.1, as paths with a reason; empty where it is."""
    return list(_check(document, "document", "#"))


def _check(value: object, form: Form, place: str) -> Iterator[str]:
    if form == "schema or boolean":
        form = bool if isinstance(value, bool) else "schema"
    if isinstance(form, str):
        yield from _check_object(value, form, place)
    elif isinstance(form, list):
        yield from _check_list(value, form[0], place)
    elif isinstance(form, dict):
        yield from _check_map(value, form, place)
    elif form is float:
        yield from () if isinstance(value, int | float) else [f"{place} is no number"]
    elif form is not None and not isinstance(value, form):
        yield f"{place} is no {form.__name__}"


def _check_object(value: object, kind: str, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place} is no object"
        return
    fields = {name.rstrip("!"): form for name, form in OBJECTS[kind].items()}
    needed = [name[:-1] for name in OBJECTS[kind] if name.endswith("!")]
    yield from (f"{place} has no {name}" for name in needed if name not in value)
    yield from (
        f"{place} has {name}, unknown in a {kind}" for name in value if name not in fields and not name.startswith("x-")
    )
    if kind == "schema" and value.get("type", "object") not in TYPES:
        yield f"{place} has an unknown type"
    for name, form in fields.items():
        if name in value:
            yield from _check(value[name], form, f"{place}/{name}")


def _check_list(value: object, form: Form, place: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{place} is no list"
        return
    for index, item in enumerate(value):
        yield from _check(item, form, f"{place}/{index}")


def _check_map(value: object, forms: Mapping[str, Form], place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place} is no map"
        return
    ((pattern, form),) = forms.items()
    for key, item in value.items():
        if not re.fullmatch(pattern, key):
            yield f"{place} has the key {key!r}"
        yield from _check(item, form, f"{place}/{key}")


def walk(node: Any, place: str = "#") -> Iterator[tuple[str, Any]]:
    """Every value of a document with its place, parents first."""
    yield place, node
    if isinstance(node, dict):
        for key, value in node.items():
            yield from walk(value, f"{place}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from walk(value, f"{place}/{index}")
