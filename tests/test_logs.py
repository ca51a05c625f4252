"""What a process writes about itself: enough to find a fault, and no name, address or secret."""

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.logs import ALLOWED, only_allowed
from app.security.signing_keys import SigningKeyPair
from tests.support.served import Served, served
from tests.support.shell import Shell

PATIENCE_S = 30
SECRET = secrets.token_urlsafe(48)
TYPED = {"district": "jackson", "portal": "parent", "username": "Maria2026", "password": "bright river 42"}
SPEAKS = """
import logging, structlog
from app.logs import configure_logs
from app.settings import load_settings
configure_logs(load_settings())
structlog.get_logger("campus").info("request", status=200, username="Maria2026", password="bright river 42")
structlog.get_logger("campus").debug("details", count=3)
logging.getLogger("library").error("maria.lopez@example.org has the password %s", "bright river 42")
logging.getLogger("library").info("bright river 42")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("production")
    shell = Shell(
        folder,
        {
            "CAMPUS_ENV": "production",
            "CAMPUS_PUBLIC_URL": "https://accounts.example.org",
            "CAMPUS_DATABASE_URL": f"sqlite:///{folder}/campus.db",
            "CAMPUS_SECRET_KEYS": SECRET,
            "CAMPUS_SIGNING_KEYS": SigningKeyPair.generate().private_pem,
        },
    )
    shell.campus("migrate")
    with served(shell) as server:
        yield server


def test_only_fields_that_are_listed_are_written() -> None:
    event = {"event": "request", "status": 401, "username": "Maria2026", "password": "bright river 42"}
    assert only_allowed(None, "info", event) == {"event": "request", "status": 401}


def test_no_field_that_is_listed_could_name_a_person() -> None:
    assert not {"username", "name", "first_name", "email", "address", "path", "url", "body", "key", "token"} & ALLOWED


def test_in_production_every_line_is_json_with_the_fields_of_a_request(server: Served) -> None:
    answer = server.post("/login", TYPED)
    line = line_of(server, answer)
    assert line.pop("timestamp").endswith("Z")
    assert line.pop("duration_ms") >= 0
    assert line == {
        "event": "request",
        "level": "info",
        "method": "POST",
        "route": "/login",
        "status": answer.status_code,
        "request_id": answer.headers["x-request-id"],
        "problem": answer.json()["code"],
    }


def test_nothing_that_somebody_typed_is_written(server: Served) -> None:
    server.post("/login", TYPED)
    server.post("/activate/verify", {"district": "jackson", "activation_key": "F7KQ2-9XWMA"})
    server.get("/districts?q=somewhere")
    line_of(server, server.get("/no/such/place/Maria2026"))
    written = server.log.read_text()
    typed = ["Maria2026", "bright river 42", "F7KQ2", "somewhere", "no/such", SECRET, "PRIVATE KEY"]
    assert [text for text in typed if text in written] == []


def test_questions_of_machines_are_not_written(server: Served) -> None:
    asked = [server.get(path).headers["x-request-id"] for path in ("/healthz", "/readyz", "/metrics")]
    line_of(server, server.get("/problems"))
    assert [request for request in asked if request in server.log.read_text()] == []


def test_a_library_is_heard_but_not_quoted() -> None:
    """Its text may hold a row of the database or half a request; where it was said is enough to find it."""
    said = speak(CAMPUS_ENV="production", CAMPUS_SECRET_KEYS=SECRET, CAMPUS_SIGNING_KEYS=SECRET)
    request, library = [json.loads(line) for line in said.splitlines()]
    assert {"event": request["event"], "status": request["status"]} == {"event": "request", "status": 200}
    assert (library["event"], library["level"], library["logger"]) == ("library", "error", "library")
    assert library["place"]
    assert "bright river 42" not in said
    assert "Maria" not in said
    assert "example.org" not in said


def test_in_development_lines_are_for_reading_and_hold_no_more() -> None:
    said = speak(CAMPUS_LOG_LEVEL="DEBUG")
    assert [line.split()[3] for line in said.splitlines()] == ["request", "details", "library"]
    assert "bright river 42" not in said
    assert "Maria" not in said


def test_a_higher_level_is_quieter() -> None:
    assert "request" not in speak(CAMPUS_LOG_LEVEL="WARNING")


def line_of(server: Served, answer: httpx.Response) -> dict[str, Any]:
    """The line about a request, which is written a moment after its answer was sent."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for line in map(json.loads, server.log.read_text().splitlines()):
            if line.get("request_id") == answer.headers["x-request-id"]:
                return dict(line)
        time.sleep(0.01)
    raise AssertionError("nothing was written")


def speak(**variables: str) -> str:
    """What a process with these settings writes to standard error, to which everything goes."""
    process = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", SPEAKS], env=variables, capture_output=True, text=True, check=True
    )
    assert process.stdout == ""
    return process.stderr
