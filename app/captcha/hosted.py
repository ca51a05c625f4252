"""Turnstile, hCaptcha and reCAPTCHA: three services with one question, `siteverify`.

They are sent the response and our secret, never a child's address or name. Redirects are not followed.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import timedelta

import httpx
from pydantic import BaseModel, Field, StrictBool, StrictFloat, ValidationError

from app.captcha.provider import Challenge, Proof, ProviderDown, Purpose
from app.clock import Clock

TIMEOUT_S = 2.0
_REMEMBERED = timedelta(minutes=10)
"""Longer than any of them accepts a response (Turnstile 5 minutes, the others 2)."""
_OUR_OWN_FAULTS = {"missing-input-secret", "invalid-input-secret", "sitekey-secret-mismatch", "internal-error"}
"""Error codes that say nothing about the response."""
_MIN_SCORE = 0.5
"""reCAPTCHA v3 answers with a score; 0.5 is the threshold that its documentation begins with."""

VERIFY_URLS = {
    "turnstile": "https://challenges.cloudflare.com/turnstile/v0/siteverify",
    "hcaptcha": "https://api.hcaptcha.com/siteverify",
    "recaptcha": "https://www.google.com/recaptcha/api/siteverify",
}


@dataclass(frozen=True)
class HostedCaptcha:
    name: str
    site_key: str
    secret: str
    verify_url: str
    clock: Clock
    http: httpx.AsyncClient

    @classmethod
    def of(cls, name: str, *, site_key: str, secret: str, verify_url: str | None, clock: Clock) -> "HostedCaptcha":
        http = httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False)
        return cls(name, site_key, secret, verify_url or VERIFY_URLS[name], clock, http)

    def challenge(self, purpose: Purpose) -> Challenge:
        """`action` and `cdata` go to the widget, which has them signed into the response where the provider can."""
        return Challenge(self.name, {"site_key": self.site_key, "action": purpose.action, "cdata": purpose.district})

    async def verify(self, response: str, purpose: Purpose) -> Proof | None:
        verdict = await self._ask(response)
        if not verdict.success:
            if _OUR_OWN_FAULTS & set(verdict.error_codes):
                raise ProviderDown
            return None
        if not self._is_for(verdict, purpose):
            return None
        digest = hashlib.sha256(response.encode()).hexdigest()
        return Proof(f"{self.name}:{digest}", self.clock.now() + _REMEMBERED)

    async def close(self) -> None:
        await self.http.aclose()

    async def _ask(self, response: str) -> "_Verdict":
        form = {"secret": self.secret, "response": response, "sitekey": self.site_key}
        try:
            # httpx counts from byte to byte; the visitor waits for the whole.
            async with asyncio.timeout(TIMEOUT_S):
                answer = await self.http.post(self.verify_url, data=form)
            return _Verdict.model_validate_json(answer.raise_for_status().content)
        except (httpx.HTTPError, TimeoutError, ValidationError) as fault:
            raise ProviderDown from fault

    def _is_for(self, verdict: "_Verdict", purpose: Purpose) -> bool:
        """What the provider says of the widget must be what we asked; not every provider says everything."""
        if self.name == "hcaptcha":
            likely_a_person = (verdict.score or 0.0) <= 1 - _MIN_SCORE  # its score is one of malice
        else:
            likely_a_person = verdict.score is None or verdict.score >= _MIN_SCORE
        is_ours = verdict.action in {None, "", purpose.action} and verdict.cdata in {None, "", purpose.district}
        return likely_a_person and is_ours


class _Verdict(BaseModel):
    """What `siteverify` answers, of all three."""

    success: StrictBool
    error_codes: tuple[str, ...] = Field((), alias="error-codes")
    action: str | None = None
    cdata: str | None = None
    score: StrictFloat | None = None
