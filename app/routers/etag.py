"""Public pages that clients may keep, as long as they ask whether they still hold."""

import hashlib
from typing import Any

from fastapi import Response

from app.schemas.common import Answer

_CACHE = "public, no-cache"  # may be kept, must be asked about: what an office changes holds at the next request


CACHEABLE: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"ETag": {"schema": {"type": "string", "maxLength": 100}, "description": "For If-None-Match"}}},
    304: {
        "description": "The client has it already",
        "headers": {"ETag": {"schema": {"type": "string", "maxLength": 100}}},
    },
}
"""The `responses` of an operation that answers with `cacheable`."""


def cacheable(answer: Answer, if_none_match: str | None) -> Response:
    """The answer with its strong `ETag`, or 304 where the client has it already."""
    body = answer.model_dump_json(exclude_none=True).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": _CACHE, "Vary": "Accept-Language"}
    if if_none_match and (
        if_none_match.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
    ):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")
