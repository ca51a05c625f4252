"""CORS for the web origins that districts registered, on refusals and failures too.

Starlette's CORSMiddleware writes the headers; which origins are allowed is asked anew for each request that names one, so that what an
office changes holds at once. Where the database is gone, the last answer for an origin counts: a front end should see the 503.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import Forbidden
from app.problems import refusal_of
from app.translation import msg

log = structlog.get_logger("campus.cors")

_REMEMBERED = 1_000
_PREFLIGHT_MAX_AGE_S = 600


class DistrictCORSMiddleware(CORSMiddleware):
    def __init__(self, app: ASGIApp, *, allows_origin: Callable[[Scope, str], Awaitable[bool]]) -> None:
        super().__init__(
            app,
            allow_methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
            allow_headers=(
                "Authorization",
                "Content-Type",
                "Accept-Language",
                "Idempotency-Key",
                "If-Match",
                "If-None-Match",
                "X-Client",
                "X-Request-Id",
            ),
            expose_headers=(
                "ETag",
                "Retry-After",
                "RateLimit",
                "RateLimit-Policy",
                "X-Request-Id",
                "Content-Language",
                "Deprecation",
                "Sunset",
            ),
            max_age=_PREFLIGHT_MAX_AGE_S,
        )
        self._allows_origin = allows_origin
        self._last_answers: OrderedDict[str, bool] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = Headers(scope=scope).get("origin") if scope["type"] == "http" else None
        if origin:
            await self._ask(scope, origin)
        try:
            await super().__call__(scope, receive, send)
        except _PreflightRefused:
            refusal = refusal_of(
                scope,
                Forbidden(
                    msg("This web origin is not registered with a district, or it may not send this method or header.")
                ),
            )
            refusal.headers.add_vary_header("Origin")
            await refusal(scope, receive, send)

    def is_allowed_origin(self, origin: str) -> bool:
        return self._last_answers.get(origin, False)

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code != HTTPStatus.OK:
            raise _PreflightRefused
        return response

    async def _ask(self, scope: Scope, origin: str) -> None:
        try:
            self._last_answers[origin] = await self._allows_origin(scope, origin)
        except Exception as fault:  # noqa: BLE001  # whatever it is, the request itself meets it too, and answers with a problem
            self._last_answers.setdefault(origin, False)
            log.warning("origin_unknown", error=type(fault).__name__)
        self._last_answers.move_to_end(origin)
        if len(self._last_answers) > _REMEMBERED:
            self._last_answers.popitem(last=False)


class _PreflightRefused(Exception):
    """Starlette would answer in plain text."""
