"""The files that the built-in pages load: a fixed set, read once."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_TYPES = {
    "page.css": "text/css",
    "dev.css": "text/css",
    "page.js": "text/javascript",
    "password.js": "text/javascript",
    "reset-password.js": "text/javascript",
    "confirm-email.js": "text/javascript",
    "dispute.js": "text/javascript",
    "activate.js": "text/javascript",
}


@dataclass(frozen=True)
class Asset:
    body: bytes
    media_type: str
    etag: str
    """With its quotes, as a header wants it; the same as long as the content is."""


@cache
def assets() -> Mapping[str, Asset]:
    """Each by its name; no other name is ever looked for on the disk."""
    folder = files("app.pages") / "static"
    return {name: _asset((folder / name).read_bytes(), media_type) for name, media_type in _TYPES.items()}


def _asset(body: bytes, media_type: str) -> Asset:
    return Asset(body, media_type, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
