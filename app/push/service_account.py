"""How Google knows us: a service account's key signs an assertion (RFC 7523), which is exchanged for an access token of an hour."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from app.clock import Clock
from app.push.exchange import Exchange, json_object, retry_after
from app.push.outcomes import PushPostponed
from app.push.signed_jwt import rsa_key, signed_jwt

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE_OF_ASSERTION = timedelta(hours=1)
_EARLY = timedelta(minutes=5)
"""So long before its end a token is replaced: no message travels with one that ends on the way."""


@dataclass(frozen=True)
class ServiceAccount:
    project_id: str
    client_email: str
    key_id: str
    key: RSAPrivateKey = field(repr=False)
    token_uri: str

    @classmethod
    def from_json(cls, text: str) -> "ServiceAccount":
        """From the key file that Firebase's console gives out.

        Raises:
            ValueError: it is none; the message does not repeat it.
        """
        try:
            file = json.loads(text)
            return cls(
                project_id=file["project_id"],
                client_email=file["client_email"],
                key_id=file["private_key_id"],
                key=rsa_key(file["private_key"]),
                token_uri=file["token_uri"],
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            raise ValueError("the credentials for FCM are no service account with an RSA key") from None

    def assertion(self, now: datetime) -> str:
        begins = int(now.timestamp())
        claims = {
            "iss": self.client_email,
            "scope": SCOPE,
            "aud": self.token_uri,
            "iat": begins,
            "exp": begins + int(_LIFE_OF_ASSERTION.total_seconds()),
        }
        return signed_jwt({"typ": "JWT", "kid": self.key_id}, claims, self.key)


class AccessToken:
    """The access token of a service account, asked for when it is needed, by one message on behalf of all."""

    def __init__(self, account: ServiceAccount, exchange: Exchange, clock: Clock) -> None:
        self._account = account
        self._exchange = exchange
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._renew_at = clock.now()

    async def current(self, *, refused: str | None = None) -> str:
        """The token; a new one where there is none, it is about to end, or it is the one that was `refused`.

        Raises:
            PushPostponed: Google gave none. What it thinks of our credentials, an operator can set right.
        """
        async with self._lock:
            if self._token is None or self._token == refused or self._clock.now() >= self._renew_at:
                self._token = await self._exchanged()
            return self._token

    async def _exchanged(self) -> str:
        now = self._clock.now()
        form = {"grant_type": _GRANT, "assertion": self._account.assertion(now)}
        answer = await self._exchange.post(self._account.token_uri, data=form)
        if answer.status_code in {400, 401, 403}:
            raise PushPostponed("credentials_refused")
        if answer.status_code != 200:
            raise PushPostponed(f"token_http_{answer.status_code}", retry_after(answer, now))
        said = json_object(answer)
        token, lasts = said.get("access_token"), said.get("expires_in")
        if not isinstance(token, str) or not _fits_a_header(token) or type(lasts) is not int or not 0 < lasts <= 86_400:
            raise PushPostponed("token_unreadable")
        self._renew_at = now + timedelta(seconds=lasts) - _EARLY
        return token


def _fits_a_header(token: str) -> bool:
    return token.isascii() and token.isprintable() and " " not in token and token != ""
