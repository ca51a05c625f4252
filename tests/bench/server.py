"""A server under test: a process of its own, one worker, its log thrown away but written."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.http_protocol import HTTP_PROTOCOL
from tests.support import die_with_parent

START_TIMEOUT_S = 60
UVICORN = (
    "-m",
    "uvicorn",
    "--workers=1",
    "--no-access-log",
    "--no-server-header",
    "--no-proxy-headers",
    "--log-level=warning",
)


@dataclass(frozen=True)
class Server:
    port: int
    pid: int
    seconds_to_first_answer: float

    def resident_megabytes(self) -> float:
        """What the process holds in memory now; of a server that only watches its worker, what the worker holds."""
        return max(_resident_megabytes(pid) for pid in self._processes())

    def resident_megabytes_in_all(self) -> float:
        """The same with the processes that it has started, such as the one that hashes, and with what those that it forked have of their own."""
        forked = [each for pid in self._processes()[1:] for each in _children(pid)]
        return sum(map(_resident_megabytes, self._processes())) + sum(map(_private_megabytes, forked))

    def processor_seconds(self) -> float:
        """What all threads of the process, of those that it has started, and of theirs, have computed so far."""
        processes = [*self._processes(), *(each for pid in self._processes()[1:] for each in _children(pid))]
        threads = (each for pid in processes for each in Path(f"/proc/{pid}/task").glob("*/schedstat"))
        return sum(int(thread.read_text(encoding="ascii").split()[0]) for thread in threads) / 1e9

    def _processes(self) -> list[str]:
        return [str(self.pid), *_children(str(self.pid))]


@contextmanager
def serve(factory: str, path: str, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """The application that `factory` makes, on uvicorn, once it has answered on `path`. Nothing of our own environment reaches it."""
    port = free_port()
    ours = [f"--http={HTTP_PROTOCOL}"] if factory.startswith("app.") else []  # as `campus serve` does
    command = (sys.executable, *UVICORN, *ours, factory, "--factory", f"--port={port}")
    with serve_command(command, port, path, environment or {}) as server:
        yield server


@contextmanager
def serve_command(
    command: Sequence[str], port: int, path: str, environment: Mapping[str, str], folder: Path | None = None
) -> Iterator[Server]:
    """What `command` serves on `port`, started in `folder`, once it has answered on `path`."""
    begun = time.monotonic()
    process = subprocess.Popen(  # noqa: S603  # our own programs
        [*(sys.executable, "-I", "-S", str(Path(die_with_parent.__file__)), str(os.getpid())), *command],
        env={"PATH": os.defpath, **environment},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _answers(port, path):
            if process.poll() is not None or time.monotonic() > begun + START_TIMEOUT_S:
                raise RuntimeError(f"{' '.join(command)} did not start")
            time.sleep(0.005)
        yield Server(port, process.pid, time.monotonic() - begun)
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _answers(port: int, path: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=START_TIMEOUT_S) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def _children(pid: str) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()


def _private_megabytes(pid: str) -> float:
    """What no other process shares: a fork has the rest from where it was forked."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) * 1024 / 1e6


def _resident_megabytes(pid: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    kilobytes = next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]
    return int(kilobytes) * 1024 / 1e6
