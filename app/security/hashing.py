"""What all who have to do with password hashes know of them, without the libraries that compute them."""

import unicodedata
from dataclasses import dataclass
from typing import Protocol

NICENESS = 10
"""Of whatever computes: whoever only looks something up goes first."""


@dataclass(frozen=True)
class Verdict:
    """What one verification found; `upgraded` is a new hash to store where the old one was of another scheme or cost."""

    right: bool
    upgraded: str | None = None


class ComputesHashes(Protocol):
    """Whoever computes the hashes of a pool, away from the event loop."""

    at_once: int
    """How many he computes at the same time; he likes to be given as many again, so that he never waits."""

    async def open(self) -> None:
        """Gets ready before anybody asks; whoever has not been opened does so at the first hash. Raises OSError where he cannot."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password: str, stored: str | None) -> Verdict: ...

    async def close(self) -> None: ...


def canonical(password: str) -> str:
    """The password in NFC, as NIST SP 800-63B-4 asks: keyboards differ in how they compose the same letter."""
    return unicodedata.normalize("NFC", password)
