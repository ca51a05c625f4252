"""What the machine gives at best: Argon2id with the product's parameters and nothing around it, on every core."""

import os
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from argon2.low_level import Type, hash_secret_raw
from nacl.bindings import crypto_pwhash_alg, crypto_pwhash_ALG_ARGON2ID13, crypto_pwhash_SALTBYTES

from app.security.passwords import MEMORY_KIB, PARALLELISM, TIME_COST

_HASH_BYTES = 32
_PASSWORD = b"correct horse battery 9"


def processor_milliseconds(hashes: int = 60) -> float:
    """Of one hash of libsodium, while as many threads compute as there are cores."""
    begun = time.process_time()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        salts = (secrets.token_bytes(crypto_pwhash_SALTBYTES) for _ in range(hashes))
        for _ in threads.map(_pynacl, salts):
            pass
    return (time.process_time() - begun) / hashes * 1_000


def pynacl_per_second(seconds: float) -> float:
    """libsodium, as its wheel brings it."""
    return _per_second(_pynacl, seconds)


def argon2_cffi_per_second(seconds: float) -> float:
    """The reference code, as the wheel of argon2-cffi brings it."""

    def compute(salt: bytes) -> None:
        hash_secret_raw(_PASSWORD, salt, TIME_COST, MEMORY_KIB, PARALLELISM, _HASH_BYTES, Type.ID)

    return _per_second(compute, seconds)


def _pynacl(salt: bytes) -> None:
    crypto_pwhash_alg(_HASH_BYTES, _PASSWORD, salt, TIME_COST, MEMORY_KIB * 1024, crypto_pwhash_ALG_ARGON2ID13)


def _per_second(compute: Callable[[bytes], None], seconds: float) -> float:
    """Hashes a second of as many threads as there are cores: both libraries let go of the interpreter while they compute."""
    begun = time.monotonic()
    counts: list[int] = []

    def work() -> None:
        count = 0
        while time.monotonic() < begun + seconds:
            compute(secrets.token_bytes(crypto_pwhash_SALTBYTES))
            count += 1
        counts.append(count)

    threads = [threading.Thread(target=work) for _ in range(os.cpu_count() or 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - begun)
