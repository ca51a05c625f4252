"""Password hashes: passlib keeps the policy, libsodium computes. The only module that imports passlib.

Argon2id, m = 19456 KiB, t = 2, p = 1 (OWASP's first choice). Hashes of other schemes and costs are verified and replaced at the next
sign-in. Every call computes for tens of milliseconds: only `HashPool` has them made.
"""

import re
import secrets
from binascii import a2b_base64
from hmac import compare_digest
from typing import Any

import passlib.utils.handlers
from nacl.bindings import (
    crypto_pwhash_alg,
    crypto_pwhash_ALG_ARGON2ID13,
    crypto_pwhash_SALTBYTES,
)
from passlib.context import CryptContext
from passlib.hash import argon2

from app.security.foreign_hashes import refusal_of
from app.security.hashing import Verdict, canonical

MEMORY_KIB = 19_456
TIME_COST = 2
PARALLELISM = 1
BCRYPT_MAX_BYTES = 72
_MIN_SODIUM_MEMORY_KIB = 8
_MIN_SODIUM_CHECKSUM = 16
_CHECKSUM_BYTES = 32

argon2.set_backend("argon2_cffi")  # settles passlib's lazy choice before the class is derived from


class _SodiumArgon2(argon2):  # type: ignore[misc]  # passlib ships no types
    """passlib's argon2 with libsodium's code where it fits (Argon2id, one lane), argon2-cffi's where it does not."""

    @classmethod
    def hash(cls, secret: str | bytes, **kwargs: Any) -> str:
        passlib.utils.handlers.validate_secret(secret)
        parsed = cls(use_defaults=True)
        if not cls._fits(parsed):
            return str(super().hash(secret, **kwargs))
        parsed.checksum = cls._compute(secret, parsed)
        return str(parsed.to_string())

    @classmethod
    def verify(cls, secret: str | bytes, hash: str | bytes, **kwargs: Any) -> bool:  # noqa: A002  # passlib's own name
        passlib.utils.handlers.validate_secret(secret)
        parsed = cls.from_string(hash)
        if parsed.checksum is None or not cls._fits(parsed):
            return bool(super().verify(secret, hash, **kwargs))
        return compare_digest(cls._compute(secret, parsed), parsed.checksum)

    @staticmethod
    def _fits(parsed: Any) -> bool:
        return bool(
            parsed.type == "id"
            and parsed.version == 0x13
            and parsed.parallelism == 1
            and not parsed.data
            and len(parsed.salt) == crypto_pwhash_SALTBYTES
            and parsed.checksum_size >= _MIN_SODIUM_CHECKSUM
            and parsed.memory_cost >= _MIN_SODIUM_MEMORY_KIB
        )

    @staticmethod
    def _compute(secret: str | bytes, parsed: Any) -> bytes:
        data = secret.encode() if isinstance(secret, str) else secret
        return _sodium(data, parsed.salt, parsed.checksum_size, passes=parsed.rounds, kib=parsed.memory_cost)


def _sodium(secret: bytes, salt: bytes, size: int, *, passes: int, kib: int) -> bytes:
    return bytes(crypto_pwhash_alg(size, secret, salt, passes, kib * 1024, crypto_pwhash_ALG_ARGON2ID13))


class PasswordHasher:
    def __init__(self, *, memory_kib: int = MEMORY_KIB, time_cost: int = TIME_COST) -> None:
        self._memory_kib, self._time_cost = memory_kib, time_cost
        self._context = CryptContext(
            schemes=[_SodiumArgon2, "bcrypt", "pbkdf2_sha256", "pbkdf2_sha512", "django_pbkdf2_sha256", "scrypt"],
            deprecated="auto",
            argon2__type="ID",
            argon2__memory_cost=memory_kib,
            argon2__time_cost=time_cost,
            argon2__parallelism=PARALLELISM,
            argon2__salt_len=crypto_pwhash_SALTBYTES,
            argon2__hash_len=_CHECKSUM_BYTES,
        )
        # Of the live policy, so that a refusal of nobody costs what a refusal of somebody costs. It need not be the hash of anything.
        newest = self._context.handler()
        self._dummy = str(newest(use_defaults=True, checksum=secrets.token_bytes(newest.checksum_size)).to_string())
        scheme, _, _ = self._dummy.rsplit("$", 2)
        self._newest = re.compile(rf"{re.escape(scheme)}\$[A-Za-z0-9+/]{{22}}\$[A-Za-z0-9+/]{{43}}")

    def hash(self, password: str) -> str:
        return str(self._context.hash(canonical(password)))

    def verify(self, password: str, stored: str | None) -> Verdict:
        """One verification at the policy's cost, whether or not there is a hash: `stored` None is never right."""
        if stored and self._newest.fullmatch(stored):
            return Verdict(right=self._verify_newest(canonical(password), stored))
        if stored is None or refusal_of(stored):
            self._verify_newest("nobody at all", self._dummy)
            return Verdict(right=False)
        secret = canonical(password)
        if stored.startswith("$2") and (len(secret.encode()) > BCRYPT_MAX_BYTES or "\0" in secret):
            self._verify_newest("nobody at all", self._dummy)
            return Verdict(right=False)
        try:
            right, upgraded = self._context.verify_and_update(secret, stored)
        except ValueError:  # a hash that passlib cannot read opens nothing
            self._verify_newest("nobody at all", self._dummy)
            return Verdict(right=False)
        return Verdict(right=bool(right), upgraded=upgraded)

    def _verify_newest(self, secret: str, stored: str) -> bool:
        """Of the live policy, read without passlib, which takes ten times as long.

        Whatever a thread of low priority does in Python, the event loop may have to wait for.
        """
        salt, checksum = (a2b_base64(f"{part}==") for part in stored.split("$")[-2:])
        computed = _sodium(secret.encode(), salt, _CHECKSUM_BYTES, passes=self._time_cost, kib=self._memory_kib)
        return compare_digest(computed, checksum)
