"""Headers that every answer carries (OWASP: REST security, HTTP headers)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_API_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class SecurityHeadersMiddleware:
    """Adds what an answer does not say itself: nothing is cached, framed, sniffed or sent on as a referrer."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        defaults = {
            "cache-control": "no-store",
            "content-security-policy": _API_POLICY,
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            **({"strict-transport-security": "max-age=63072000; includeSubDomains"} if https else {}),
        }
        self._defaults = [(name.encode(), value.encode()) for name, value in defaults.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(each for each in self._defaults if each[0] not in said)]
            await send(message)

        await self.app(scope, receive, send_with_headers)
