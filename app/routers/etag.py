"""Public pages that clients may keep, as long as they ask whether they still hold; and states that are changed only by who has seen them."""

import hashlib
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Header, Response
from pydantic import StringConstraints

from app.errors import PreconditionRequired
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


STATE: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"ETag": {"schema": {"type": "string", "maxLength": 100}, "description": "For If-Match"}}}
}
"""The `responses` of an operation that answers with a state and its version."""
IfMatch = Annotated[
    Annotated[str, StringConstraints(max_length=1_000)] | None,
    Header(alias="If-Match", description="The ETag of the state that was seen; `*` for whatever is there now"),
]


def etag_of(version: int) -> str:
    return f'"{version}"'


def seen(if_match: str | None) -> Callable[[int], bool]:
    """Tells of a version whether the client has seen it. A weak tag is never the same (RFC 9110, section 13.1.1).

    Raises:
        PreconditionRequired: it does not say what it has seen.
    """
    if not (if_match and if_match.strip()):
        raise PreconditionRequired
    tags = {tag.strip() for tag in if_match.split(",")}
    return lambda version: tags == {"*"} or etag_of(version) in tags
