"""CAPTCHAs as the flows need them: which provider asks, what happens when it is down, and that each solution counts once."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from prometheus_client import Counter
from sqlalchemy import Insert, bindparam, delete
from sqlalchemy.dialects import postgresql, sqlite

from app.captcha.altcha import Altcha, is_altcha
from app.captcha.provider import CaptchaProvider, Challenge, Proof, ProviderDown, Purpose
from app.database import Statement, Unit
from app.errors import CaptchaInvalid, CaptchaRequired
from app.models import SpentCaptcha

CAPTCHA_MAX_LENGTH = 16_384
"""Characters of a response; the longest that are known have about half."""
PAUSE_S = 30.0
"""How long a provider that was down is not asked again."""

OUTCOMES = Counter("campus_captchas_total", "CAPTCHA responses", ["provider", "outcome"])

log = structlog.get_logger("campus.captcha")


@dataclass
class Captchas:
    """The provider that the operator chose, and ALTCHA while that one is down."""

    chosen: CaptchaProvider
    altcha: Altcha
    now: Callable[[], float] = time.monotonic
    _ask_again_at: float = field(default=0.0, init=False)

    def challenge(self, purpose: Purpose) -> Challenge:
        return (self.altcha if self._is_down() else self.chosen).challenge(purpose)

    async def prove(self, response: str, purpose: Purpose) -> Proof:
        """That the challenge was solved; `spend` makes it count.

        Raises:
            CaptchaInvalid: wrong, expired, or for another action or district.
            CaptchaRequired: the provider is down, so ALTCHA asks instead.
        """
        # A client may come with ALTCHA's although the chosen provider has just come back.
        provider = self.altcha if is_altcha(response) else self.chosen
        if provider is not self.altcha and self._is_down():
            raise CaptchaRequired(self.challenge(purpose).as_dict())
        try:
            proof = await provider.verify(response, purpose)
        except ProviderDown:
            log.warning("captcha_provider_down", kind=provider.name)
            self._ask_again_at = self.now() + PAUSE_S
            OUTCOMES.labels(provider.name, "provider_down").inc()
            raise CaptchaRequired(self.challenge(purpose).as_dict()) from None
        OUTCOMES.labels(provider.name, "solved" if proof else "wrong").inc()
        if proof is None:
            raise CaptchaInvalid(self.challenge(purpose).as_dict())
        return proof

    async def spend(self, session: Unit, proof: Proof, purpose: Purpose) -> None:
        """Within the caller's transaction, so that a refusal gives it back.

        Raises:
            CaptchaInvalid: it counted before.
        """
        spent = await _SPEND.first(session, {"proved": _digest(proof), "until": proof.expires_at})
        if spent is None:
            OUTCOMES.labels("any", "replayed").inc()
            raise CaptchaInvalid(self.challenge(purpose).as_dict())

    @staticmethod
    async def give_back(session: Unit, proof: Proof) -> None:
        """It may count once more."""
        await _GIVE_BACK.do(session, {"proved": _digest(proof)})

    async def close(self) -> None:
        await self.chosen.close()

    def _is_down(self) -> bool:
        return self.now() < self._ask_again_at


def _digest(proof: Proof) -> str:
    return hashlib.sha256(proof.id.encode()).hexdigest()


def _spend(dialect: Any) -> Insert:
    spent: Insert = (
        dialect.insert(SpentCaptcha)
        .values(digest=bindparam("proved"), expires_at=bindparam("until"))
        .on_conflict_do_nothing()
        .returning(SpentCaptcha.digest)
    )
    return spent


_SPEND = Statement(_spend(postgresql), for_sqlite=_spend(sqlite))
_GIVE_BACK = Statement(delete(SpentCaptcha).where(SpentCaptcha.digest == bindparam("proved")))
