"""What ends one day: versions of apps, below the operator's hard floor, and operations, which say so long before."""

from collections.abc import Mapping, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.app_releases import AppRelease, client_of, release_of
from app.errors import AppUpgradeRequired
from app.problems import refusal_of
from app.route_guards import deprecation_of, serves_every_version


class AppLifeMiddleware:
    """Wants to know the endpoint, so it stands within the rate limits; around all other refusals, which are to say it, too."""

    def __init__(self, app: ASGIApp, *, apps: Sequence[AppRelease]) -> None:
        self.app = app
        self._apps = [app for app in apps if app.refused_below]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        endpoint = scope["state"]["endpoint"]
        if deprecation := deprecation_of(endpoint):
            send = _saying(deprecation.headers, send)
        left_behind = self._left_behind(scope) if self._apps and not serves_every_version(endpoint) else None
        answer = refusal_of(scope, AppUpgradeRequired(left_behind.store_url)) if left_behind else self.app
        await answer(scope, receive, send)

    def _left_behind(self, scope: Scope) -> AppRelease | None:
        client = client_of(Headers(scope=scope).get("x-client", ""))
        release = release_of(self._apps, client.product, client.platform) if client else None
        return release if client and release and release.refuses(client.version) else None


def _saying(headers: Mapping[str, str], send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return send_with_headers
