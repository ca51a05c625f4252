"""CORS for the web origins that districts registered, on refusals and failures too.

Starlette's CORSMiddleware writes the headers; which origins are allowed is asked anew for each request that names one, so that what an
office changes holds at once. Where the database is gone, the last answer for an origin counts: a front end should see the 503.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import Overloaded

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
                "X-Client",
                "X-Request-Id",
            ),
            expose_headers=("ETag", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-Id", "Content-Language"),
            max_age=_PREFLIGHT_MAX_AGE_S,
        )
        self._allows_origin = allows_origin
        self._last_answers: OrderedDict[str, bool] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = Headers(scope=scope).get("origin") if scope["type"] == "http" else None
        if origin:
            await self._ask(scope, origin)
        await super().__call__(scope, receive, send)

    def is_allowed_origin(self, origin: str) -> bool:
        return self._last_answers.get(origin, False)

    async def _ask(self, scope: Scope, origin: str) -> None:
        try:
            self._last_answers[origin] = await self._allows_origin(scope, origin)
        except Overloaded:
            self._last_answers.setdefault(origin, False)
        if len(self._last_answers) > _REMEMBERED:
            self._last_answers.popitem(last=False)
