"""What the SDKs would send if they were let, and when they are there at all."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.settings import Settings
from app.telemetry.extras import missing_extras, wants_spans
from app.telemetry.sentry import redacted

APP = Path(__file__).resolve().parent.parent.parent / "app"
MARK = "planted7"
HOSTILE: Any = {
    "event_id": "0" * 32,
    "level": "error",
    "platform": "python",
    "server_name": MARK,
    "user": {"id": MARK, "ip_address": MARK},
    "request": {"url": MARK, "headers": {"Authorization": MARK}, "data": {"password": MARK}, "cookies": MARK},
    "breadcrumbs": {"values": [{"message": MARK}]},
    "extra": {"sys.argv": [MARK]},
    "contexts": {"trace": {"data": MARK}},
    "modules": {MARK: "1"},
    "logentry": {"message": MARK},
    "tags": {"route": "/login", "person": MARK},
    "exception": {
        "values": [
            {
                "type": "IntegrityError",
                "value": f"Key (username)=({MARK}) already exists",
                "mechanism": {"data": MARK},
                "stacktrace": {
                    "frames": [
                        {
                            "filename": "app/services/login.py",
                            "function": "sign_in",
                            "lineno": 7,
                            "vars": {"password": MARK},
                            "context_line": f"x = '{MARK}'",
                            "pre_context": [MARK],
                        }
                    ]
                },
            }
        ]
    },
}


def test_of_an_event_full_of_secrets_types_and_places_are_left() -> None:
    told = redacted(HOSTILE, {})
    assert MARK not in json.dumps(told)
    assert told is not None
    (fault,) = told["exception"]["values"]
    assert fault["type"] == "IntegrityError"
    assert fault["stacktrace"]["frames"] == [{"filename": "app/services/login.py", "function": "sign_in", "lineno": 7}]
    assert told["tags"] == {"route": "/login"}
    assert redacted({"message": MARK, "level": "info"}, {}) is None, "nothing but errors"


def test_without_being_asked_for_nothing_is_there() -> None:
    assert not wants_spans({})
    assert not wants_spans({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "true"})
    assert missing_extras(Settings(), {}) == {}
    extras = {"opentelemetry", "sentry_sdk"}
    using = {str(file.relative_to(APP)) for file in APP.rglob("*.py") if extras & {name for name, _ in imports(file)}}
    assert using == {"telemetry/sentry.py", "telemetry/tracing.py"}
    at_the_start = {module for file in APP.rglob("*.py") for _, module in imports(file, top_only=True)}
    assert not at_the_start & {"app.telemetry.sentry", "app.telemetry.tracing"}


def imports(file: Path, *, top_only: bool = False) -> Iterator[tuple[str, str]]:
    """The first word, and the module or what is taken of it."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in tree.body if top_only else ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((name.name.split(".")[0], name.name) for name in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield module.split(".")[0], module
                yield from ((module.split(".")[0], f"{module}.{name.name}") for name in names)
