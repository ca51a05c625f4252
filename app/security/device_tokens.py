"""Device tokens: proof that a device has signed in to an account before.

A token is `cdt_` + base64url(device id, keyed MAC over district, portal, folded username and the id): it is checked without any query.
"""

import base64
import binascii
import hmac
from uuid import UUID

from app.security.digests import Digests

_PREFIX = "cdt_"
_ID_BYTES = 16
_LENGTH = _ID_BYTES + 32


class DeviceTokens:
    def __init__(self, digests: Digests) -> None:
        self._digests = digests

    def issue(self, device_id: UUID, *, district: str, portal: str, username_folded: str) -> str:
        mac = self._digests.macs("device-token", district, portal, username_folded, device_id.hex)[0]
        return _PREFIX + base64.urlsafe_b64encode(device_id.bytes + mac).decode()

    def prove(self, text: str, *, district: str, portal: str, username_folded: str) -> UUID | None:
        """The device's id, if the token was given for just this name in this district and portal."""
        try:
            raw = base64.urlsafe_b64decode(text.removeprefix(_PREFIX))
        except (binascii.Error, ValueError):
            return None
        if not text.startswith(_PREFIX) or len(raw) != _LENGTH:
            return None
        device_id = UUID(bytes=raw[:_ID_BYTES])
        macs = self._digests.macs("device-token", district, portal, username_folded, device_id.hex)
        return device_id if any(hmac.compare_digest(raw[_ID_BYTES:], mac) for mac in macs) else None
