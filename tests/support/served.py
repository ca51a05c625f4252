"""A real `campus serve` in a process of its own."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support import die_with_parent
from tests.support.shell import Shell

START_TIMEOUT_S = 60
ANSWER_TIMEOUT_S = 30
STOP_TIMEOUT_S = 20
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Shared, as making one takes longer than a request."""


@dataclass(frozen=True)
class Answering:
    """A server that has answered for the first time."""

    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, *, token: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else None
        return httpx.get(f"{self.url}{path}", headers=headers, timeout=ANSWER_TIMEOUT_S, verify=NO_TLS)

    def post(self, path: str, body: object) -> httpx.Response:
        return httpx.post(f"{self.url}{path}", json=body, timeout=ANSWER_TIMEOUT_S, verify=NO_TLS)


@dataclass(frozen=True)
class Served(Answering):
    """One that was started as an operator starts it."""

    process: "subprocess.Popen[bytes]"
    seconds_to_first_answer: float

    def ask_to_stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> None:
        """Returns when the process has ended."""
        self.process.wait(STOP_TIMEOUT_S)


@contextmanager
def served(shell: Shell, *options: str) -> Iterator[Served]:
    """`campus serve` from this shell, on a free port unless the options name one; stopped at the end of the block.

    Raises:
        RuntimeError: it ended, or gave no answer; with what it wrote.
    """
    port = free_port()
    log = shell.folder / f"serve-{port}.log"
    begun = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  # our own programs
            [
                *(sys.executable, "-I", "-S", str(Path(die_with_parent.__file__)), str(os.getpid())),
                *(sys.executable, "-m", "app.cli", "serve", f"--port={port}", *options),
            ],
            cwd=shell.folder,
            env=shell.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        while not answers(port):
            if process.poll() is not None or time.monotonic() > begun + START_TIMEOUT_S:
                raise RuntimeError(f"campus serve did not start: {log.read_text()}")
            time.sleep(0.01)
        yield Served(port, log, process, time.monotonic() - begun)
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT_S)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return connection.recv(16).startswith(b"HTTP/1.1 200")
    except OSError:
        return False
