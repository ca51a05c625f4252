"""Which stored password hashes are ever computed: those of schemes that we know, whole, and at a bearable cost.

A hash that comes from another system decides what its verification costs, so nothing above these bounds is tried. On one core each of
them stays near a second.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

MAX_HASH_LENGTH = 255
MAX_MEMORY_KIB = 262_144
"""For one verification, whatever the scheme."""
MAX_PASSES = 16
MAX_KIB_PASSES = 1 << 19
"""Argon2 writes so much memory in all its passes."""
MAX_LANES = 16
MIN_BCRYPT_ROUNDS, MAX_BCRYPT_ROUNDS = 4, 14
MAX_ITERATIONS = {"256": 2_000_000, "512": 1_000_000}
MAX_SCRYPT_BLOCKS = 1 << 21
"""Blocks (N times r times p) that scrypt mixes."""


class HashRefusal(StrEnum):
    """Why a hash is never computed."""

    UNKNOWN_SCHEME = "unknown_scheme"
    """Plain text, MD5, a scheme of another kind, or nothing that could be told."""
    DAMAGED = "damaged"
    TOO_COSTLY = "too_costly"


def refusal_of(stored: str) -> HashRefusal | None:
    """Why the hash is refused; None where it can be verified. Costs no hash."""
    scheme = next((whole for begin, whole in _SCHEMES.items() if re.match(begin, stored)), None)
    if scheme is None:
        return HashRefusal.UNKNOWN_SCHEME
    parts = scheme.fullmatch(stored)
    if parts is None or len(stored) > MAX_HASH_LENGTH or not _is_whole(parts.groupdict()):
        return HashRefusal.DAMAGED
    return None if _is_bearable(parts.groupdict()) else HashRefusal.TOO_COSTLY


_BASE64 = "[A-Za-z0-9+/]"
_ADAPTED = "[A-Za-z0-9./]"  # base64 as passlib writes it for PBKDF2
# Salts of 8 bytes or more, digests of 16 or more: of a shorter digest too many passwords would be right. The last letters of a salt and a
# digest of bcrypt carry bits that must be zero.
_SCHEMES: Mapping[str, re.Pattern[str]] = {
    r"\$argon2id?\$": re.compile(
        r"\$argon2id?\$(?:v=(?:16|19)\$)?m=(?P<kib>[0-9]{1,10}),t=(?P<passes>[0-9]{1,10}),p=(?P<lanes>[0-9]{1,10})"
        rf"\$(?P<salt>{_BASE64}{{11,86}})\$(?P<digest>{_BASE64}{{22,86}})"
    ),
    r"\$2[aby]\$": re.compile(
        rf"\$2[aby]\$(?P<rounds>[0-9]{{2}})\${_ADAPTED}{{21}}[.Oeu]{_ADAPTED}{{30}}[.CGKOSWaeimquy26]"
    ),
    r"\$pbkdf2-sha(?:256|512)\$": re.compile(
        r"\$pbkdf2-sha(?P<bits>256|512)\$(?P<iterations>[1-9][0-9]{0,9})"
        rf"\$(?P<salt>{_ADAPTED}{{11,86}})\$(?P<digest>{_ADAPTED}{{43}}|{_ADAPTED}{{86}})"
    ),
    r"pbkdf2_sha256\$": re.compile(
        rf"pbkdf2_sha(?P<bits>256)\$(?P<iterations>[1-9][0-9]{{0,9}})\$[A-Za-z0-9]{{8,86}}\${_BASE64}{{43}}="
    ),
    r"\$scrypt\$": re.compile(
        r"\$scrypt\$ln=(?P<log>[1-9][0-9]?),r=(?P<block>[1-9][0-9]{0,9}),p=(?P<lanes>[1-9][0-9]{0,9})"
        rf"\$(?P<salt>{_BASE64}{{11,86}})\$(?P<digest>{_BASE64}{{43}})"
    ),
}


def _is_whole(parts: Mapping[str, str | None]) -> bool:
    """What no pattern can say: no base64 is one letter longer than whole groups of four, and digests are as long as their scheme makes them."""
    if any(len(parts.get(name) or "") % 4 == 1 for name in ("salt", "digest")):
        return False
    match parts:
        case {"kib": str(kib), "passes": str(passes), "lanes": str(lanes)}:
            return int(passes) >= 1 and int(lanes) >= 1 and int(kib) >= 8 * int(lanes)
        case {"rounds": str(rounds)}:
            return int(rounds) >= MIN_BCRYPT_ROUNDS
        case {"bits": bits, "digest": str(digest)}:
            return len(digest) == {"256": 43, "512": 86}[bits or ""]
    return True


def _is_bearable(parts: Mapping[str, str | None]) -> bool:
    match parts:
        case {"kib": str(kib), "passes": str(passes), "lanes": str(lanes)}:
            memory, times = int(kib), int(passes)
            is_short = times <= MAX_PASSES and int(lanes) <= MAX_LANES
            return is_short and memory <= MAX_MEMORY_KIB and memory * times <= MAX_KIB_PASSES
        case {"rounds": str(rounds)}:
            return int(rounds) <= MAX_BCRYPT_ROUNDS
        case {"bits": str(bits), "iterations": str(iterations)}:
            return int(iterations) <= MAX_ITERATIONS[bits]
        case {"log": str(log), "block": str(block), "lanes": str(lanes)}:
            blocks = (1 << int(log)) * int(block)
            return blocks * 128 <= MAX_MEMORY_KIB * 1024 and blocks * int(lanes) <= MAX_SCRYPT_BLOCKS
    return False
