"""The TypeScript client: generated, compiled strictly, and at work against a live server."""

import subprocess
from pathlib import Path

import pytest

from app.demo.districts import PASSWORD
from tests.support.node import with_node
from tests.support.served import served
from tests.support.shell import Shell

HERE = Path(__file__).parent
TOLD = "activated, signed in with a CAPTCHA, refreshed, linked and switched, signed out"


@pytest.fixture(scope="module")
def compiled() -> Path:
    for script in ("client", "build"):
        run("npm", "run", "--silent", script)
    return HERE / "dist" / "parent.js"


def test_a_parent_whose_app_was_built_on_it(compiled: Path, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.campus("demo")
    key = shell.campus("demo", "--unused-key").strip()
    with served(shell) as server:
        mails = {"MAILS": str(tmp_path / "var" / "outbox")}
        told = run("node", str(compiled), API=server.url, KEY=key, DEMO_PASSWORD=PASSWORD, **mails)
    assert told.strip() == TOLD


@pytest.mark.parametrize("linter", ["spectral", "redocly"])
def test_the_linters_report_nothing(linter: str) -> None:
    run("npm", "run", "--silent", linter)


def run(*words: str, **environment: str) -> str:
    """What it prints; it must succeed."""
    done = subprocess.run(  # noqa: S603  # our own words
        words, cwd=HERE, env={**with_node(), **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
