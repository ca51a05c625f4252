"""Challenges for passkeys: random, signed together with what they are for and their end, so that asking for one keeps nothing.

A challenge is 16 random bytes, its end (seconds since 1970, 8 bytes) and a keyed MAC of both and of the purpose. That it counts once is
the business of whoever takes it (`services/passkey_ceremony.py`).
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.security.digests import Digests

LIFETIME = timedelta(minutes=5)
_RANDOM, _MOMENT, _MAC = 16, 8, 32


@dataclass(frozen=True)
class Challenge:
    """One that this service has made for this purpose."""

    raw: bytes
    expires_at: datetime

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


class PasskeyChallenges:
    def __init__(self, digests: Digests) -> None:
        self._digests = digests

    def issue(self, now: datetime, *purpose: str) -> bytes:
        """One that lasts for five minutes. `purpose` says what it is for: the operation, and for whom or where."""
        ends = int((now + LIFETIME).timestamp()).to_bytes(_MOMENT)
        signed = secrets.token_bytes(_RANDOM) + ends
        return signed + self._macs(signed, purpose)[0]

    def prove(self, raw: bytes, *purpose: str) -> Challenge | None:
        """None for what we have not made, or not for this purpose; it may have expired."""
        signed, mac = raw[: _RANDOM + _MOMENT], raw[_RANDOM + _MOMENT :]
        if len(mac) != _MAC or not any(hmac.compare_digest(mac, ours) for ours in self._macs(signed, purpose)):
            return None
        return Challenge(raw, datetime.fromtimestamp(int.from_bytes(signed[_RANDOM:]), UTC))

    def _macs(self, signed: bytes, purpose: tuple[str, ...]) -> list[bytes]:
        return self._digests.macs("passkey-challenge", signed.hex(), *purpose)
