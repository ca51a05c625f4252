"""Keyed digests of secrets, and sealing of what must be read again, under CAMPUS_SECRET_KEYS."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.errors import Overloaded

KEPT_PURPOSES = (
    *("activation-key", "recovery-code", "challenge-answers", "ssn-last4", "guess-budget", "failed-sign-ins"),
)
"""What these digests were made of is known to nobody here, so no newer key can make them anew."""
STEADY = "steady"
"""Among what was kept: a key that no secret key made and that stays when they change."""

KeptKeys = Mapping[str, Mapping[str, bytes]]
"""The keys of single purposes that are left of secret keys, by the id of the secret key and the purpose."""


class Digests:
    """HMAC-SHA-256 with a key of its own for each purpose.

    A digest reads `<key id>:<hex>`. The newest key writes; every key still listed can be looked up, so keys rotate without a
    migration: `candidates` gives what a stored digest of a value may look like. Of a secret key that is listed no longer `kept`
    may hold the keys of some purposes, from which it cannot be computed.
    """

    def __init__(self, secret_keys: Sequence[str]) -> None:
        self._keys = {key_id(key): key.encode() for key in secret_keys}
        self._newest = next(iter(self._keys))
        self._purpose_keys: dict[tuple[str, str], bytes] = {}
        self._fernets = [Fernet(base64.urlsafe_b64encode(self._derived(each, "seal"))) for each in self._keys]
        self._fernet = MultiFernet(self._fernets)
        self.kept: KeptKeys | None = {}
        """Last used first. None where nobody knows yet what was kept: whatever could want it is told to try again."""

    @property
    def key_ids(self) -> list[str]:
        """Of the listed keys, newest first."""
        return list(self._keys)

    def digest(self, purpose: str, *values: str) -> str:
        return f"{self._newest}:{self._mac(self._derived(self._newest, purpose), values).hex()}"

    def candidates(self, purpose: str, *values: str) -> list[str]:
        """What `digest` may have given, newest key first.

        Raises:
            Overloaded: nobody knows yet what was kept of older keys.
        """
        return [f"{each}:{self._mac(key, values).hex()}" for each, key in self._readers(purpose).items()]

    def macs(self, purpose: str, *values: str) -> list[bytes]:
        """32 bytes under each key, newest first: to derive, or to compare with `hmac.compare_digest`. Raises like `candidates`."""
        return [self._mac(key, values) for key in self._readers(purpose).values()]

    def steady_mac(self, purpose: str, *values: str) -> bytes:
        """32 bytes for what somebody sees and must not see change: the same whichever secret keys are listed, in whichever order.

        Raises:
            Overloaded: nobody knows yet what was kept.
        """
        if self.kept is None:
            raise Overloaded
        # One that cannot be read, as the key is lost under which it was sealed, is done without.
        key = self.kept.get(STEADY, {}).get(STEADY) or self._derived(self.key_ids[-1], STEADY)
        return self._mac(key, (purpose, *values))

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str | None:
        """None where no listed key has sealed it."""
        try:
            # As bytes: a text beyond ASCII is no token, and would end in another exception.
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def sealed_by(self, sealed: str) -> str | None:
        """The id of the listed key that has sealed it."""
        for each, fernet in zip(self._keys, self._fernets, strict=True):
            try:
                fernet.decrypt(sealed.encode())
            except InvalidToken:
                continue
            return each
        return None

    def purpose_keys(self, listed_key: str) -> Mapping[str, bytes]:
        """What may be kept of a listed key, by its id."""
        return {purpose: self._derived(listed_key, purpose) for purpose in KEPT_PURPOSES}

    def _readers(self, purpose: str) -> dict[str, bytes]:
        readers = {each: self._derived(each, purpose) for each in self._keys}
        if purpose in KEPT_PURPOSES:
            if self.kept is None:
                raise Overloaded
            readers |= {
                each: keys[purpose] for each, keys in self.kept.items() if each not in readers and purpose in keys
            }
        return readers

    @staticmethod
    def _mac(key: bytes, values: Sequence[str]) -> bytes:
        # Lengths stand before values, so that ("ab", "c") and ("a", "bc") differ.
        message = b"".join(len(data).to_bytes(4) + data for data in (value.encode() for value in values))
        return hmac.digest(key, message, "sha256")

    def _derived(self, listed_key: str, purpose: str) -> bytes:
        known = self._purpose_keys.get((listed_key, purpose))
        if known is None:
            known = hmac.digest(self._keys[listed_key], b"campus/" + purpose.encode(), "sha256")
            self._purpose_keys[listed_key, purpose] = known
        return known


def key_id(secret_key: str) -> str:
    """What names a secret key beside its digests; tells nothing of it."""
    return hashlib.sha256(b"campus/key-id/" + secret_key.encode()).hexdigest()[:8]
