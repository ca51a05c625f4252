"""What a request body may be: small, and JSON. Refused before anything reads or parses it."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import CampusError, PayloadTooLarge, UnsupportedMediaType
from app.problems import refusal_of


class RequestBodyMiddleware:
    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self.app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if fault := self._fault_of_headers(Headers(scope=scope)):
            await refusal_of(scope, fault)(scope, receive, send)
            return
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise PayloadTooLarge  # a body without Content-Length that turned out too long
            return message

        await self.app(scope, receive_within_limit, send)

    def _fault_of_headers(self, headers: Headers) -> CampusError | None:
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._max_bytes:
            return PayloadTooLarge()
        has_body = length not in {"", "0"} or "transfer-encoding" in headers
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        return UnsupportedMediaType() if has_body and media_type != "application/json" else None
