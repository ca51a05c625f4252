"""ALTCHA: a proof of work that this service sets and checks itself, so that no child's device talks to anybody else.

The client looks for a counter whose PBKDF2 key begins with a zero byte: 256 tries on average, each of `work` rounds. The challenge is
signed together with its purpose and its end, so nothing needs to be stored until it was solved.
"""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import altcha

from app.captcha.provider import Challenge, Proof, Purpose
from app.clock import Clock
from app.security.digests import Digests

NAME = "altcha"
LIFETIME = timedelta(minutes=10)
_ALGORITHM = "PBKDF2/SHA-256"


class Altcha:
    name = NAME

    def __init__(self, digests: Digests, clock: Clock, *, work: int) -> None:
        self._secrets = digests.macs(NAME)
        self._clock = clock
        self._work = work

    def challenge(self, purpose: Purpose) -> Challenge:
        # The end stands in the signed data: the library's own `expiresAt` is compared with another clock than ours.
        ends_at = int((self._clock.now() + LIFETIME).timestamp())
        data = {"action": purpose.action, "district": purpose.district, "expires": ends_at}
        made = altcha.create_challenge(_ALGORITHM, self._work, data=data, hmac_secret=self._secrets[0])
        return Challenge(NAME, made.to_dict())

    async def verify(self, response: str, purpose: Purpose) -> Proof | None:
        payload = _payload(response)
        data = payload.challenge.parameters.data if payload else None
        if payload is None or not isinstance(data, dict):
            return None
        if not await asyncio.to_thread(self._is_solved, payload):
            return None
        # Only now is `data` what we once signed.
        ends_at = datetime.fromtimestamp(data["expires"], UTC)
        if Purpose(data["action"], data["district"]) != purpose or ends_at <= self._clock.now():
            return None
        return Proof(str(payload.challenge.signature), ends_at)

    async def close(self) -> None:
        pass

    def _is_solved(self, payload: altcha.Payload) -> bool:
        """Under any of the secret keys that are listed still; derives the key once, as only one signature can be right."""
        return any(altcha.verify_solution(payload, secret).verified for secret in self._secrets)


def is_altcha(response: str) -> bool:
    """Whether a response has ALTCHA's form, whichever provider the operator chose."""
    return _payload(response) is not None


def _payload(response: str) -> altcha.Payload | None:
    try:
        content: Any = json.loads(base64.b64decode(response, validate=True))
        return altcha.Payload.from_dict(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
