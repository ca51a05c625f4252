"""The systemd units of examples/running, run as far as that goes without systemd."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.security.signing_keys import SigningKeyPair
from app.settings import load_settings, unknown_variables

RUNNING = Path(__file__).resolve().parents[2] / "examples" / "running"
UNITS = sorted((RUNNING / "systemd").glob("*.service"))
HOME = Path(__file__).resolve().parents[2]
SECRETS = ("secret-keys", "signing-keys")


@dataclass(frozen=True)
class Unit:
    lines: Mapping[str, list[str]]

    @classmethod
    def read(cls, file: Path) -> "Unit":
        lines: dict[str, list[str]] = {}
        for line in file.read_text(encoding="utf-8").splitlines():
            name, is_directive, value = line.partition("=")
            if is_directive and not line.startswith("#"):
                lines.setdefault(name, []).append(value)
        return cls(lines)

    def one(self, name: str) -> str:
        (value,) = self.lines[name]
        return value

    def environment(self, file: Path, credentials: Path) -> dict[str, str]:
        """What systemd gives to the service, with its credentials in a folder of ours."""
        given = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
        given += shlex.split(self.one("Environment").replace("%d", str(credentials)))
        return dict(line.split("=", 1) for line in given)


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    """As `openssl` of docs/operations.md makes them."""
    for name, text in zip(SECRETS, ("x" * 48, SigningKeyPair.generate().private_pem), strict=True):
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o600)
    return tmp_path


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.stem)
def test_a_unit_gives_a_whole_configuration(file: Path, credentials: Path) -> None:
    unit = Unit.read(file)
    environment = unit.environment(RUNNING / "campus.env", credentials)

    assert unknown_variables(environment) == []
    assert load_settings(environment).is_production
    assert [line.partition(":")[0] for line in unit.lines["LoadCredential"]] == list(SECRETS)


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.stem)
def test_the_commands_of_a_unit_are_there(file: Path) -> None:
    unit = Unit.read(file)
    for line in (*unit.lines.get("ExecStartPre", []), unit.one("ExecStart")):
        python, *words = shlex.split(line)
        assert Path(python).is_relative_to(unit.one("WorkingDirectory"))
        assert _said([*words, "--help"], {})


def test_what_runs_before_the_server_makes_its_database(credentials: Path, tmp_path: Path) -> None:
    server = Unit.read(RUNNING / "systemd" / "campus-accounts.service")
    state = tmp_path / server.one("StateDirectory")
    state.mkdir(0o700)
    environment = server.environment(RUNNING / "campus.env", credentials)
    environment["CAMPUS_DATABASE_URL"] = environment["CAMPUS_DATABASE_URL"].replace("/var/lib/campus", str(state))

    assert "The database is at" in _said(shlex.split(server.one("ExecStartPre"))[1:], environment)
    assert [file.name for file in state.glob("*.db")] == ["campus.db"]


def _said(words: list[str], environment: Mapping[str, str]) -> str:
    """What the checkout's own Python prints where the unit starts the installed one."""
    done = subprocess.run(  # noqa: S603  # our own programs
        [sys.executable, *words],
        cwd=HOME,
        env={"PATH": os.defpath, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
