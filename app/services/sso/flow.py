"""One sign-in on its way to a provider and back. It travels with the browser, sealed: nothing is stored before somebody proved who he is."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from app.portals import Portal
from app.security.digests import Digests
from app.sso.provider import Attempt

LASTS = timedelta(minutes=10)
"""How long somebody may take at the provider."""


class Flow(BaseModel):
    """What the way back must fit to."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["sso-flow"] = "sso-flow"
    """The same keys seal other things."""
    district: str
    provider: str
    portal: Portal
    redirect_uri: str
    code_challenge: str
    app_state: str | None
    state: str
    nonce: str
    verifier: str = Field(repr=False)
    expires_at: AwareDatetime

    @property
    def attempt(self) -> Attempt:
        return Attempt(self.state, self.nonce, self.verifier)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.state.encode()).hexdigest()

    def seal(self, digests: Digests) -> str:
        return digests.seal(self.model_dump_json())

    @classmethod
    def unseal(cls, digests: Digests, sealed: str, now: datetime) -> "Flow | None":
        """None where it is none of ours, or too old."""
        text = digests.unseal(sealed)
        try:
            flow = cls.model_validate_json(text or "")
        except ValidationError:
            return None
        return flow if flow.expires_at > now else None


def new_attempt() -> Attempt:
    return Attempt(*(secrets.token_urlsafe(32) for _ in range(3)))
