"""Web front ends read our answers, refusals and failures too, where a district registered their origin, and nowhere else."""

import httpx
import pytest

from app.models import Announcement, DistrictOrigin
from tests.support.office import Office
from tests.support.portal import User, refused

PORTAL = "https://portal.example.org"
ELSEWHERE = "https://elsewhere.example.org"
ALLOWED = "access-control-allow-origin"


@pytest.fixture
async def registered(office: Office) -> Office:
    """Jackson County Schools with a web front end."""
    await office.set(f"origins={PORTAL}")
    return office


async def answers_of_all_kinds(maria: User, origin: str) -> dict[int, httpx.Response]:
    """By status, one answer to a page of this origin."""
    http, headers = maria.http, {"Origin": origin}
    asked = [
        await http.get("/districts", headers=headers),
        await http.get("/me", headers=headers),
        await http.get("/nothing", headers=headers),
        await http.get("/login", headers=headers),
        await http.post("/login", json={"password": "x" * 70_000}, headers=headers),
        await http.post("/login", content="x", headers=headers),
        await http.post("/login", json={}, headers=headers),
        await http.get("/districts/jackson", headers=headers),
    ]
    return {answer.status_code: answer for answer in asked}


async def test_a_registered_origin_reads_answers_of_every_kind(registered: Office, maria: User) -> None:
    await registered.lose_table(Announcement)
    answers = await answers_of_all_kinds(maria, PORTAL)
    assert set(answers) == {200, 401, 404, 405, 413, 415, 422, 500}
    for answer in answers.values():
        assert answer.headers[ALLOWED] == PORTAL
        assert "Origin" in answer.headers["vary"]
        assert "X-Request-Id" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers


async def test_another_origin_reads_none_of_them(registered: Office, maria: User) -> None:
    await registered.lose_table(Announcement)
    for origin in (ELSEWHERE, "null", f"{PORTAL}.evil.example", "http://portal.example.org", f"{PORTAL}:444"):
        answers = await answers_of_all_kinds(maria, origin)
        assert set(answers) == {200, 401, 404, 405, 413, 415, 422, 500}
        assert not [answer for answer in answers.values() if ALLOWED in answer.headers]


async def test_a_page_may_ask_before_it_sends(registered: Office) -> None:
    asking = {
        "Origin": PORTAL,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type, authorization, idempotency-key",
    }
    answer = await registered.server.http.options("/login", headers=asking)
    assert answer.is_success
    assert answer.headers[ALLOWED] == PORTAL
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["x-request-id"]


async def test_a_page_may_send_every_header_that_the_interface_knows(registered: Office) -> None:
    specification = registered.server.app.openapi()
    operations = [operation for path in specification["paths"].values() for operation in path.values()]
    parameters = [parameter for operation in operations for parameter in operation.get("parameters", [])]
    headers = {parameter["name"] for parameter in parameters if parameter["in"] == "header"}
    asking = {"Origin": PORTAL, "Access-Control-Request-Method": "GET"}
    for header in headers | {"Authorization", "Content-Type", "Accept-Language", "X-Client", "X-Request-Id"}:
        answer = await registered.server.http.options(
            "/districts", headers={**asking, "Access-Control-Request-Headers": header.lower()}
        )
        assert answer.is_success, header


async def test_a_page_of_another_origin_is_refused_as_every_refusal_is(registered: Office) -> None:
    asking = {"Origin": ELSEWHERE, "Access-Control-Request-Method": "POST"}
    answer = await registered.server.http.options("/login", headers=asking)
    assert refused(answer) == (403, "forbidden")
    assert ALLOWED not in answer.headers


async def test_an_origin_counts_from_the_next_request_and_no_longer_than_it_is_registered(office: Office) -> None:
    http = office.server.http
    for assignment, allowed in (("origins=", False), (f"origins={PORTAL}", True), (f"origins={ELSEWHERE}", False)):
        await office.set(assignment)
        answer = await http.get("/districts", headers={"Origin": PORTAL})
        assert (answer.headers.get(ALLOWED) == PORTAL) == allowed


async def test_an_answer_that_may_be_kept_is_kept_for_each_origin_by_itself(registered: Office) -> None:
    """A cache between must not give the answer of one origin, or of none, to a page of another."""
    for headers in ({}, {"Origin": PORTAL}, {"Origin": ELSEWHERE}):
        answer = await registered.server.http.get("/districts", headers=headers)
        assert "Origin" in answer.headers["vary"]


async def test_while_origins_cannot_be_looked_up_the_last_answer_counts(registered: Office) -> None:
    server = registered.server
    known, unknown = {"Origin": PORTAL}, {"Origin": ELSEWHERE}
    assert (await server.http.get("/districts", headers=known)).headers[ALLOWED] == PORTAL
    await registered.lose_table(DistrictOrigin)
    assert (await server.http.get("/districts", headers=known)).headers[ALLOWED] == PORTAL
    answer = await server.http.get("/nothing", headers=unknown)
    assert refused(answer) == (404, "not_found")
    assert ALLOWED not in answer.headers
