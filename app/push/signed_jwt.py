"""The JWTs (RFC 7519) by which this service proves to a push provider who it is.

They are made, never read: what must be verified is the business of access_tokens.
"""

import base64
import json
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def signed_jwt(header: Mapping[str, str], claims: Mapping[str, object], key: Key) -> str:
    """In compact form; signed as RS256 by an RSA key, as ES256 by one of the curve P-256."""
    algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
    content = f"{_json_part({'alg': algorithm, **header})}.{_json_part(claims)}"
    return f"{content}.{_part(_signature(content.encode(), key))}"


def rsa_key(pem: str) -> rsa.RSAPrivateKey:
    """Raises ValueError where it is none."""
    key = _loaded(pem)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("must be an RSA private key in PEM")  # noqa: TRY004  # a fault of the value, not of its Python type
    return key


def p256_key(pem: str) -> ec.EllipticCurvePrivateKey:
    """Raises ValueError where it is none."""
    key = _loaded(pem)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("must be an EC P-256 private key in PEM")  # noqa: TRY004  # a fault of the value, not of its Python type
    return key


def _loaded(pem: str) -> object:
    try:
        return load_pem_private_key(pem.strip().encode(), password=None)
    except (ValueError, TypeError):  # TypeError: it is encrypted
        return None


def _signature(content: bytes, key: Key) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(content, padding.PKCS1v15(), SHA256())
    # JWS wants both numbers in 32 bytes each (RFC 7518, section 3.4), not DER.
    r, s = decode_dss_signature(key.sign(content, ec.ECDSA(SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def _json_part(content: Mapping[str, object]) -> str:
    return _part(json.dumps(content, separators=(",", ":")).encode())


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
