"""An operator at a shell: the real `campus` command in a process of its own, and nothing of the tests' environment."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TIMEOUT_S = 60
CAMPUS = (sys.executable, "-m", "app.cli")


@dataclass(frozen=True)
class Printed:
    """What a command left on the screen."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Shell:
    """A folder and the CAMPUS_* variables that were exported there."""

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        # Wide enough that no sentence is broken; no colours.
        return {"PATH": os.defpath, "COLUMNS": "400", "TERM": "dumb", **self.variables}

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(  # noqa: S603  # our own program
            [*CAMPUS, *words],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str) -> Printed:
        """`campus` with these words, whatever comes of it."""
        return finish(self.start(*words))

    def campus(self, *words: str) -> str:
        """What a command prints that must succeed, and must have nothing to complain about."""
        printed = self.run(*words)
        assert (printed.code, printed.err) == (0, ""), printed
        return printed.out

    def json(self, *words: str) -> Any:
        """The same of a command that was asked for JSON."""
        return json.loads(self.campus(*words, "--json"))

    def refused(self, *words: str) -> tuple[int, str]:
        """Exit code and complaint of a command that must not succeed; it explains itself and prints no traceback."""
        printed = self.run(*words)
        assert printed.code in {1, 2}, printed
        assert "Traceback" not in printed.err, printed.err
        assert printed.out == ""
        return printed.code, printed.err.strip()


def finish(process: "subprocess.Popen[str]") -> Printed:
    out, err = process.communicate(timeout=TIMEOUT_S)
    return Printed(process.returncode, out, err)
