"""The program that computes password hashes for a server: `python -m app.security.hash_worker THREADS`.

Questions come as lines of JSON on standard input, answers go to standard output in the order in which they are done. It ends when its
input does, and so with its server, however that ends.
"""

import json
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from app.security.hashing import NICENESS
from app.security.passwords import PasswordHasher

_STDOUT = 1


def work(threads: int) -> None:
    hasher = PasswordHasher()
    with ThreadPoolExecutor(threads) as at_once:
        for line in sys.stdin.buffer:
            at_once.submit(_answer, hasher, line)
        at_once.shutdown(cancel_futures=True)


def _answer(hasher: PasswordHasher, line: bytes) -> None:
    question = json.loads(line)
    told, fault = None, None
    try:
        told = _computed(hasher, **question["asked"])
    except Exception as caught:  # noqa: BLE001  # whoever asked shall hear of it, by its name alone
        fault = type(caught).__name__
    os.write(
        _STDOUT, json.dumps([question["number"], told, fault]).encode() + b"\n"
    )  # so short that it goes out in one piece


def _computed(hasher: PasswordHasher, password: str, **stored: str | None) -> Any:
    """A new hash; or, where there is a stored one, or nobody's, whether the password is right, and what to store instead."""
    if not stored:
        return hasher.hash(password)
    verdict = hasher.verify(password, stored["stored"])
    return verdict.right, verdict.upgraded


if __name__ == "__main__":
    # Whoever stops the service tells all of its processes; what the server still answers may want a hash.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    work(int(sys.argv[1]))
