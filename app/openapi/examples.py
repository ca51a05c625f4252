"""An example for every request and every answer, put together from those of the fields."""

from typing import Any

from app.openapi.words import BY_FORMAT, BY_NAME, LEFT_OUT

Document = dict[str, Any]

_SCHEMAS = "#/components/schemas/"
_CSV = {
    "exportAuditEvents": "id,at,tag,actor,account_id,person_id,data\r\n"
    f"{BY_FORMAT['uuid']},{BY_FORMAT['date-time']},sign_in:success,anonymous,{BY_FORMAT['uuid']},,{{}}\r\n",
    "issueActivationKeyBatch": "person_id,first_name,last_name,portal,activation_key,expires_at\r\n"
    f"{BY_FORMAT['uuid']},Maria,Lopez,parent,{BY_NAME['activation_key']},2026-11-01T12:00:00Z\r\n",
}
_CSV["printActivationKeyLetters"] = _CSV["issueActivationKeyBatch"]


def add_examples(document: Document) -> None:
    """Those of a schema become components; an operation that leaves something out has its own."""
    examples = document["components"]["examples"]
    for path in document["paths"].values():
        for operation in path.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                _exemplify(document, "", content, examples)
            for content in _answers(operation):
                _exemplify(document, operation["operationId"], content, examples)
    document["components"]["examples"] = dict(sorted(examples.items()))


def _answers(operation: Document) -> list[Document]:
    answers = [answer.get("content", {}) for status, answer in operation["responses"].items() if status < "400"]
    return [content for answer in answers for content in answer.values()]


def _exemplify(document: Document, operation_id: str, content: Document, examples: Document) -> None:
    reference: str = content["schema"].get("$ref", "")
    name = reference.removeprefix(_SCHEMAS)
    if not name:
        if operation_id in _CSV:
            content["examples"] = {"csv": {"value": _CSV[operation_id]}}
        return
    schemas = document["components"]["schemas"]
    if operation_id in LEFT_OUT:
        content["examples"] = {name: {"value": _example(schemas[name], schemas, LEFT_OUT[operation_id])}}
        return
    content["examples"] = {name: {"$ref": f"#/components/examples/{name}"}}
    examples[name] = {"value": _example(schemas[name], schemas, LEFT_OUT.get(name, frozenset()))}


def _example(schema: Document, schemas: Document, left_out: frozenset[str] = frozenset(), name: str = "") -> Any:
    """The first that fits: the schema's own example, its only or first value, what stands behind a reference, the word list, its type."""
    if name in BY_NAME and "." in name:
        return BY_NAME[name]
    if "examples" in schema:
        return schema["examples"][0]
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if "$ref" in schema:
        target = schema["$ref"].removeprefix(_SCHEMAS)
        return _example({"title": target, **schemas[target]}, schemas, LEFT_OUT.get(target, frozenset()))
    if "properties" in schema:
        return {
            field: _example(below, schemas, name=_longest(schema, field))
            for field, below in schema["properties"].items()
            if field not in left_out
        }
    return _plain(schema, schemas, name)


def _longest(schema: Document, field: str) -> str:
    """With its schema's name where the word list has it."""
    full = f"{schema.get('title')}.{field}"
    return full if full in BY_NAME else field


def _plain(schema: Document, schemas: Document, name: str) -> Any:
    if schema.get("format") in BY_FORMAT:
        return BY_NAME.get(name, BY_FORMAT[schema["format"]])
    if schema["type"] == "array":
        return [_example(schema["items"], schemas, name=name)]
    if schema["type"] != "boolean" and name not in BY_NAME:
        raise LookupError(f"no example of {name!r}: give the field one, or app/openapi/words.py")
    return BY_NAME.get(name, False)
