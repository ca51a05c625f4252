"""Refresh tokens: opaque, rotated at each use, each derived from the one before.

A token is `crt_` + base64url(session id, 32 secret bytes, 16 bytes of a keyed MAC over both). The MAC tells a token that was once given
from one that somebody made up around a session id: only the former, used again, ends the family. The successor's secret is a keyed
hash of the token, so an answer that was lost on the way can be given again without storing it.
"""

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass
from uuid import UUID

from app.security.digests import Digests

_PREFIX = "crt_"
_SECRET_BYTES = 32
_MAC_BYTES = 16


@dataclass(frozen=True)
class GenuineToken:
    """A token that this service once gave out."""

    session_id: UUID
    text: str


class RefreshTokens:
    def __init__(self, digests: Digests) -> None:
        self._digests = digests

    def first(self, session_id: UUID) -> str:
        return self._token(session_id, secrets.token_bytes(_SECRET_BYTES), key=0)

    def successors(self, token: GenuineToken) -> list[str]:
        """What may follow `token`: made wholly under the newest secret key first, then under each older one."""
        derived = self._digests.macs("refresh-successor", token.text)
        return [self._token(token.session_id, secret, key=key) for key, secret in enumerate(derived)]

    def recognise(self, text: str) -> GenuineToken | None:
        """None for anything that this service did not make."""
        try:
            raw = base64.urlsafe_b64decode(text.removeprefix(_PREFIX) + "==")
        except (binascii.Error, ValueError):
            return None
        # Base64 has several spellings of the same bytes; only the one that was given out is genuine.
        if len(raw) != 16 + _SECRET_BYTES + _MAC_BYTES or text != _encode(raw):
            return None
        body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if not any(
            hmac.compare_digest(mac, genuine[:_MAC_BYTES])
            for genuine in self._digests.macs("refresh-token", body.hex())
        ):
            return None
        return GenuineToken(UUID(bytes=body[:16]), text)

    def digest(self, text: str) -> str:
        return self._digests.digest("refresh-token-digest", text)

    def digests(self, text: str) -> list[str]:
        return self._digests.candidates("refresh-token-digest", text)

    def _token(self, session_id: UUID, secret: bytes, *, key: int) -> str:
        body = session_id.bytes + secret
        mac = self._digests.macs("refresh-token", body.hex())[key][:_MAC_BYTES]
        return _encode(body + mac)


def _encode(raw: bytes) -> str:
    return _PREFIX + base64.urlsafe_b64encode(raw).decode().rstrip("=")
