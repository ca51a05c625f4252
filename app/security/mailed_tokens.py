"""Tokens of mailed links, and the short codes that may be typed instead.

A token is `cml_` + base64url(link id, keyed MAC over purpose and id): single use, expiry and revocation are the link's row's.
It can be derived again for a second try to send the mail, so it is stored nowhere.
"""

import base64
import binascii
import hmac
from uuid import UUID

from app.security.activation_codes import letters_of, normalise_activation_code
from app.security.digests import Digests

_PREFIX = "cml_"
_ID_BYTES = 16
_LENGTH = _ID_BYTES + 32
CODE_LENGTH = 8


class MailedTokens:
    def __init__(self, digests: Digests) -> None:
        self._digests = digests

    def issue(self, purpose: str, link_id: UUID) -> str:
        return _encode(link_id.bytes + self._macs(purpose, link_id)[0])

    def prove(self, purpose: str, text: str) -> UUID | None:
        """The link's id, if this service made the token for this purpose."""
        try:
            raw = base64.urlsafe_b64decode(text.removeprefix(_PREFIX))
        except (binascii.Error, ValueError):
            return None
        if len(raw) != _LENGTH or text != _encode(raw):
            return None
        link_id = UUID(bytes=raw[:_ID_BYTES])
        return (
            link_id if any(hmac.compare_digest(raw[_ID_BYTES:], mac) for mac in self._macs(purpose, link_id)) else None
        )

    def code(self, link_id: UUID) -> str:
        """Eight letters, in two groups, for typing: 39 bits, safe only with a counter on the link."""
        letters = letters_of(self._digests.macs("mailed-code", link_id.hex)[0], CODE_LENGTH)
        return f"{letters[:4]}-{letters[4:]}"

    def is_code(self, link_id: UUID, typed: str) -> bool:
        given = normalise_activation_code(typed).encode()
        return any(
            hmac.compare_digest(given, letters_of(mac, CODE_LENGTH).encode())
            for mac in self._digests.macs("mailed-code", link_id.hex)
        )

    def _macs(self, purpose: str, link_id: UUID) -> list[bytes]:
        return self._digests.macs("mailed-link", purpose, link_id.hex)


def _encode(raw: bytes) -> str:
    return _PREFIX + base64.urlsafe_b64encode(raw).decode()
