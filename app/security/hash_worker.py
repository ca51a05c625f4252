"""The program that computes password hashes for a server: `python -m app.security.hash_worker AT_ONCE`.

Questions come as lines of JSON on standard input, answers go to standard output in the order in which they are done. It ends when its
input does, and so with its server, however that ends.

Hashes that are computed at once are computed by processes that it forks: threads of one process wait for one another whenever the system
gives them the 19 MB of a hash or takes them back. What was loaded before is shared by all of them.
"""

import gc
import json
import os
import signal
import sys
from socket import AF_UNIX, SOCK_SEQPACKET, socket, socketpair
from types import FrameType
from typing import Any

from app.security.hashing import NICENESS
from app.security.passwords import PasswordHasher

_STDOUT = 1
_LONGEST = 1 << 16
"""Bytes of a question; a password has 256 characters at most, and a stored hash a few hundred."""


def work(at_once: int) -> None:
    hasher = PasswordHasher()
    gc.freeze()  # a search for garbage would write to what they share
    signal.signal(signal.SIGCHLD, _give_up)
    given, taken = socketpair(AF_UNIX, SOCK_SEQPACKET)  # each question is taken by one of them, whole
    for _ in range(at_once):
        if os.fork() == 0:
            given.close()
            _compute(hasher, taken)
            os._exit(0)
    taken.close()
    for line in sys.stdin.buffer:
        given.send(line)


def _give_up(_signal: int, _frame: FrameType | None) -> None:
    """One of them is gone, and with it a question. The server starts another program; those that are left find their input closed."""
    os._exit(1)


def _compute(hasher: PasswordHasher, questions: socket) -> None:
    while question := questions.recv(_LONGEST):
        _answer(hasher, question)


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
