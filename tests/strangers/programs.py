"""Where the tools are: those of PyPI in environments of their own under var/, as their locks say; the others from Debian."""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support import debian

ROOT = Path(__file__).resolve().parents[2]
_UV = Path(sys.executable).with_name("uv")
_VERSION = re.compile(r"\b\d+(?:\.\d+)+")
# Some of Wapiti's libraries have no wheels (pyperclip, yaswfp, urwid-mitmproxy); they are Python alone.
_WITHOUT_WHEELS = {"wapiti"}


class Missing(Exception):
    """The message says what to do."""


def from_pypi(lock: str, program: str) -> Path:
    """The program out of an environment that is made of `requirements/<lock>.lock` and kept until that changes.

    Raises:
        Missing: it cannot be installed; with what uv said.
    """
    file = ROOT / "requirements" / f"{lock}.lock"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    place = ROOT / "var" / "strangers" / f"{lock}-{digest}-{sys.version_info[0]}.{sys.version_info[1]}"
    if not (place / "complete").exists():
        shutil.rmtree(place, ignore_errors=True)
        _uv("venv", "--python", sys.executable, str(place))
        wheels = () if lock in _WITHOUT_WHEELS else ("--only-binary", ":all:")
        _uv("pip", "install", "--python", str(place / "bin" / "python"), "--require-hashes", *wheels, "-r", str(file))
        (place / "complete").touch()
    return place / "bin" / program


def from_debian(package: str) -> str:
    """Raises Missing where it is not there and may not be installed."""
    program = debian.bring(package)
    if program is None:
        raise Missing(f"{package} is missing. On Debian or Ubuntu: sudo apt-get install {package}.")
    return program


def version(*command: str | Path) -> str:
    """As it tells it itself."""
    found = _VERSION.search(output(command))
    return found[0] if found else "?"


def output(command: Sequence[str | Path], *, seconds: int = 900) -> str:
    """What it prints, on both ways, whatever comes of it."""
    done = subprocess.run(  # noqa: S603  # tools that we have installed, with words of ours
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=seconds
    )
    return done.stdout + done.stderr


def _uv(*arguments: str) -> None:
    done = subprocess.run([_UV, *arguments, "--quiet"], capture_output=True, text=True, check=False)  # noqa: S603  # uv itself
    if done.returncode:
        raise Missing(f"uv {arguments[0]}: {done.stderr.strip()}")
