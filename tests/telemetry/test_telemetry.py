"""Spans, unexpected errors and metrics of a real server that was given secrets everywhere: none of them leaves."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from sqlalchemy import text

from app.clock import SystemClock
from app.database import Database
from app.models import Base, PushDevice
from app.settings import Settings
from tests.conftest import SECRET_KEY
from tests.support.office import Office
from tests.support.portal import User, serving
from tests.support.served import NO_TLS, Answering, answers, free_port
from tests.support.shell import Shell
from tests.telemetry.collector import Collector, collecting

MARK = "planted7"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
HEADERS = {
    "User-Agent": f"{MARK}-agent",
    "Cookie": f"session={MARK}",
    "X-Forwarded-For": "198.51.100.77",
    "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01",
    "tracestate": f"vendor={MARK}",
    "baggage": f"who={MARK}",
    "Authorization": f"Bearer {MARK}",
}


async def a_parent(settings: Settings) -> User:
    async with serving(settings, SystemClock()) as server:
        maria = await (await Office.open(server)).parent()
        maria.username, maria.password = f"{MARK}maria1", f"{MARK} green kites"
        assert (await maria.activate()).status_code == 201
        return maria


def visit(server: Answering, maria: User) -> str:
    """Signs in, asks for what is hers, and for what is nowhere, with something to hide in every place; gives her access token."""
    with httpx.Client(base_url=server.url, headers=HEADERS, verify=NO_TLS, timeout=20) as client:
        who = {"district": maria.district, "portal": maria.portal, "username": maria.username}
        session = client.post("/login", json={**who, "password": maria.password}, params={"q": MARK}).json()
        bearer = {"Authorization": f"Bearer {session['access_token']}"}
        assert client.get("/me", headers=bearer).status_code == 200
        assert client.post("/login", json={**who, "password": f"wrong {MARK}"}).status_code == 401
        assert client.get(f"/{MARK}/nowhere?token={MARK}").status_code == 404
        assert client.get(f"/districts/{MARK}").status_code == 404
        assert client.request("PURGE", f"/{MARK}").status_code in {404, 405}
        metrics = client.get("/metrics").text
    assert MARK not in metrics
    assert 'route="/districts/{district_id}"' in metrics
    assert 'route="unmatched"' in metrics
    assert 'method="other"' in metrics
    assert "PURGE" not in metrics
    return str(session["access_token"])


@contextmanager
def serving_with(variables: Mapping[str, str], folder: Path) -> Iterator[Answering]:
    """A server process, which has told all that it had to tell when the block has ended."""
    port, log = free_port(), folder / "serve.log"
    process = Shell(folder, variables).fork(("serve", f"--port={port}"), log, log)
    try:
        while not answers(port):
            assert process.is_alive(), log.read_text()
        yield Answering(port, log)
    finally:
        process.terminate()
        process.join(20)


def spans_in(collector: Collector) -> list[Span]:
    requests = [ExportTraceServiceRequest.FromString(body) for path, body in collector.posts if path == "/v1/traces"]
    groups = [group for request in requests for each in request.resource_spans for group in each.scope_spans]
    return [span for group in groups for span in group.spans]


def test_nothing_of_anybody_leaves(settings: Settings, tmp_path: Path) -> None:
    """Then a table is gone, and the driver's message quotes what was asked for."""
    maria = asyncio.run(a_parent(settings))
    with collecting() as collector:
        url = f"127.0.0.1:{collector.port}"
        variables = {
            "CAMPUS_DATABASE_URL": settings.database_url,
            "CAMPUS_SECRET_KEYS": SECRET_KEY,
            "CAMPUS_SENTRY_DSN": f"http://public@{url}/42",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{url}",
        }
        with serving_with(variables, tmp_path) as server:
            token = visit(server, maria)
            asyncio.run(lose(settings, PushDevice))
            bearer = {**HEADERS, "Authorization": f"Bearer {token}"}
            body = {"platform": "android", "provider": "fcm", "push_token": f"{MARK}-push-token"}
            answer = httpx.put(f"{server.url}/me/devices/{MARK}?{MARK}", json=body, headers=bearer, verify=NO_TLS)
            assert answer.status_code == 500
    for secret in (MARK, maria.person_id.hex, str(maria.person_id), "198.51.100.77", SECRET_KEY):
        assert secret not in collector.everything
        assert secret not in server.log.read_text()
    assert "jackson" not in collector.everything
    spans_are_named_by_routes(spans_in(collector))
    (error,) = [body.decode() for path, body in collector.posts if path == "/api/42/envelope/"]
    assert any(f'"type":"{name}"' in error for name in ("OperationalError", "ProgrammingError"))
    assert '"route":"/me/devices/{installation_id}"' in error
    assert "app.services.devices" in error
    for secret in ("no such table", "does not exist", '"vars"', '"server_name":"', "INSERT", "SELECT"):
        assert secret not in error


def spans_are_named_by_routes(spans: list[Span]) -> None:
    """And hold what the allow-list allows, each statement within its request."""
    requests = {span.name: span for span in spans if span.kind == Span.SPAN_KIND_SERVER}
    assert set(requests) == {
        *("POST /login", "GET /me", "GET unmatched", "GET /districts/{district_id}", "other unmatched"),
        "PUT /me/devices/{installation_id}",
    }
    statements = [span for span in spans if span.kind == Span.SPAN_KIND_CLIENT]
    assert {span.parent_span_id for span in statements} <= {span.span_id for span in spans}
    assert requests["GET /me"].span_id in {span.parent_span_id for span in statements}
    assert {span.trace_id.hex() for span in spans} == {TRACE}
    texts = [each.value.string_value for span in statements for each in span.attributes if each.key == "db.query.text"]
    assert any("FROM accounts" in text for text in texts)
    keys = {attribute.key for span in spans for attribute in span.attributes}
    assert keys <= {
        *("http.request.method", "http.route", "http.response.status_code"),
        *("db.system.name", "db.operation.name", "db.query.text", "error.type"),
    }


async def lose(settings: Settings, table: type[Base]) -> None:
    database = Database(settings)
    async with database.transaction() as session:
        await session.execute(text(f"DROP TABLE {table.__tablename__}"))
    await database.close()
