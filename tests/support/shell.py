"""An operator at a shell: the real `campus` command in a process of its own, and nothing of the tests' environment.

The processes are forked from a server that has imported the command already: that takes a second, and a story has twenty commands.
"""

import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from tests.support.die_with_parent import die_with_parent

TIMEOUT_S = 60

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["app.cli", "alembic.command", "app.main", "uvicorn.server", "uvloop", "httptools"])


@dataclass(frozen=True)
class Printed:
    """What a command left on the screen."""

    code: int | None
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Running:
    """A command that has not ended yet, or whose screen nobody has read yet."""

    process: BaseProcess
    screen: "tempfile.TemporaryDirectory[str]"

    def finish(self) -> Printed:
        self.process.join(TIMEOUT_S)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
        out, err = (Path(self.screen.name, name).read_text(encoding="utf-8") for name in ("out", "err"))
        self.screen.cleanup()
        return Printed(self.process.exitcode, out, err)


@dataclass(frozen=True)
class Shell:
    """A folder and the CAMPUS_* variables that were exported there."""

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        # Wide enough that no sentence is broken; no colours.
        return {"PATH": os.defpath, "COLUMNS": "400", "TERM": "dumb", **self.variables}

    def start(self, *words: str) -> Running:
        screen = tempfile.TemporaryDirectory()
        return Running(self.fork(words, Path(screen.name, "out"), Path(screen.name, "err")), screen)

    def fork(self, words: Sequence[str], out: Path, err: Path) -> BaseProcess:
        """A process that is `campus` with these words, and writes into these files (or this one)."""
        process = _FORKS.Process(target=_become_campus, args=(words, self.folder, self.environment, out, err))
        process.start()
        return process

    def run(self, *words: str) -> Printed:
        """`campus` with these words, whatever comes of it."""
        return self.start(*words).finish()

    def campus(self, *words: str) -> str:
        """What a command prints that must succeed, and must have nothing to complain about."""
        printed = self.run(*words)
        assert (printed.code, printed.err) == (0, ""), printed
        return printed.out

    def json(self, *words: str) -> Any:
        """The same of a command that was asked for JSON."""
        return json.loads(self.campus(*words, "--json"))

    def refused(self, *words: str) -> tuple[int | None, str]:
        """Exit code and complaint of a command that must not succeed; it explains itself and prints no traceback."""
        printed = self.run(*words)
        assert printed.code in {1, 2}, printed
        assert "Traceback" not in printed.err, printed.err
        assert printed.out == ""
        return printed.code, printed.err


def _become_campus(words: Sequence[str], folder: Path, environment: Mapping[str, str], out: Path, err: Path) -> None:
    die_with_parent(os.getppid())  # the server of forks, which ends with the tests
    for descriptor, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["campus", *words]

    from app.cli import main  # noqa: PLC0415  # the server of forks has it; the tests themselves need not

    main()
