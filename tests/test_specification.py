"""The specification as those read it who generate a client from it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_type_hints
from urllib.parse import urlencode

import httptools
import pytest
from fastapi.routing import iter_route_contexts

from app.errors import every_refusal
from app.main import create_app
from app.openapi import TAGS
from app.problems import MEDIA_TYPE, slug
from app.schemas.common import Request
from app.settings import Settings
from tests.support.openapi_grammar import faults_in, faults_of, resolved, walk
from tests.support.shell import Shell

Document = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
UNIONS = {"anyOf", "oneOf", "allOf", "not"}
OF_OAUTH = {"code", "code_challenge", "code_challenge_method"}
"""A hash, and a provider's code, which opens nothing without our secret and the verifier of the browser that began (RFC 7636)."""
CODES = {kind.code: kind for kind in every_refusal()}
# Their length is that of the format.
FIXED_FORMATS = {"uuid", "date", "date-time"}


class Operation(NamedTuple):
    method: str
    path: str
    body: Document


@pytest.fixture(scope="module")
def document() -> Document:
    return create_app(Settings()).openapi()


def test_it_is_a_document_of_openapi_3_1(document: Document) -> None:
    assert document["openapi"].startswith("3.1.")
    assert faults_of(document) == []


def test_the_committed_document_is_what_the_code_says() -> None:
    assert Shell(ROOT).campus("openapi", "--check") == ""


def test_a_broken_document_would_be_noticed() -> None:
    broken = {"openapi": 3.1, "paths": {"me": {"get": {"responses": {"2xx": {"schema": {"type": "text"}}}}}}}
    assert faults_of(broken) == [
        "# has no info",
        "#/openapi is no str",
        "#/paths has the key 'me'",
        "#/paths/me/get/responses has the key '2xx'",
        "#/paths/me/get/responses/2xx has no description",
        "#/paths/me/get/responses/2xx has schema, unknown in a response",
    ]


def test_every_reference_leads_somewhere_and_every_part_is_referred_to(document: Document) -> None:
    referred = {node["$ref"] for _, node in walk(document) if isinstance(node, dict) and "$ref" in node}
    parts = document["components"]
    kinds = ("schemas", "headers", "responses", "examples")
    assert referred == {f"#/components/{kind}/{name}" for kind in kinds for name in parts[kind]}


def test_every_place_in_a_path_is_a_parameter_that_must_be_given(document: Document) -> None:
    for operation in operations(document):
        given = [each for each in operation.body.get("parameters", []) if each["in"] == "path"]
        assert [each["name"] for each in given] == re.findall(r"\{(\w+)\}", operation.path)
        assert all(each["required"] for each in given)


def test_no_address_has_a_place_for_a_secret(document: Document) -> None:
    """Servers and proxies log addresses. `q` of the office's searches takes names, and nothing that opens a door."""
    given = [each for operation in operations(document) for each in operation.body.get("parameters", [])]
    names = {each["name"] for each in given if each["in"] in {"path", "query"}}
    secret = re.compile("token|key$|password|code|totp|answer|ticket$|ssn|birth|email|number|username")
    assert {"q", "district_id"} < names
    assert {name for name in names if secret.search(name)} == OF_OAUTH


def test_every_operation_has_a_name_a_summary_and_one_tag_that_is_described(document: Document) -> None:
    described = [tag["name"] for tag in TAGS if tag["description"]]
    assert document["tags"] == TAGS
    for operation in operations(document):
        assert re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", operation.body["operationId"]), operation
        assert operation.body["summary"], operation
        assert operation.body["description"], operation
        assert [tag for tag in operation.body["tags"] if tag in described] == operation.body["tags"]
        assert len(operation.body["tags"]) == 1, operation
        assert all(each["description"] for each in operation.body.get("parameters", [])), operation


def test_no_two_operations_have_one_name(document: Document) -> None:
    names = [operation.body["operationId"] for operation in operations(document)]
    assert sorted(set(names)) == sorted(names)


def test_who_may_call_is_said_once_for_every_operation(document: Document) -> None:
    known = document["components"]["securitySchemes"]
    for operation in operations(document):
        ways = operation.body["security"]
        assert [way for way in ways if not set(way) <= set(known)] == []
        assert ways == [way for place, way in enumerate(ways) if way not in ways[:place]], operation.path


def test_every_refusal_is_a_problem_with_an_example_for_each_code(document: Document) -> None:
    for operation in operations(document):
        for status, stated in operation.body["responses"].items():
            if status < "400":
                continue
            answer = resolved(document, stated)
            assert list(answer["content"]) == [MEDIA_TYPE], (operation.path, status)
            assert answer["content"][MEDIA_TYPE]["schema"] == {"$ref": "#/components/schemas/Problem"}
            examples = answer["content"][MEDIA_TYPE]["examples"]
            assert examples, (operation.path, status)
            for code, example in examples.items():
                assert_is_problem(document, resolved(document, example)["value"], code, int(status))


def test_every_request_and_every_answer_has_an_example_that_keeps_to_its_schema(document: Document) -> None:
    for place, media_type in media_types(document):
        if media_type["schema"].get("format") == "binary":
            continue
        assert media_type.get("examples"), place
        for example in media_type["examples"].values():
            value = resolved(document, example)["value"]
            assert list(faults_in(document, media_type["schema"], value)) == [], place


def test_every_example_of_a_request_is_one_that_the_service_understands(document: Document) -> None:
    understood = 0
    for route in iter_route_contexts(create_app(Settings()).routes):
        body = get_type_hints(route.endpoint).get("body") if route.endpoint else None
        for model in get_args(body) or ([body] if body else []):
            if issubclass(model, Request):
                model.model_validate(document["components"]["examples"][model.__name__]["value"])
                understood += 1
    assert understood > 30


def test_a_broken_example_would_be_noticed(document: Document) -> None:
    schema = {"$ref": "#/components/schemas/LoginBody"}
    value = {"district": "", "portal": "door", "username": 7, "device": {"shared": "no"}, "colour": "red"}
    assert list(faults_in(document, schema, value)) == [
        "# lacks password",
        "#/district is too short",
        "#/portal is none of the values",
        "#/username is no string",
        "#/device/shared is no boolean",
        "#/colour is unknown",
    ]


def test_no_class_is_called_after_a_module_or_a_number(document: Document) -> None:
    """What a generator calls its classes: FastAPI tells two of one name apart by their modules."""
    names = document["components"]["schemas"]
    assert [name for name in names if not re.fullmatch(r"([A-Z][a-z]+)+", name)] == []


def test_every_operation_may_fail_on_our_side(document: Document) -> None:
    for operation in operations(document):
        assert {"500", "503"} <= set(operation.body["responses"]), operation


def test_an_answer_that_can_be_cached_says_that_it_may_be_unchanged(document: Document) -> None:
    """Whoever sends If-None-Match must expect a 304."""
    for operation in operations(document):
        parameters = {parameter["name"] for parameter in operation.body.get("parameters", [])}
        assert ("304" in operation.body["responses"]) == ("If-None-Match" in parameters), operation.path


def test_every_text_number_and_list_has_bounds(document: Document) -> None:
    """Clients size their fields by them, and nothing that is sent may be endless."""
    assert [place for place, schema in schemas(document) if not is_bounded(schema)] == []


def test_the_longest_address_of_every_operation_is_one_that_the_server_reads(document: Document) -> None:
    """It reads 64 KB; a letter beyond ASCII takes up to twelve of them."""
    longest = {operation.path: longest_address(document, operation) for operation in operations(document)}
    assert max(map(len, longest.values())) > 40_000, "each as long as it may be"
    for address in longest.values():
        httptools.parse_url(address.encode())


def test_what_may_be_left_out_is_never_null_and_nothing_is_a_choice_of_types(document: Document) -> None:
    assert [place for place, node in walk(document) if isinstance(node, dict) and UNIONS & set(node)] == []
    assert [place for place, schema in schemas(document) if schema.get("type") == "null"] == []
    assert [place for place, node in walk(document) if place.endswith("/default") and node is None] == []


def test_what_must_be_there_is_described(document: Document) -> None:
    for place, schema in schemas(document):
        assert set(schema.get("required", ())) <= set(schema.get("properties", ())), place


def test_an_answer_promises_what_it_always_holds(document: Document) -> None:
    """A constant needs no default: it is required."""
    answers = document["components"]["schemas"]["SessionAnswer"]
    assert {"status", "token_type"} <= set(answers["required"])


def test_an_answer_does_not_promise_what_may_be_left_out(document: Document) -> None:
    schemas = document["components"]["schemas"]
    assert set(schemas["DistrictItem"]["required"]) == {"id", "name", "state", "portals"}
    assert schemas["DistrictList"]["required"] == ["items"]
    assert "required" not in schemas["SupportAnswer"]


def test_patterns_are_such_as_every_language_reads(document: Document) -> None:
    """Python's own ways of writing do not work in JavaScript."""
    patterns = [schema["pattern"] for _, schema in schemas(document) if "pattern" in schema]
    assert patterns
    for pattern in patterns:
        re.compile(pattern)
        assert not re.search(r"\\[AZz]|\(\?[PiLmsux#<]", pattern), pattern


def operations(document: Document) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, body in methods.items():
            yield Operation(method, path, body)


def longest_address(document: Document, operation: Operation) -> str:
    given = [resolved(document, parameter) for parameter in operation.body.get("parameters", [])]
    texts = {
        one["name"]: one["schema"].get("maxLength", 0) * widest(one["schema"]) for one in given if one["in"] == "query"
    }
    return f"{operation.path}?{urlencode(texts)}"


def widest(schema: Document) -> str:
    """The letter that takes most places in an address, if the schema has no objection."""
    letters = [letter for letter in ("\N{SCHOOL SATCHEL}", '"') if re.search(schema.get("pattern", ""), letter)]
    return [*letters, "a"][0]


def media_types(document: Document) -> Iterator[tuple[str, Document]]:
    """Everything that is sent or answered, refusals too, with its place."""
    for operation in operations(document):
        answers = [resolved(document, answer) for answer in operation.body["responses"].values()]
        for content in (part.get("content", {}) for part in (operation.body.get("requestBody", {}), *answers)):
            yield from ((f"{operation.method} {operation.path} {name}", one) for name, one in content.items())


def schemas(document: Document) -> Iterator[tuple[str, Document]]:
    """Every schema of the document at any depth, examples left out."""
    for place, node in walk(document):
        above, _, last = place.rpartition("/")
        in_map = above.endswith(("/schemas", "/properties"))
        is_schema = in_map or last in {"schema", "items", "additionalProperties"}
        if is_schema and isinstance(node, dict) and "/examples/" not in place:
            yield place, node


def is_bounded(schema: Document) -> bool:
    match schema.get("type"):
        case "string":
            return bool({"maxLength", "enum", "const"} & set(schema)) or schema.get("format") in FIXED_FORMATS
        case "integer" | "number":
            return {"minimum", "maximum"} <= set(schema)
        case "array":
            return "maxItems" in schema
        case _:
            return True


def assert_is_problem(document: Document, problem: Document, code: str, status: int) -> None:
    form = document["components"]["schemas"]["Problem"]
    assert (problem["code"], problem["status"]) == (code, status)
    assert problem["type"] == f"/problems/{slug(code)}"
    assert (CODES[code].code, CODES[code].status) == (code, status)
    assert set(form["required"]) <= set(problem) <= set(form["properties"])
