"""Blocks of documents, done in a shell as they are printed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support import curl, sqlite_shell
from tests.support.shell import Shell


def _either(name: str, ours: str) -> dict[str, Path]:
    """Our own stand-in, and the machine's program, where there is one."""
    found = shutil.which(name)
    return {"ours": Path(ours), **({"the machine's": Path(found)} if found else {})}


CURLS = _either("curl", curl.__file__)
SQLITES = _either("sqlite3", sqlite_shell.__file__)


def bash(shell: Shell, script: str, programs: Mapping[str, Path] | None = None) -> str:
    """What the script prints; it must not fail, nor complain. `programs` are found before those of the machine."""
    folder = shell.folder / "bin"
    folder.mkdir(exist_ok=True)
    for name, file in {"curl": CURLS["ours"], **(programs or {})}.items():
        _put(folder / name, file)
    path = os.pathsep.join([str(folder), str(Path(sys.prefix, "bin")), os.defpath])
    process = subprocess.run(  # noqa: S603  # our own documents
        [str(shutil.which("bash")), "-eu", "-c", script],
        cwd=shell.folder,
        env={**shell.environment, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (process.returncode, process.stderr) == (0, ""), process
    return process.stdout


def _put(name: Path, program: Path) -> None:
    name.unlink(missing_ok=True)
    if program.suffix == ".py":
        name.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n', encoding="utf-8")
        name.chmod(0o700)
    else:
        name.symlink_to(program)
