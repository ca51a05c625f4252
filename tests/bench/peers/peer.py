"""How each of the others is installed, filled, started and asked."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from app.security.passwords import MEMORY_KIB, PARALLELISM, TIME_COST
from tests.bench.district import PASSWORD, guardian_id
from tests.bench.http_client import get, post, post_form
from tests.bench.server import UVICORN, Server, free_port, serve_command

_HERE = Path(__file__).parent
_LOCKS = Path(__file__).parents[3] / "requirements"
_UV = Path(sys.executable).parent / "uv"
_ARGON2 = {
    "ARGON2_MEMORY_KIB": str(MEMORY_KIB),
    "ARGON2_TIME_COST": str(TIME_COST),
    "ARGON2_PARALLELISM": str(PARALLELISM),
}


class Kind(Protocol):
    """What differs between them."""

    name: str
    lock: str
    program: str
    """Beside this file; it runs in the environment of the lock and imports nothing of ours."""

    def serving(self, port: int) -> Sequence[str]:
        """Arguments for Python."""
        ...

    def database_url(self, url: str) -> str: ...
    def sign_in(self, number: int) -> bytes: ...
    def read(self, signed_in: dict[str, Any]) -> bytes:
        """Who am I, by what the sign-in answered."""
        ...


class FastapiUsers:
    name = "fastapi-users"
    lock = "peer-fastapi-users.lock"
    program = "fastapi_users_site.py"

    def serving(self, port: int) -> Sequence[str]:
        return (*UVICORN, "fastapi_users_site:create_app", "--factory", f"--port={port}")

    def database_url(self, url: str) -> str:
        scheme = urlsplit(url).scheme
        return url.replace(scheme, {"sqlite": "sqlite+aiosqlite"}.get(scheme, "postgresql+asyncpg"), 1)

    def sign_in(self, number: int) -> bytes:
        return post_form("/login", {"username": f"{guardian_id(number)}@example.org", "password": PASSWORD})

    def read(self, signed_in: dict[str, Any]) -> bytes:
        return get("/users/me", token=signed_in["access_token"])


class Allauth:
    name = "django-allauth"
    lock = "peer-allauth.lock"
    program = "allauth_site.py"

    def serving(self, port: int) -> Sequence[str]:
        """Threads, since Django's database work blocks: as many as pay on few cores, and connections stay open."""
        options = ("--worker-class=gthread", "--threads=16", "--keep-alive=75", "--log-level=error")
        return ("-m", "gunicorn", *options, f"--bind=127.0.0.1:{port}", "allauth_site:application")

    def database_url(self, url: str) -> str:
        return url

    def sign_in(self, number: int) -> bytes:
        return post("/_allauth/app/v1/auth/login", {"username": guardian_id(number), "password": PASSWORD})

    def read(self, signed_in: dict[str, Any]) -> bytes:
        return get("/_allauth/app/v1/auth/session", header=f"X-Session-Token: {signed_in['meta']['session_token']}")


KINDS: Sequence[Kind] = (FastapiUsers(), Allauth())


@dataclass(frozen=True)
class Peer:
    """One of them, installed."""

    kind: Kind
    python: Path

    @classmethod
    def installed(cls, kind: Kind, folder: Path) -> "Peer":
        """In a new environment in `folder`, as its lock says."""
        environment = folder / kind.name
        python = environment / "bin" / "python"
        _uv("venv", "--python", sys.executable, str(environment))
        options = ("--require-hashes", "--only-binary", ":all:", "--python", str(python))
        _uv("pip", "install", *options, "-r", str(_LOCKS / kind.lock))
        return cls(kind, python)

    def fill(self, database_url: str, people: int) -> None:
        """Tables, and people who all have the same password."""
        command = [str(self.python), self.kind.program, "fill", str(people), PASSWORD]
        subprocess.run(command, cwd=_HERE, env=self._settings(database_url), check=True)  # noqa: S603  # our own program

    @contextmanager
    def served(self, database_url: str) -> Iterator[Server]:
        port = free_port()
        command = (str(self.python), *self.kind.serving(port))
        with serve_command(command, port, "/hello", self._settings(database_url), _HERE) as server:
            yield server

    def _settings(self, database_url: str) -> dict[str, str]:
        paths = {"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"}
        return {**paths, **_ARGON2, "DATABASE_URL": self.kind.database_url(database_url)}


def _uv(*arguments: str) -> None:
    """Quietly, from whatever registry the machine is set up for.

    Raises:
        RuntimeError: what it said, where it failed.
    """
    done = subprocess.run([_UV, *arguments, "--quiet"], capture_output=True, text=True, check=False)  # noqa: S603  # uv itself
    if done.returncode:
        raise RuntimeError(f"uv {arguments[0]}: {done.stderr.strip()}")
