"""What the guard costs a request that it lets through: the app as it is against the same app without it, in this process, over ASGI."""

import gc
import statistics
import time
from contextlib import AsyncExitStack
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Scope

from app.main import create_app
from app.middleware.captcha_threshold import CaptchaThresholdMiddleware
from app.middleware.rate_limit import RateLimitMiddleware
from app.settings import load_settings
from tests.bench.databases import Environment

GUARD: set[object] = {RateLimitMiddleware, CaptchaThresholdMiddleware}
BARE = "/bare"
BATCHES = 60
REQUESTS = 100
"""In each batch; both apps take turns batch by batch."""


async def microseconds(environment: Environment, path: str, batches: int = BATCHES) -> tuple[float, float]:
    """Of one GET of `path` with the guard and without: the medians of the batches. `BARE` is a route that does nothing."""
    async with AsyncExitStack() as stack:
        apps = [_app(environment, guarded=True), _app(environment, guarded=False)]
        for app in apps:
            await stack.enter_async_context(app.router.lifespan_context(app))
            await _batch(app, path)
        gc.collect()
        spent = [[await _batch(app, path) for app in apps] for _ in range(batches)]
    with_guard, without = (statistics.median(times) for times in zip(*spent, strict=True))
    return with_guard, without


def _app(environment: Environment, *, guarded: bool) -> FastAPI:
    """Quiet, so that neither has a log line to write: that makes the guard's share look larger, not smaller."""
    app = create_app(load_settings({**environment, "CAMPUS_LOG_LEVEL": "ERROR"}))
    if not guarded:
        app.user_middleware = [each for each in app.user_middleware if each.cls not in GUARD]

    @app.get(BARE)
    async def bare() -> dict[str, str]:
        return {"hello": "world"}

    return app


async def _batch(app: ASGIApp, path: str) -> float:
    """Microseconds of a request."""
    begun = time.perf_counter()
    for _ in range(REQUESTS):
        await _get(app, path)
    return (time.perf_counter() - begun) / REQUESTS * 1e6


async def _get(app: ASGIApp, path: str) -> None:
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"accept", b"application/json")],
        "client": ("192.0.2.7", 4711),
        "server": ("localhost", 80),
        "state": {"endpoint": None},  # what the guard finds for the middleware within it
    }
    statuses: list[Any] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    if statuses != [200]:
        raise RuntimeError(f"{path} answered {statuses}")
