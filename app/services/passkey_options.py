"""What a browser or a phone needs to make or to use a passkey, as WebAuthn's JSON has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.security.passkeys import ALGORITHMS, as_text

TIMEOUT_MS = 300_000
"""As long as a challenge lives."""


@dataclass(frozen=True)
class KnownCredential:
    id: str
    transports: Sequence[str]


@dataclass(frozen=True)
class CreationOptions:
    rp_id: str
    rp_name: str
    account_id: UUID
    user_name: str
    """What people see when they choose among their passkeys."""
    challenge: bytes
    known: Sequence[KnownCredential]
    """Of this account: a device that has one of them makes no other."""

    @property
    def user_id(self) -> str:
        return as_text(self.account_id.bytes)

    @property
    def challenge_text(self) -> str:
        return as_text(self.challenge)

    @property
    def algorithms(self) -> Sequence[int]:
        return ALGORITHMS


@dataclass(frozen=True)
class RequestOptions:
    rp_id: str
    challenge: bytes
    known: Sequence[KnownCredential] = ()
    """Empty at sign-in: whoever asks has not said who he is."""

    @property
    def challenge_text(self) -> str:
        return as_text(self.challenge)
