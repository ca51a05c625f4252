"""Spans, unexpected errors and metrics of a real server that was given secrets everywhere: none of them leaves."""

import asyncio
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from app.clock import SystemClock
from app.settings import Settings
from tests.conftest import SECRET_KEY
from tests.support.engines import sqlite_only
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


def visit(server: Answering, maria: User) -> None:
    """Signs in, asks for what is hers, and for what is nowhere, with something to hide in every place."""
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


def serve(settings: Settings, folder: Path, telemetry: Mapping[str, str], visitor: User) -> str:
    """What the server logs while `visitor` is there; it has stopped when this returns."""
    port = free_port()
    variables = {"CAMPUS_DATABASE_URL": settings.database_url, "CAMPUS_SECRET_KEYS": SECRET_KEY, **telemetry}
    log = folder / "serve.log"
    process = Shell(folder, variables).fork(("serve", f"--port={port}"), log, log)
    try:
        while not answers(port):
            assert process.is_alive(), log.read_text()
        visit(Answering(port, log), visitor)
    finally:
        process.terminate()
        process.join(20)
    return log.read_text()


def spans_in(collector: Collector) -> list[Span]:
    requests = [ExportTraceServiceRequest.FromString(body) for path, body in collector.posts if path == "/v1/traces"]
    groups = [group for request in requests for each in request.resource_spans for group in each.scope_spans]
    return [span for group in groups for span in group.spans]


def test_spans_are_named_by_routes_and_hold_nothing_of_anybody(settings: Settings, tmp_path: Path) -> None:
    maria = asyncio.run(a_parent(settings))
    with collecting() as collector:
        endpoint = f"http://127.0.0.1:{collector.port}"
        log = serve(settings, tmp_path, {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}, maria)
        spans = spans_in(collector)
    assert MARK not in log
    for secret in (MARK, maria.person_id.hex, str(maria.person_id), "198.51.100.77", "jackson"):
        assert secret not in collector.everything
    requests = {span.name: span for span in spans if span.kind == Span.SPAN_KIND_SERVER}
    assert set(requests) == {
        *("POST /login", "GET /me", "GET unmatched", "GET /districts/{district_id}", "other unmatched"),
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


@sqlite_only
def test_an_unexpected_error_is_told_by_its_type_and_place_alone(settings: Settings, tmp_path: Path) -> None:
    """A table is gone, and the driver's message quotes what was to be written."""
    maria = asyncio.run(a_parent(settings))
    with closing(sqlite3.connect(settings.sqlite_path)) as database:
        database.execute("ALTER TABLE districts RENAME TO gone")
    with collecting() as collector:
        port = free_port()
        dsn = f"http://public@127.0.0.1:{collector.port}/42"
        variables = {"CAMPUS_DATABASE_URL": settings.database_url, "CAMPUS_SECRET_KEYS": SECRET_KEY}
        log = tmp_path / "serve.log"
        process = Shell(tmp_path, {**variables, "CAMPUS_SENTRY_DSN": dsn}).fork(("serve", f"--port={port}"), log, log)
        while not answers(port):
            assert process.is_alive(), log.read_text()
        who = {"district": MARK, "portal": "parent", "username": f"{MARK}1", "password": MARK}
        url = f"http://127.0.0.1:{port}/login?{MARK}"
        assert httpx.post(url, json=who, headers=HEADERS, verify=NO_TLS).status_code == 500
        collector.wait_for_posts()
        process.terminate()
        process.join(20)
    told = collector.everything
    assert '"type":"OperationalError"' in told
    assert '"route":"/login"' in told
    assert "app/services/" in told or "app.services." in told
    for secret in (MARK, maria.username, "198.51.100.77", SECRET_KEY, "no such table", '"vars"', "server_name"):
        assert secret not in told
    assert MARK not in log.read_text()
