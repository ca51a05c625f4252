"""Keyed digests of secrets, and sealing of what must be read again, under CAMPUS_SECRET_KEYS."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class Digests:
    """HMAC-SHA-256 with a key of its own for each purpose.

    A digest reads `<key id>:<hex>`. The newest key writes; every key still listed can be looked up, so keys rotate without a
    migration: `candidates` gives what a stored digest of a value may look like.
    """

    def __init__(self, secret_keys: Sequence[str]) -> None:
        self._keys = {_key_id(key): key.encode() for key in secret_keys}
        self._newest = next(iter(self._keys))
        self._purpose_keys: dict[tuple[str, str], bytes] = {}
        self._fernet = MultiFernet(
            [Fernet(base64.urlsafe_b64encode(self._derived(key_id, "seal"))) for key_id in self._keys]
        )

    def digest(self, purpose: str, *values: str) -> str:
        return f"{self._newest}:{self._mac(self._newest, purpose, values).hex()}"

    def candidates(self, purpose: str, *values: str) -> list[str]:
        """What `digest` may have given, newest key first."""
        return [f"{key_id}:{self._mac(key_id, purpose, values).hex()}" for key_id in self._keys]

    def macs(self, purpose: str, *values: str) -> list[bytes]:
        """32 bytes under each key, newest first: to derive, or to compare with `hmac.compare_digest`."""
        return [self._mac(key_id, purpose, values) for key_id in self._keys]

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str | None:
        """None where no listed key has sealed it."""
        try:
            # As bytes: a text beyond ASCII is no token, and would end in another exception.
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def _mac(self, key_id: str, purpose: str, values: Sequence[str]) -> bytes:
        # Lengths stand before values, so that ("ab", "c") and ("a", "bc") differ.
        message = b"".join(len(data).to_bytes(4) + data for data in (value.encode() for value in values))
        return hmac.digest(self._derived(key_id, purpose), message, "sha256")

    def _derived(self, key_id: str, purpose: str) -> bytes:
        known = self._purpose_keys.get((key_id, purpose))
        if known is None:
            known = hmac.digest(self._keys[key_id], b"campus/" + purpose.encode(), "sha256")
            self._purpose_keys[key_id, purpose] = known
        return known


def _key_id(key: str) -> str:
    return hashlib.sha256(b"campus/key-id/" + key.encode()).hexdigest()[:8]
