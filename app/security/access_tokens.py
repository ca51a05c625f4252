"""Access tokens: short-lived JWTs (RFC 9068). The only module that imports jose, and the only one that trusts nothing it says.

python-jose is used for the signature alone. It would accept a token without `aud` or `exp`, any `kid`, an unknown `crit`, and the algorithm
that the token itself names; so header and claims are checked here, one by one, against exactly what `issue` writes.
"""

import base64
import binascii
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from jose import jws
from jose.backends.cryptography_backend import CryptographyECKey
from jose.exceptions import JOSEError

from app.clock import Clock
from app.errors import InvalidToken
from app.security.signing_keys import SigningKeyPair

ALGORITHM = "ES256"
LIFETIME = timedelta(minutes=10)
MAX_LENGTH = 2_000
_CACHE_SIZE = 10_000
_HEADER = {"alg", "typ", "kid"}
_CLAIMS = {"iss", "aud", "sub", "sid", "jti", "iat", "exp"}


@dataclass(frozen=True)
class AccessClaims:
    """What a verified token says. Whether its session still lives is the caller's question to the database."""

    account_id: UUID
    session_id: UUID
    district_id: str
    expires_at: int


class AccessTokens:
    """Signs with the newest key, verifies with any that is listed."""

    def __init__(self, keys: Sequence[SigningKeyPair], *, issuer: str, clock: Clock) -> None:
        self._issuer = issuer
        self._clock = clock
        self._newest = keys[0]
        self._signer = CryptographyECKey(keys[0].private_pem, ALGORITHM)
        self._header = _part({"alg": ALGORITHM, "typ": "at+jwt", "kid": self._newest.kid})
        self._verifiers = {key.kid: CryptographyECKey(key.public_pem, ALGORITHM) for key in keys}
        self._jwks = [key.public_jwk for key in keys]
        # Signatures of tokens seen before need not be computed again; bounded, and what has expired is still refused.
        self._verified: OrderedDict[str, AccessClaims] = OrderedDict()

    @property
    def jwks(self) -> dict[str, list[dict[str, str]]]:
        return {"keys": self._jwks}

    def audience(self, district_id: str) -> str:
        """Tokens are for one district's part of this service."""
        return f"{self._issuer}/districts/{district_id}"

    def issue(self, *, account_id: UUID, session_id: UUID, district_id: str) -> str:
        now = int(self._clock.now().timestamp())
        claims = {
            "iss": self._issuer,
            "aud": self.audience(district_id),
            "sub": str(account_id),
            "sid": str(session_id),
            "jti": uuid4().hex,
            "iat": now,
            "exp": now + int(LIFETIME.total_seconds()),
        }
        signed = f"{self._header}.{_part(claims)}"
        return f"{signed}.{_base64(self._signer.sign(signed.encode()))}"

    def verify(self, token: str) -> AccessClaims:
        """The claims of a token that this service signed and that has not expired.

        Raises:
            InvalidToken: anything else, whatever is wrong with it.
        """
        claims = self._verified.get(token)
        if claims is None:
            claims = self._read(token)
            self._verified[token] = claims
            if len(self._verified) > _CACHE_SIZE:
                self._verified.popitem(last=False)
        if claims.expires_at <= self._clock.now().timestamp():
            self._verified.pop(token, None)
            raise InvalidToken
        return claims

    def _read(self, token: str) -> AccessClaims:
        if len(token) > MAX_LENGTH:
            raise InvalidToken
        header = _json_part(token)
        if (
            set(header) != _HEADER
            or header["alg"] != ALGORITHM
            or header["typ"] != "at+jwt"
            or not isinstance(header["kid"], str)
        ):
            raise InvalidToken
        verifier = self._verifiers.get(header["kid"])
        if verifier is None:
            raise InvalidToken
        try:
            payload = jws.verify(token, verifier, algorithms=[ALGORITHM])
            return self._claims(json.loads(payload))
        except (JOSEError, ValueError, TypeError, KeyError) as fault:
            raise InvalidToken from fault

    def _claims(self, claims: Any) -> AccessClaims:
        audience = self.audience("")
        if (
            not isinstance(claims, dict)
            or set(claims) != _CLAIMS
            or claims["iss"] != self._issuer
            or not isinstance(claims["aud"], str)
            or not claims["aud"].startswith(audience)
            or type(claims["exp"]) is not int
            or type(claims["iat"]) is not int
            or not isinstance(claims["sub"], str)
            or not isinstance(claims["sid"], str)
        ):
            raise ValueError("not the claims that issue() writes")
        return AccessClaims(
            UUID(claims["sub"]), UUID(claims["sid"]), claims["aud"].removeprefix(audience), claims["exp"]
        )


def _part(content: Mapping[str, object]) -> str:
    return _base64(json.dumps(content, separators=(",", ":")).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _json_part(token: str) -> dict[str, Any]:
    """The unverified header."""
    encoded, dots, _ = token.partition(".")
    try:
        header = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (binascii.Error, ValueError, RecursionError) as fault:
        raise InvalidToken from fault
    if not dots or not isinstance(header, dict):
        raise InvalidToken
    return header
