"""The key pairs that sign access tokens: EC P-256, named by their RFC 7638 thumbprint."""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

JWKS_KEPT_FOR = timedelta(minutes=5)
"""How long others may keep the public keys before they ask again."""


@dataclass(frozen=True)
class SigningKeyPair:
    kid: str
    private_pem: str
    public_pem: str
    public_jwk: dict[str, str]

    @classmethod
    def generate(cls) -> "SigningKeyPair":
        return cls._of(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: str) -> "SigningKeyPair":
        """A pair from its private key.

        Raises:
            ValueError: no PEM, encrypted, or not of the curve P-256.
        """
        try:
            key = load_pem_private_key(pem.strip().encode(), password=None)
        except TypeError as fault:
            raise ValueError("the signing key is encrypted") from fault
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ValueError("a signing key must be an EC key of the curve P-256")  # noqa: TRY004  # a fault of the value, not of its Python type
        return cls._of(key)

    @classmethod
    def _of(cls, key: ec.EllipticCurvePrivateKey) -> "SigningKeyPair":
        numbers = key.public_key().public_numbers()
        required = {"crv": "P-256", "kty": "EC", "x": _coordinate(numbers.x), "y": _coordinate(numbers.y)}
        thumbprint = hashlib.sha256(json.dumps(required, sort_keys=True, separators=(",", ":")).encode()).digest()
        kid = base64.urlsafe_b64encode(thumbprint).decode().rstrip("=")
        return cls(
            kid=kid,
            private_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            public_pem=key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
            public_jwk={**required, "kid": kid, "use": "sig", "alg": "ES256"},
        )


def _coordinate(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32)).decode().rstrip("=")
