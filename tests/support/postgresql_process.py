"""The processes of a PostgreSQL that `postgresql.cluster` started: to be ended, frozen, and brought back. Linux only."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

TIMEOUT_S = 30
SOON_S = 0.01


@dataclass(frozen=True)
class PostgresqlProcess:
    """The whole server that a URL leads to, by a socket."""

    lock: Path
    """Beside the socket; its first line is the process id of the server."""

    @classmethod
    def of(cls, url: str) -> "PostgresqlProcess":
        """The one behind this URL.

        Raises:
            RuntimeError: the server was started by somebody else, and is none of ours.
        """
        (folder,) = parse_qs(urlsplit(url).query).get("host", [""])
        if "campus-pg-" not in folder:
            raise RuntimeError("only a server that was started for this purpose may be ended")
        return cls(Path(folder, ".s.PGSQL.5432.lock"))

    @property
    def pid(self) -> int:
        return int(self.lock.read_text().splitlines()[0])

    def freeze(self) -> None:
        """It keeps its connections and answers nobody: every process of it stands still."""
        self._tell_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._tell_all(signal.SIGCONT)

    def crash(self) -> int:
        """Ends it at once, as a lost machine does; the next start recovers from its log. Gives who can start it: `revive`."""
        server = self.pid
        guard = _parent_of(server)
        os.kill(server, signal.SIGQUIT)
        _until(lambda: not self.lock.exists())
        return guard

    def revive(self, guard: int) -> None:
        """Returns when it takes connections, or would."""
        os.kill(guard, signal.SIGUSR1)
        _until(self.lock.exists)

    def _tell_all(self, what: signal.Signals) -> None:
        for process in self._family():
            with suppress(ProcessLookupError):  # that of a connection that has just ended
                os.kill(process, what)

    def _family(self) -> list[int]:
        server = self.pid
        everybody = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
        return [server, *(process for process in everybody if _parent_of(process) == server)]


def _parent_of(process: int) -> int:
    """0 where it has ended."""
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()[1])
    except OSError:
        return 0


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + TIMEOUT_S
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(SOON_S)
