"""The body of a request, read before the router reads it, and given to the router again."""

import json
from typing import Any

from starlette.types import Message, Receive, Scope

from app.text import is_plain

_KEY = "body"


async def read_body(scope: Scope, receive: Receive, max_bytes: int) -> tuple[dict[str, Any], Receive]:
    """The JSON object of the body, and what to hand on as `receive`. Anything else is an empty object here; the router refuses it.

    No more than `max_bytes` are kept: what is longer is handed on unread, to be refused.
    """
    chunks: list[Message] = []
    size = 0
    while size <= max_bytes:
        message = await receive()
        chunks.append(message)
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    pending = iter(chunks)

    async def again() -> Message:
        return next(pending, None) or await receive()

    state = scope["state"]
    if _KEY not in state:
        state[_KEY] = _object(b"".join(chunk.get("body", b"") for chunk in chunks)) if size <= max_bytes else {}
    body: dict[str, Any] = state[_KEY]
    return body, again


def text_of(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    return value if isinstance(value, str) else None


def plain_text_of(body: dict[str, Any], name: str) -> str | None:
    """Text that may be looked for and stored."""
    value = text_of(body, name)
    return value if value is not None and is_plain(value) else None


def _object(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
