"""What every CAPTCHA provider can do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class Purpose:
    """What a challenge is for: solved for one action in one district, it opens nothing else."""

    action: str
    district: str


@dataclass(frozen=True)
class Challenge:
    provider: str
    challenge: Mapping[str, Any]
    """What the provider's widget needs."""

    def as_dict(self) -> dict[str, Any]:
        return {"provider": self.provider, "challenge": dict(self.challenge)}


@dataclass(frozen=True)
class Proof:
    """A challenge was solved. Its `id` counts once; whoever accepts it remembers it until `expires_at`."""

    id: str
    expires_at: datetime


class ProviderDown(Exception):
    """The provider gave no answer that could be used: nobody knows whether the response was right."""


class CaptchaProvider(Protocol):
    @property
    def name(self) -> str: ...

    def challenge(self, purpose: Purpose) -> Challenge: ...

    async def verify(self, response: str, purpose: Purpose) -> Proof | None:
        """The proof, or None where the response is wrong, expired, or for something else.

        Raises:
            ProviderDown: it could not be found out.
        """
        ...

    async def close(self) -> None: ...
