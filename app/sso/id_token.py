"""Proving an ID token: whose signature it bears, and every claim that OpenID Connect Core 1.0 (section 3.1.3.7) wants checked.

joserfc verifies the signature, with the one key and the one algorithm that were chosen here; Authlib checks the claims.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from app.sso.provider import Attempt, Provider, ProviderRefused

ALGORITHMS = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}
"""Which are taken, with the kind of key that each wants. Neither `none`, nor those with a shared secret."""
LONGEST_TOKEN = 16_384
LEAST_RSA_BITS = 2048
LEEWAY_S = 60
"""How far the clocks of two servers may be apart."""
_MOST_SUBJECT = 255

Jwk = Mapping[str, Any]


@dataclass(frozen=True)
class Header:
    algorithm: str
    key_id: str | None


def header_of(token: str) -> Header:
    """What the token says of its signature; nothing of it is believed.

    Raises:
        ProviderRefused
    """
    if len(token) > LONGEST_TOKEN:
        raise ProviderRefused("token_too_long")
    try:
        said = json.loads(_decoded(token.partition(".")[0]))
    except (ValueError, RecursionError):
        raise ProviderRefused("token_unreadable") from None
    algorithm, key_id = (said.get("alg"), said.get("kid")) if isinstance(said, dict) else (None, None)
    if algorithm not in ALGORITHMS:
        raise ProviderRefused("algorithm_not_taken")
    return Header(algorithm, key_id if isinstance(key_id, str) else None)


def key_for(header: Header, keys: Sequence[Jwk]) -> Jwk | None:
    """The one key that may have signed; None where none fits, or where several do and the token does not say which."""
    fitting = [
        key
        for key in keys
        if key.get("kty") == ALGORITHMS[header.algorithm]
        and key.get("use") in {None, "sig"}
        and key.get("alg") in {None, header.algorithm}
        and (header.key_id is None or key.get("kid") == header.key_id)
    ]
    return fitting[0] if len(fitting) == 1 else None


def proved_claims(
    token: str, header: Header, key: Jwk, provider: Provider, attempt: Attempt, access_token: str | None, now: datetime
) -> dict[str, Any]:
    """The claims of a token that was made by this provider, for us, for this attempt, and lately.

    Raises:
        ProviderRefused
    """
    try:
        signed = jwt.decode(token, _imported(key), algorithms=[header.algorithm])
        claims = CodeIDToken(
            signed.claims,
            signed.header,
            options={
                "iss": {"essential": True, "value": provider.issuer},
                "aud": {"essential": True, "value": provider.client_id},
                "exp": {"essential": True},
                "nonce": {"essential": True, "value": attempt.nonce},
            },
            params={"nonce": attempt.nonce, "client_id": provider.client_id, "access_token": access_token},
        )
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY_S)
    except (JoseError, ValueError, TypeError, KeyError) as fault:
        raise ProviderRefused(f"token_{getattr(fault, 'error', 'unusable')}") from None
    if claims["iss"] != provider.issuer:  # the library takes a list that has it among others
        raise ProviderRefused("token_other_issuer")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _MOST_SUBJECT:
        raise ProviderRefused("token_without_subject")
    return dict(claims)


def _imported(key: Jwk) -> RSAKey | ECKey:
    if key["kty"] == "EC":
        return ECKey.import_key(dict(key))
    if 8 * len(_decoded(str(key["n"]))) < LEAST_RSA_BITS:
        raise ValueError("key too short")
    return RSAKey.import_key(dict(key))


def _decoded(text: str) -> bytes:
    """Base64url, without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
