"""An authenticator app in somebody's hand. It computes its codes by itself (RFC 4226, 5.3), so that it agrees with ours only if both are right."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from app.clock import Clock
from tests.support.portal import User

STEP_S = 30


@dataclass
class Authenticator:
    secret: str
    clock: Clock
    _used: set[int] = field(default_factory=set)

    @classmethod
    def scan(cls, otpauth_uri: str, clock: Clock) -> "Authenticator":
        (secret,) = parse_qs(urlsplit(otpauth_uri).query)["secret"]
        return cls(secret, clock)

    def code(self, *, steps_ahead: int = 0) -> str:
        """What it shows now; or a phone whose clock is so many steps ahead."""
        return code_at(self.secret, self._step + steps_ahead)

    def next_code(self) -> str:
        """One that has not been typed yet, even if the person has to wait for it."""
        step = next(step for step in range(self._step, self._step + 2) if step not in self._used)
        self._used.add(step)
        return code_at(self.secret, step)

    def wrong_code(self) -> str:
        """One that fits at no time near now."""
        fitting = {self.code(steps_ahead=ahead) for ahead in range(-2, 3)}
        return next(
            code for code in ("123456", "654321", "111111", "222222", "333333", "444444") if code not in fitting
        )

    @property
    def _step(self) -> int:
        return int(self.clock.now().timestamp()) // STEP_S


def code_at(secret: str, step: int) -> str:
    mac = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1)
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


async def set_up(member: User) -> Authenticator:
    """The whole of it over HTTP; the member's session has passed the second factor then."""
    begun = await member.ask("POST", "/me/totp")
    assert begun.status_code == 201, begun.text
    app = Authenticator.scan(begun.json()["otpauth_uri"], member.server.campus.clock)
    confirmed = await member.ask("POST", "/me/totp/confirm", json={"totp": app.next_code()})
    assert confirmed.status_code == 200, confirmed.text
    member.session = {**member.session, **confirmed.json()}
    return app
