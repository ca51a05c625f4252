"""Tokens put together by hand, as an attacker does: any header, any claims, any signature."""

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key


def encoded(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def json_part(value: object) -> str:
    return encoded(json.dumps(value).encode())


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, unverified."""
    header, claims, _ = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split("."))
    return json.loads(header), json.loads(claims)


def signed(header: object, claims: object, private_pem: str) -> str:
    """ES256 with the key, whatever the header says."""
    key = load_pem_private_key(private_pem.encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    text = f"{json_part(header)}.{json_part(claims)}"
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(SHA256())))
    return f"{text}.{encoded(r.to_bytes(32) + s.to_bytes(32))}"


def signed_by_secret(header: object, claims: object, secret: bytes) -> str:
    """HS256: the algorithm confusion uses the public key as the secret."""
    text = f"{json_part(header)}.{json_part(claims)}"
    return f"{text}.{encoded(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def unsigned(header: object, claims: object) -> str:
    return f"{json_part(header)}.{json_part(claims)}."
