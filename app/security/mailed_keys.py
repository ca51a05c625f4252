"""Activation keys that are mailed: derived from the id of their row under the secret keys.

So the worker can write the mail, and write it again when it must be tried again, and no key rests in the outbox or the database.
"""

from uuid import UUID

from app.security.activation_codes import derived_activation_code
from app.security.digests import Digests


class MailedKeys:
    def __init__(self, digests: Digests) -> None:
        self._digests = digests

    def issue(self, key_id: UUID) -> str:
        return self.candidates(key_id)[0]

    def candidates(self, key_id: UUID) -> list[str]:
        """What `issue` may have given, newest secret key first."""
        return [derived_activation_code(mac) for mac in self._digests.macs("mailed-activation-key", key_id.hex)]
