"""A request id for every answer, one log line and one measurement for every request."""

import re
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import uuid4

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.metrics import method_label

REQUESTS = Counter("campus_http_requests_total", "Requests answered", ["method", "route", "status"])
DURATION = Histogram(
    "campus_http_request_seconds",
    "Time from request to end of answer",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_QUIET = {"/healthz", "/readyz", "/metrics"}

log = structlog.get_logger("campus.http")


class RequestContextMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, send_with_id)
            finally:
                _account_for(scope, status, time.perf_counter() - started)


def _request_id(scope: Scope) -> str:
    """The caller's id where it is harmless in a log, else a new one."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _SAFE_ID.fullmatch(given) else uuid4().hex


def _account_for(scope: Scope, status: int, seconds: float) -> None:
    # The template, never the path: paths hold ids, and each would be a time series of its own.
    route = scope["state"].get("route_path") or "unmatched"
    method = method_label(scope["method"])
    requests, duration = _measures(method, route, status)
    requests.inc()
    duration.observe(seconds)
    if scope["path"] not in _QUIET:
        taken = round(seconds * 1000, 1)
        log.info("request", method=method, route=route, status=status, duration_ms=taken, **_refusal(scope["state"]))


def _refusal(state: Mapping[str, Any]) -> dict[str, str]:
    """Why nothing was done, and in whose session: the trail knows the account of it."""
    if "problem" not in state:
        return {}
    session = {"session": str(state["session"])} if "session" in state else {}
    return {"problem": state["problem"], **session}


@lru_cache(2_000)  # to find them by their labels takes as long as to count
def _measures(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, route, status), DURATION.labels(method, route)
