"""Unexpected errors for Sentry: their types, and the places that they came by.

The SDK would send local variables, lines of source, requests, breadcrumbs and the name of the machine. All of that is switched off, and
what is left is copied by an allow-list before it is sent, so that nothing that a newer SDK adds leaves unasked.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sentry_sdk

from app import __version__
from app.telemetry import faults

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

FLUSH_S = 3
TAGS = {"route", "method", "request_id", "part"}
_PLAIN = ("event_id", "timestamp", "platform", "level", "release", "environment")
_FRAME = ("filename", "module", "function", "lineno", "in_app")


def begin(dsn: str, environment: str) -> None:
    sentry_sdk.init(
        dsn,
        environment=environment,
        release=f"campus-accounts@{__version__}",
        server_name="",
        default_integrations=False,
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        send_default_pii=False,
        send_client_reports=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_breadcrumb=lambda _crumb, _hint: None,
        before_send=redacted,
        in_app_include=["app"],
    )
    faults.reporters.append(_report)
    faults.closers.append(lambda: sentry_sdk.get_client().close(timeout=FLUSH_S))


def redacted(event: "Event", _hint: "Hint") -> "Event | None":
    """A new event with what may leave."""
    kept: Any = {name: event[name] for name in _PLAIN if name in event}  # type: ignore[literal-required]  # names of its keys
    exceptions = (event.get("exception") or {}).get("values") or []
    if not exceptions:
        return None  # messages, transactions, check-ins: nobody here sends any
    kept["exception"] = {"values": [_exception(each) for each in exceptions]}
    tags = event.get("tags") or {}
    kept["tags"] = {name: str(tags[name]) for name in TAGS & set(tags)}
    return kept  # type: ignore[no-any-return]  # made above


def _report(fault: BaseException, facts: dict[str, str]) -> None:
    with sentry_sdk.new_scope() as scope:
        for name, fact in facts.items():
            scope.set_tag(name, fact)
        scope.capture_exception(fault)


def _exception(told: Mapping[str, Any]) -> dict[str, Any]:
    """Without its message: that of a database holds the values of a row."""
    frames = (told.get("stacktrace") or {}).get("frames") or []
    places = [{name: frame[name] for name in _FRAME if name in frame} for frame in frames]
    return {"type": told.get("type"), "module": told.get("module"), "stacktrace": {"frames": places}}
