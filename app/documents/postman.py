"""The specification as a Postman collection (format 2.1): a folder for each tag, a request for each operation."""

import json
import re
from collections.abc import Iterator
from typing import Any

from app.demo.districts import JACKSON, PASSWORD
from app.problems import MEDIA_TYPE

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_DESCRIPTION = (
    "Made from openapi/openapi.json by `make docs`. Set `baseUrl`; whatever signs in keeps its tokens in `accessToken` and `refreshToken`, "
    "and the signed-in requests use them. The other variables name Maria of the demo districts (`make dev`)."
)
_KEEP_TOKENS = """\
if (pm.response.text() && (pm.response.headers.get("Content-Type") || "").includes("application/json")) {
  const answer = pm.response.json();
  if (answer.access_token) pm.collectionVariables.set("accessToken", answer.access_token);
  if (answer.refresh_token) pm.collectionVariables.set("refreshToken", answer.refresh_token);
}"""
_VARIABLES = {
    "baseUrl": "http://127.0.0.1:8000",
    "district": JACKSON.id,
    "username": JACKSON.logins[0].username,
    "password": PASSWORD,
    "accessToken": "",
    "refreshToken": "",
}
_FIELDS = {
    "district": "district",
    "district_id": "district",
    "username": "username",
    "password": "password",
    "password_confirm": "password",
    "current_password": "password",
    "refresh_token": "refreshToken",
}
"""Members of bodies, queries and paths for which a variable stands."""
_BY_FORMAT = {"uuid": "00000000-0000-4000-8000-000000000000", "date": "2026-08-03", "date-time": "2026-08-03T12:00:00Z"}

Json = dict[str, Any]


def collection(specification: Json) -> Json:
    """The whole file, in the order of the specification's tags."""
    schemas = specification["components"]["schemas"]
    folders = {tag["name"]: {**tag, "item": []} for tag in specification["tags"]}
    for path, methods in specification["paths"].items():
        for method, operation in methods.items():
            folders[operation["tags"][0]]["item"].append(_item(method.upper(), path, operation, schemas))
    return {
        "info": {"name": specification["info"]["title"], "description": _DESCRIPTION, "schema": _SCHEMA},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{accessToken}}", "type": "string"}]},
        "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": _KEEP_TOKENS.splitlines()}}],
        "variable": [{"key": key, "value": value} for key, value in _VARIABLES.items()],
        "item": list(folders.values()),
    }


def _item(method: str, path: str, operation: Json, schemas: Json) -> Json:
    request: Json = {
        "method": method,
        "url": _url(path, operation.get("parameters", []), schemas),
        "header": list(_headers(operation)),
        "description": _description(operation),
    }
    if not operation["security"]:
        request["auth"] = {"type": "noauth"}
    if "requestBody" in operation:
        request["body"] = _body(operation["requestBody"]["content"], schemas)
    return {"name": operation["summary"], "id": operation["operationId"], "request": request, "response": []}


def _url(path: str, parameters: list[Json], schemas: Json) -> Json:
    """Path parameters become `:name`; those of the query are switched off, unless they must be there."""
    steps = [re.sub(r"^\{(\w+)\}$", r":\1", step) for step in path.strip("/").split("/")]
    url: Json = {"raw": "/".join(["{{baseUrl}}", *steps]), "host": ["{{baseUrl}}"], "path": steps}
    for place, member in (("query", "query"), ("path", "variable")):
        given = [_parameter(each, schemas) for each in parameters if each["in"] == place]
        if given:
            url[member] = given
    return url


def _parameter(parameter: Json, schemas: Json) -> Json:
    value = _variable(parameter["name"], _example(parameter["schema"], schemas))
    written = json.dumps(value) if isinstance(value, bool) else str(value)
    described = {"key": parameter["name"], "value": written, "description": parameter.get("description", "")}
    return {**described, "disabled": True} if not parameter["required"] else described


def _headers(operation: Json) -> Iterator[Json]:
    for media_type in operation.get("requestBody", {}).get("content", {}):
        yield {"key": "Content-Type", "value": media_type}
    if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", [])):
        yield {"key": "Idempotency-Key", "value": "{{$guid}}"}
    if any(parameter["name"] == "If-Match" for parameter in operation.get("parameters", [])):
        yield {"key": "If-Match", "value": "", "description": "The ETag of what you have seen"}


def _description(operation: Json) -> str:
    refused = [
        f"{status} {', '.join(answer['content'][MEDIA_TYPE]['examples'])}"
        for status, answer in operation["responses"].items()
        if MEDIA_TYPE in answer.get("content", {})
    ]
    told = operation.get("description", "")
    return "\n\n".join([*([told] if told else []), "Refusals: " + "; ".join(refused)])


def _body(content: Json, schemas: Json) -> Json:
    ((media_type, described),) = content.items()
    if media_type != "application/json":
        return {"mode": "file", "file": {}}
    text = json.dumps(_body_example(described, schemas), indent=2, ensure_ascii=False)
    return {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}


def _body_example(described: Json, schemas: Json) -> Any:
    named = list(described.get("examples", {}).values())
    if named:
        value = named[0]["value"]
    else:
        value = described["example"] if "example" in described else _example(described["schema"], schemas)
    return {name: _variable(name, member) for name, member in value.items()}


def _variable(name: str, example: Any) -> Any:
    return f"{{{{{_FIELDS[name]}}}}}" if name in _FIELDS else example


def _example(schema: Json, schemas: Json) -> Any:
    """What the schema gives as an example, else the least that it allows."""
    if "$ref" in schema:
        named = schemas[schema["$ref"].rpartition("/")[2]]
        schema = {**named, **{name: value for name, value in schema.items() if name != "$ref"}}
    given = [*schema.get("examples", ()), *(schema[word] for word in ("example", "default", "const") if word in schema)]
    given += schema.get("enum", ())
    return given[0] if given else _least(schema, schemas)


def _least(schema: Json, schemas: Json) -> Any:
    if "properties" in schema:
        return {name: _example(schema["properties"][name], schemas) for name in _members(schema)}
    if "items" in schema:
        return [_example(schema["items"], schemas)]
    by_type = {"integer": schema.get("minimum", 0), "number": schema.get("minimum", 0), "boolean": False}
    return by_type.get(schema["type"], _BY_FORMAT.get(schema.get("format", ""), ""))


def _members(schema: Json) -> list[str]:
    """What must be there; of a body where nothing must, what has an example, else the first."""
    properties = schema.get("properties", {})
    with_example = [name for name, member in properties.items() if "examples" in member]
    return schema.get("required") or with_example or list(properties)[:1]
