"""A CAPTCHA challenge, as a refusal carries it and `GET /captcha` gives it."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from app.captcha.provider import Challenge
from app.schemas.common import Answer
from app.services.guard import CLAIM, KEY_REQUEST, PASSWORD_RESET, SIGN_IN, SUPPORT_TICKET, USERNAME_RECOVERY


class CaptchaAction(StrEnum):
    LOGIN = SIGN_IN.action
    PASSWORD_RESET = PASSWORD_RESET.action
    USERNAME_RECOVERY = USERNAME_RECOVERY.action
    CLAIM = CLAIM.action
    KEY_REQUEST = KEY_REQUEST.action
    SUPPORT_TICKET = SUPPORT_TICKET.action


class CaptchaChallenge(Answer):
    provider: Annotated[
        str, Field(max_length=20, description="`altcha`, `turnstile`, `hcaptcha` or `recaptcha`", examples=["altcha"])
    ]
    challenge: Annotated[
        dict[str, Any],
        Field(description="What the provider's widget needs; for ALTCHA its `parameters` and `signature`"),
    ]

    @classmethod
    def of(cls, challenge: Challenge) -> "CaptchaChallenge":
        return cls(provider=challenge.provider, challenge=dict(challenge.challenge))
