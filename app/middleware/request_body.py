"""What a request body may be: small, and JSON, unless its route takes a file. Refused before anything reads or parses it."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import CampusError, PayloadTooLarge, UnsupportedMediaType
from app.problems import refusal_of
from app.route_guards import file_taken_by
from app.settings import Settings
from app.translation import msg

JSON = "application/json"


class RequestBodyMiddleware:
    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        endpoint = scope["state"]["endpoint"]
        taken = file_taken_by(endpoint)
        most = getattr(self._settings, taken.setting) if taken else self._settings.max_body_bytes
        wanted = taken.media_type if taken else JSON
        # Where there is nothing, or nothing for this method, the router says so whatever was sent.
        if fault := _fault_of_headers(Headers(scope=scope), most, wanted if endpoint else None):
            await refusal_of(scope, fault)(scope, receive, send)
            return
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise PayloadTooLarge  # a body without Content-Length that turned out too long
            return message

        await self.app(scope, receive_within_limit, send)


def _fault_of_headers(headers: Headers, most: int, wanted: str | None) -> CampusError | None:
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        return PayloadTooLarge()
    has_body = length not in {"", "0"} or "transfer-encoding" in headers
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not has_body or wanted in {None, media_type}:
        return None
    return UnsupportedMediaType(None if wanted == JSON else msg("Send the body as application/zip."))
