"""Runs Schemathesis against a server of its own: `python -m tests.fuzz [EXAMPLES [ROLE ...]]`, 200 for each operation if left out."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from app.demo.districts import PASSWORD, TOTP_SECRET
from tests.support.served import served
from tests.support.shell import Shell

FOLDER = Path(__file__).parent
UNLIMITED = {
    f"CAMPUS_RATE_{name}": "1000000"
    for name in ("LOGIN", "ACTIVATE", "RECOVERY", "PUBLIC", "SESSION", "DISTRICT", "EVERYONE")
}
ABOUT_ONESELF = ("--include-path-regex", "^/(me|districts/link)(/|$)")
OFFICE = ("--include-tag", "Office")
EVERYBODYS = ("--exclude-path-regex", "^/(me|districts/link|admin)(/|$)")


class Role(NamedTuple):
    name: str
    operations: Sequence[str]
    login: str = ""
    totp: str = ""


ROLES = (
    Role("a stranger", EVERYBODYS),
    Role("a parent", ABOUT_ONESELF, f"cape-fear-nc/parent/elena1/{PASSWORD}"),
    Role("a student", ABOUT_ONESELF, f"jackson-ga/student/luis2010/{PASSWORD}"),
    Role("the help desk", OFFICE, f"jackson-ga/staff/hugo2026/{PASSWORD}", TOTP_SECRET),
    Role("a district admin", OFFICE, f"jackson-ga/staff/dana2026/{PASSWORD}", TOTP_SECRET),
)


def main(examples: int, names: Sequence[str]) -> int:
    """How many roles met a fault."""
    roles = [role for role in ROLES if not names or role.name in names]
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(Path(folder), {**UNLIMITED, "CAMPUS_TRUSTED_PROXIES": "127.0.0.1"})
        shell.campus("demo")
        with served(shell) as server:
            return sum(run(role, server.url, examples) != 0 for role in roles)


def run(role: Role, url: str, examples: int) -> int:
    sys.stdout.write(f"\n== As {role.name}\n")
    sys.stdout.flush()
    program = Path(sys.executable).with_name("schemathesis")
    words = ["--config-file", str(FOLDER / "schemathesis.toml"), "run", f"{url}/openapi.json", "--checks", "all"]
    return subprocess.run(  # noqa: S603  # our own words
        [program, *words, "--max-examples", str(examples), *role.operations],
        env=environment(role, url),
        cwd=tempfile.gettempdir(),
        check=False,
    ).returncode


def environment(role: Role, url: str) -> Mapping[str, str]:
    ours = {"FUZZ_API": url, "FUZZ_LOGIN": role.login, "FUZZ_TOTP": role.totp}
    return {**os.environ, **ours, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(FOLDER)}


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, sys.argv[2:]))
