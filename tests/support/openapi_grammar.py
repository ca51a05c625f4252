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
        "examples": {r"[\w.-]+": "example"},
        "responses": {r"[\w.-]+": "response"},
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
        "deprecated": bool,
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
        "$ref": str,
        "description!": str,
        "content": {r"\w+/[\w+.-]+": "media type"},
        "headers": {r"[\w-]+": "header"},
    },
    "header": {"schema": "schema", "$ref": str, "description": str, "required": bool},
    "media type": {"schema": "schema", "examples": {r"[\w.-]+": "example"}},
    "example": {"$ref": str, "summary": str, "description": str, "value!": None},
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
    needed = [name[:-1] for name in OBJECTS[kind] if name.endswith("!") and "$ref" not in value]
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


def resolved(document: Mapping[str, Any], node: Any) -> Any:
    """What stands at the end of a reference; a node that is none is itself."""
    while isinstance(node, dict) and "$ref" in node:
        place, node = node["$ref"], document
        for part in place.removeprefix("#/").split("/"):
            node = node[part]
    return node


def faults_in(document: Mapping[str, Any], schema: Mapping[str, Any], value: object, place: str = "#") -> Iterator[str]:
    """Where a value does not keep to a schema of the document."""
    schema = resolved(document, schema)
    kind = schema.get("type", "object" if "properties" in schema else None)
    if kind and not isinstance(value, _PYTHON[kind]):
        yield f"{place} is no {kind}"
        return
    if isinstance(value, dict):
        yield from _faults_in_object(document, schema, value, place)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from faults_in(document, schema["items"], item, f"{place}/{index}")
    yield from (f"{place} is {fault}" for fault in _faults_in_bounds(schema, value))


_PYTHON: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "array": list,
    "object": dict,
}


def _faults_in_object(
    document: Mapping[str, Any], schema: Mapping[str, Any], value: Mapping[str, Any], place: str
) -> Iterator[str]:
    yield from (f"{place} lacks {name}" for name in schema.get("required", ()) if name not in value)
    fields, others = schema.get("properties", {}), schema.get("additionalProperties", False)
    for name, item in value.items():
        below = fields.get(name, others)
        if below is False:
            yield f"{place}/{name} is unknown"
        elif below is not True:
            yield from faults_in(document, below, item, f"{place}/{name}")


def _faults_in_bounds(schema: Mapping[str, Any], value: Any) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        yield "none of the values"
    if isinstance(value, str | list):
        suffix = "Length" if isinstance(value, str) else "Items"
        if len(value) < schema.get(f"min{suffix}", 0):
            yield "too short"
        if len(value) > schema.get(f"max{suffix}", len(value)):
            yield "too long"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield "against its pattern"
    if isinstance(value, int | float) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield "out of its range"


def walk(node: Any, place: str = "#") -> Iterator[tuple[str, Any]]:
    """Every value of a document with its place, parents first."""
    yield place, node
    if isinstance(node, dict):
        for key, value in node.items():
            yield from walk(value, f"{place}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from walk(value, f"{place}/{index}")
