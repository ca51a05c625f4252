"""Words of single sign-on that the rest of the house knows. No protocol here, so that start-up loads none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Provider:
    """Who signs a district's people in, as the office registered there."""

    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    """None for a public client."""
    scopes: tuple[str, ...]
    callback_url: str


@dataclass(frozen=True)
class Attempt:
    """What is made up for one sign-in and must come back, or be proved, at its end."""

    state: str
    nonce: str
    verifier: str = field(repr=False)


@dataclass(frozen=True)
class Return:
    """With what the browser came back from the provider."""

    code: str = field(repr=False)
    issuer: str | None
    """RFC 9207: who says to have sent it."""


@dataclass(frozen=True)
class Health:
    """What an office sees of a provider before families do."""

    authorization_endpoint: str
    signing_keys: int


class ProviderFault(Exception):
    """The sign-in cannot go on, through no fault of the person. `reason` is for the log and the office."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProviderDown(ProviderFault):
    """No answer, a late one, or one that is none."""


class ProviderRefused(ProviderFault):
    """It answered, and what it said does not hold: another issuer, a forged token, a code that it does not know."""


class Providers(Protocol):
    """How providers are asked."""

    async def sign_in_url(self, provider: Provider, attempt: Attempt, prompt: str | None) -> str:
        """Where the browser goes. Raises ProviderFault."""

    async def claims(
        self, provider: Provider, attempt: Attempt, came_back: Return, wanted: frozenset[str]
    ) -> Mapping[str, Any]:
        """What the provider says of the person, proved; the `wanted` claims are looked for in more than one place.

        Raises:
            ProviderFault
        """

    async def examine(self, provider: Provider) -> Health:
        """Raises ProviderFault."""

    async def close(self) -> None: ...
