"""The Postman collection: its form, its completeness, and some of its requests, really sent."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from app.clock import ManualClock
from app.demo import fill_demo
from app.documents import POSTMAN
from app.settings import Settings
from tests.documents.blocks import specification
from tests.support.engines import sqlite_only
from tests.support.hash_pools import quick_hashes
from tests.support.portal import Server, serving

Json = dict[str, Any]

COLLECTION: Json = json.loads(POSTMAN.read_text(encoding="utf-8"))
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
STORY = {
    "listDistricts": 200,
    "getDistrict": 200,
    "verifyActivationKey": 404,
    "login": 200,
    "getMe": 200,
    "listMyStudents": 200,
    "searchAccounts": 403,
    "requestPasswordReset": 202,
    "refreshSession": 200,
    "endMySession": 404,
    "logout": 204,
    "listMySessions": 401,
    "listProblemTypes": 200,
}
"""What Maria's Postman gets, one after the other, with nothing changed by hand."""


@pytest.fixture
async def server(settings: Settings, clock: ManualClock) -> AsyncIterator[Server]:
    """What `make dev` serves."""
    async with serving(settings, clock) as server:
        with quick_hashes(server):
            await fill_demo(server.campus)
            yield server


def test_every_operation_has_a_request_in_the_folder_of_its_tag() -> None:
    stated = {
        (operation["tags"][0], operation["operationId"], f"{method.upper()} {path}")
        for path, methods in specification()["paths"].items()
        for method, operation in methods.items()
    }
    collected = {
        (folder["name"], item["id"], address_of(item)) for folder in COLLECTION["item"] for item in folder["item"]
    }
    assert collected == stated
    assert POSTMAN.stat().st_size < 400_000


def test_it_has_the_form_of_a_collection_2_1() -> None:
    """What the format's JSON Schema asks for, of the parts that we use."""
    assert set(COLLECTION) == {"info", "auth", "event", "variable", "item"}
    assert COLLECTION["info"]["schema"].endswith("/collection/v2.1.0/collection.json")
    assert COLLECTION["auth"]["type"] in COLLECTION["auth"]
    assert all(isinstance(line, str) for event in COLLECTION["event"] for line in event["script"]["exec"])
    assert all(variable.keys() == {"key", "value"} for variable in COLLECTION["variable"])
    for item in items():
        assert item.keys() == {"name", "id", "request", "response"}
        request = item["request"]
        assert request.keys() <= {"method", "url", "header", "description", "auth", "body"}
        assert request["method"] in METHODS
        assert request["url"].keys() <= {"raw", "host", "path", "query", "variable"}
        assert request["url"]["raw"] == "/".join([*request["url"]["host"], *request["url"]["path"]])
        for named in (*request["header"], *request["url"].get("query", []), *request["url"].get("variable", [])):
            assert {type(named[member]) for member in named if member != "disabled"} == {str}
        if request.get("body", {}).get("mode") == "raw":
            assert isinstance(json.loads(request["body"]["raw"]), dict)


def test_every_variable_that_is_used_is_there() -> None:
    used = set(re.findall(r"\{\{(\w+)\}\}", json.dumps(COLLECTION)))
    assert used == {variable["key"] for variable in COLLECTION["variable"]}


@sqlite_only
async def test_a_parent_of_the_demo_goes_through_it_as_it_is(server: Server) -> None:
    variables = {variable["key"]: variable["value"] for variable in COLLECTION["variable"]}
    variables["baseUrl"] = str(server.http.base_url).rstrip("/")
    requests = {item["id"]: item["request"] for item in items()}
    got = {}
    for name in STORY:
        answer = await send(server.http, requests[name], variables)
        got[name] = answer.status_code
        keep_tokens(answer, variables)
    assert got == STORY


def items() -> Iterator[Json]:
    for folder in COLLECTION["item"]:
        yield from folder["item"]


def address_of(item: Json) -> str:
    steps = [re.sub(r"^:(\w+)$", r"{\1}", step) for step in item["request"]["url"]["path"]]
    return f"{item['request']['method']} /{'/'.join(steps)}"


async def send(http: httpx.AsyncClient, request: Json, variables: dict[str, str]) -> httpx.Response:
    """As Postman does: variables filled in, what is disabled left out, the collection's token unless the request has none."""

    def filled(text: str) -> str:
        return re.sub(r"\{\{(\w+)\}\}", lambda found: variables[found[1]], text)

    url = request["url"]
    places = {place["key"]: filled(place["value"]) for place in url.get("variable", [])}
    path = "/".join(places.get(step.removeprefix(":"), step) for step in url["path"])
    headers = {header["key"]: filled(header["value"]) for header in request["header"]}
    if request.get("auth", {}).get("type") != "noauth":
        headers["Authorization"] = f"Bearer {variables['accessToken']}"
    return await http.request(
        request["method"],
        f"{filled(url['host'][0])}/{path}",
        params={each["key"]: filled(each["value"]) for each in url.get("query", []) if not each.get("disabled")},
        headers=headers,
        content=filled(request["body"]["raw"]) if "body" in request else None,
    )


def keep_tokens(answer: httpx.Response, variables: dict[str, str]) -> None:
    """What the collection's script does after each answer."""
    if answer.content and answer.headers["content-type"] == "application/json":
        session = answer.json()
        for variable, member in (("accessToken", "access_token"), ("refreshToken", "refresh_token")):
            variables[variable] = session.get(member, variables[variable])
