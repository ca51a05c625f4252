"""One-time codes of an authenticator app (RFC 6238): six digits, thirty seconds, SHA-1, as every app computes them."""

import base64
import hmac
import secrets
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP_S = 30
DIGITS = 6
DRIFT = 1
"""Steps that the clock of a phone may be off, either way."""
_SECRET_BYTES = 20


def new_secret() -> str:
    """160 random bits in base32, as people type them where no camera helps."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def otpauth_uri(secret: str, *, username: str, issuer: str) -> str:
    """What the app shows as a QR code to the authenticator."""
    return _totp(secret).get_provisioning_uri(username, issuer)


def code_at(secret: str, now: datetime) -> str:
    """What an authenticator with this secret shows."""
    return _code(secret, int(now.timestamp()) // STEP_S).decode()


def matching_step(secret: str, typed: str, now: datetime, *, after: int | None) -> int | None:
    """The time step whose code was typed, if it is near `now` and later than `after`, the newest step that was used before."""
    digits = "".join(typed.split())
    current = int(now.timestamp()) // STEP_S
    steps = range(current - DRIFT, current + DRIFT + 1)
    # Every step is compared, whichever fits: how long it takes tells nothing.
    fitting = [step for step in steps if hmac.compare_digest(_code(secret, step), digits.encode())]
    return next((step for step in fitting if after is None or step > after), None)


def _code(secret: str, step: int) -> bytes:
    return _totp(secret).generate(step * STEP_S)


def _totp(secret: str) -> TOTP:
    # SHA-1 is what authenticator apps support; in an HMAC its collisions do not matter (RFC 6238, 1.2).
    return TOTP(base64.b32decode(secret), DIGITS, SHA1(), STEP_S)  # noqa: S303  # see above
