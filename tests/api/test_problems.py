"""Every refusal, of whatever origin, is one kind of document (RFC 9457), with a `type` that leads somewhere."""

import json

import pytest

from app.models import Announcement
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.openapi_grammar import resolved
from tests.support.portal import Server, User, faults, refused

JSON = {"Content-Type": "application/json"}


@sqlite_only
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'district': 'jackson'}",
        b'{"district": "jackson",}',
        b'{"username": "\xff\xfe"}',
        b"[" * 20_000,
        b'{"a":' * 5_000,
        b'{"a": ' + b"9" * 5_000 + b"}",
        b"\x00",
        b"district=jackson",
    ],
)
async def test_what_is_no_json_is_malformed(server: Server, body: bytes) -> None:
    assert refused(await server.http.post("/login", content=body, headers=JSON)) == (400, "malformed_json")


@sqlite_only
@pytest.mark.parametrize("body", ["[]", '"text"', "7", "true", "[{}]", "null"])
async def test_json_that_is_no_object_is_not_understood(server: Server, body: str) -> None:
    answer = await server.http.post("/login", content=body, headers=JSON)
    assert faults(answer) == {("", "object_expected"): {}}


@sqlite_only
async def test_an_empty_body_is_missing(server: Server) -> None:
    answer = await server.http.post("/login", content="", headers=JSON)
    assert faults(answer) == {("", "required"): {}}


async def test_text_that_is_no_text_is_refused_wherever_it_stands(maria: User) -> None:
    """Half a surrogate pair is legal in JSON and in nothing else; NUL is legal in no database."""
    for name in ("district", "activation_key", "username", "password", "recovery_email", "locale"):
        body = json.dumps({**maria.activation(), name: "\ud800"})
        answer = await maria.http.post("/activate", content=body, headers=JSON)
        assert {pointer for pointer, _ in faults(answer)} <= {f"/{name}", "/password_confirm"}
    for name in ("district", "activation_key", "username", "recovery_email", "locale"):
        answer = await maria.activate(**{name: "a\x00b"})
        assert {pointer for pointer, _ in faults(answer)} == {f"/{name}"}
    answer = await maria.http.post("/activate", content=b'{"\\ud800": 1, "\\u0000": 2}', headers=JSON)
    assert faults(answer)


@sqlite_only
async def test_a_body_must_be_json_and_say_so(server: Server) -> None:
    body = '{"district": "jackson"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml", "text/json", ""):
        answer = await server.http.post("/login", content=body, headers={"Content-Type": kind})
        assert refused(answer) == (415, "unsupported_media_type")
    for kind in ("application/json", "Application/JSON; charset=utf-8"):
        answer = await server.http.post("/login", content=body, headers={"Content-Type": kind})
        assert refused(answer) == (422, "validation_failed")


@sqlite_only
async def test_addresses_that_nobody_knows(server: Server) -> None:
    for path in ("/", "/nothing", "/login/", "//login", "/LOGIN", "/me/students/x", "/.env", "/%00", "/problems/x"):
        assert refused(await server.http.get(path)) == (404, "not_found")
    assert refused(await server.http.post("/login/")) == (404, "not_found")


async def test_what_is_written_in_a_path_is_decoded_once(maria: User) -> None:
    """What is left after that is compared as it stands; so are escapes of JSON."""
    http = maria.http
    assert (await http.get("/districts/%6Aackson")).status_code == 200
    for name in ("%256Aackson", "%25256Aackson", "\\u006Aackson", "&#106;ackson"):
        assert refused(await http.get(f"/districts/{name}")) == (404, "district_not_found")
    once = b'{"district": "\\u006aackson", "activation_key": "x"}'
    assert refused(await http.post("/activate/verify", content=once, headers=JSON)) == (404, "activation_key_invalid")
    twice = once.replace(b"\\u", b"\\\\u")
    assert refused(await http.post("/activate/verify", content=twice, headers=JSON)) == (404, "district_not_found")


@sqlite_only
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/login", {"POST"}),
        ("DELETE", "/districts", {"GET"}),
        ("PUT", "/me", {"GET", "PATCH"}),
        ("GET", "/me/sessions/00000000-0000-0000-0000-000000000000", {"DELETE"}),
        ("OPTIONS", "/me", {"GET", "PATCH"}),
        ("TRACE", "/activate", {"GET", "POST"}),
    ],
)
async def test_a_wrong_method_is_told_every_right_one(
    server: Server, method: str, path: str, allowed: set[str]
) -> None:
    answer = await server.http.request(method, path)
    assert refused(answer) == (405, "method_not_allowed")
    assert {name.strip() for name in answer.headers["allow"].split(",")} - {"HEAD", "OPTIONS"} == allowed


@sqlite_only
async def test_every_type_of_problem_leads_to_its_meaning(server: Server) -> None:
    kinds = (await server.http.get("/problems")).json()["items"]
    documented = specified_codes(server)
    assert documented <= {kind["code"] for kind in kinds}
    for kind in kinds:
        answer = await server.http.get(kind["type"])
        assert answer.json() == kind
        assert kind["remedy"]
        assert kind["title"]


async def test_a_fault_of_ours_is_a_problem_without_its_cause(server: Server, office: Office) -> None:
    await office.lose_table(Announcement)
    answer = await server.http.get("/districts/jackson")
    assert refused(answer) == (500, "internal_error")
    assert set(answer.json()) == {"type", "title", "status", "code", "detail", "request_id"}
    assert "announcements" not in answer.text
    assert (await server.http.get("/healthz")).status_code == 200


@sqlite_only
async def test_every_answer_carries_a_request_id(maria: User) -> None:
    await maria.activate()
    http = maria.http
    etag = (await http.get("/districts/jackson")).headers["etag"]
    answers = [
        await http.get("/districts"),
        await http.get("/districts/jackson", headers={"If-None-Match": etag}),
        await http.get("/nothing"),
        await http.get("/metrics"),
        await http.get("/docs"),
        await maria.sign_out(),
    ]
    assert [answer.status_code for answer in answers] == [200, 304, 404, 200, 200, 204]
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)


@sqlite_only
async def test_a_request_id_of_the_client_is_kept_where_it_is_harmless(server: Server) -> None:
    given = "trace-0123456789.abc_DEF"
    answer = await server.http.get("/nothing", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == given
    for harmful in ("short", "x" * 65, "with space 1234", "<script>alert(1)</script>", "line%0abreak", "{}{}{}{}"):
        answer = await server.http.get("/nothing", headers={"X-Request-Id": harmful})
        assert answer.headers["x-request-id"] != harmful


@sqlite_only
async def test_an_address_that_does_not_answer_to_a_method_says_so_whatever_was_sent(server: Server) -> None:
    headers = {"Content-Type": "application/zip"}
    for path, told in (("/login", (405, "method_not_allowed")), ("/nowhere", (404, "not_found"))):
        assert refused(await server.http.patch(path, content=b"PK", headers=headers)) == told


@sqlite_only
async def test_every_answer_forbids_caching_framing_and_sniffing(maria: User) -> None:
    for answer in (await maria.activate(), await maria.me(), await maria.http.get("/nothing")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        assert answer.headers["content-security-policy"] == policy
        assert "server" not in answer.headers


def specified_codes(server: Server) -> set[str]:
    """Every code that the specification names for any operation."""
    document = server.app.openapi()
    paths = document["paths"].values()
    answers = [
        resolved(document, answer)
        for path in paths
        for operation in path.values()
        for answer in operation["responses"].values()
    ]
    problems = [answer["content"].get("application/problem+json", {}) for answer in answers if "content" in answer]
    return {code for problem in problems for code in problem.get("examples", {})}
