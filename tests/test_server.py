"""`campus serve` as its operator meets it: a process that starts, answers, and ends when it is told to."""

import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from app.demo.districts import PASSWORD
from app.security.signing_keys import SigningKeyPair
from tests.support.portal import refused
from tests.support.served import Served, served
from tests.support.shell import Shell
from tests.support.valkey import Valkey

SECONDS_TO_START = 30
"""Generous, for a machine that runs other tests; what it took is printed."""
PATIENCE_S = 30
PEOPLE = 10
ANSWERED = 'campus_http_requests_total{method="GET",route="/districts",status="200"}'
BEGUN = 'campus_password_hashes_total{kind="verify"}'
WAITING = "campus_password_hashes_waiting"

Answer = TypeVar("Answer")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Served]:
    """One in development that the stories share which do no harm to it."""
    with served(shell_in(tmp_path_factory.mktemp("server"), sqlite_template)) as server:
        yield server


@pytest.fixture(scope="module")
def demo_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    shell_over(folder).campus("demo")
    return folder


@pytest.fixture
def demo(demo_template: Path, tmp_path: Path) -> Shell:
    """A shell over demo districts of its own."""
    shutil.copytree(demo_template, tmp_path, dirs_exist_ok=True)
    return shell_over(tmp_path)


@pytest.fixture
def shell(tmp_path: Path, sqlite_template: Path) -> Shell:
    return shell_in(tmp_path, sqlite_template)


def test_it_starts_without_the_libraries_that_only_few_requests_want() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, app.main; print(*sys.modules)"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"rich", "alembic", "httpx", "jinja2", "webauthn", "authlib", "zxcvbn", "weasyprint"}.isdisjoint(loaded)


def test_it_answers_soon_after_it_was_started(server: Served, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\ncampus serve: {server.seconds_to_first_answer:.2f} s to the first /healthz")  # noqa: T201  # a figure to see
    assert server.seconds_to_first_answer < SECONDS_TO_START


def test_it_says_that_it_lives_and_that_it_can_serve(server: Served) -> None:
    assert server.get("/healthz").json() == {"status": "ok"}
    assert server.get("/readyz").json() == {"status": "ok", "checks": {"database": "ok", "migrations": "ok"}}


def test_it_tells_nobody_what_it_is_made_of(server: Served) -> None:
    assert "server" not in server.get("/healthz").headers


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
        b"Content-Length: +2\r\n\r\n{}",
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n2;x\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n",
    ],
)
def test_a_body_that_could_end_in_two_places_is_refused_with_all_that_follows(server: Served, framing: bytes) -> None:
    """A proxy in front may read it the other way, and take what is left over for somebody else's request."""
    head = b"POST /login HTTP/1.1\r\nHost: campus\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as line:
        line.sendall(head + framing + b"GET /healthz HTTP/1.1\r\nHost: campus\r\n\r\n")
        answers = b"".join(iter(lambda: line.recv(65_536), b""))
    assert answers.startswith(b"HTTP/1.1 400 ")
    assert answers.count(b"HTTP/1.1 ") == 1


def test_the_page_of_the_specification_needs_no_internet(server: Served) -> None:
    page = server.get("/docs")
    sources = sources_in(page.text)
    assert "://" not in page.text
    assert len(sources) == 3
    for source in sources:
        asset = server.get(source)
        assert (asset.status_code, asset.text[:9] == "<!doctype") == (200, False), source
    assert server.get("/openapi.json").json()["openapi"].startswith("3.1")


def test_the_page_of_the_specification_may_load_from_here_only(server: Served) -> None:
    policy = server.get("/docs").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert set(re.findall(r"(?:script|connect)-src ([^;]*)", policy)) == {"'self'"}


def test_it_does_not_start_on_a_port_that_is_taken(shell: Shell, server: Served) -> None:
    code, complaint = shell.refused("serve", "--port", str(server.port))
    assert code == 2
    assert f"port {server.port}" in complaint


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "accounts.example.org"])  # noqa: S104  # that is what is refused
def test_it_listens_to_this_machine_only_unless_somebody_has_said_what_it_is(shell: Shell, host: str) -> None:
    code, complaint = shell.refused("serve", "--host", host)
    assert code == 2
    assert complaint.startswith("campus: CAMPUS_ENV: ")


def test_in_production_it_refuses_to_start_with_unsafe_settings(shell: Shell) -> None:
    unsafe = {**production_variables(), "CAMPUS_PUBLIC_URL": "http://accounts.example.org"}
    code, complaint = Shell(shell.folder, {**shell.variables, **unsafe}).refused("serve")
    assert code == 2
    assert complaint.startswith("campus: CAMPUS_PUBLIC_URL: must be https://")


def test_in_production_it_waits_for_a_migration_without_making_one(tmp_path: Path) -> None:
    """The process lives, so that nobody restarts it in vain, and gets no requests until an operator has migrated."""
    empty = Shell(tmp_path, {"CAMPUS_DATABASE_URL": f"sqlite:///{tmp_path}/campus.db", **production_variables()})
    with served(empty) as server:
        waiting = server.get("/readyz")
        assert refused(waiting) == (503, "not_ready")
        assert "campus migrate" in waiting.json()["checks"]["migrations"]
        assert server.get("/healthz").status_code == 200
        empty.campus("migrate")
        assert server.get("/readyz").json()["status"] == "ok"


def test_it_is_not_ready_while_redis_is_away_or_hangs(shell: Shell, valkey: Valkey) -> None:
    with served(Shell(shell.folder, {**shell.variables, "CAMPUS_REDIS_URL": valkey.url})) as server:
        assert server.get("/readyz").json()["checks"]["redis"] == "ok"
        valkey.kill()
        away = server.get("/readyz")
        assert refused(away) == (503, "not_ready")
        assert away.json()["checks"] == {"database": "ok", "migrations": "ok", "redis": "unreachable"}
        assert "retry-after" in away.headers
        valkey.start()
        assert server.get("/readyz").status_code == 200
        valkey.freeze()
        assert refused(server.get("/readyz")) == (503, "not_ready")
        valkey.thaw()


def test_two_workers_serve_one_database_and_their_metrics_are_one(demo: Shell) -> None:
    """Sixty people ask at once; whoever then asks for the metrics, of either process, sees them all."""
    with served(demo, "--workers", "2") as server:
        ask_until_both_have_answered(server, demo.folder)
        asked = at_once(60, lambda: server.get("/districts?q=jackson").status_code)
        assert asked == [200] * 60
        wait_until(lambda: metric(server, ANSWERED) == 60)
        assert at_once(10, lambda: metric(server, ANSWERED)) == [60] * 10
        token = sign_in(server).json()["access_token"]
        assert at_once(20, lambda: username(server, token)) == ["maria2026"] * 20
    assert list(demo.folder.glob("campus-metrics-*")) == []


def test_sign_ins_that_run_when_the_server_is_told_to_stop_are_finished(demo: Shell) -> None:
    """One thread that hashes has work for a fifth of a second with ten people."""
    demo.campus("districts", "set", "jackson-ga", f"captcha.threshold={PEOPLE}")
    with served(Shell(demo.folder, {**demo.variables, "CAMPUS_HASH_THREADS": "1"})) as server:
        with ThreadPoolExecutor(PEOPLE) as people:
            answers = [people.submit(sign_in, server) for _ in range(PEOPLE)]
            wait_until_all_wait_for_their_hash(server)
            server.ask_to_stop()
            assert [answer.result().status_code for answer in answers] == [200] * PEOPLE
        server.wait()


def test_it_ends_at_once_when_nobody_asks_anything(shell: Shell) -> None:
    with served(shell) as server:
        begun = time.monotonic()
        server.ask_to_stop()
        server.wait()
        assert time.monotonic() - begun < 5


def shell_in(folder: Path, template: Path) -> Shell:
    """A shell over a migrated database of its own."""
    shutil.copyfile(template, folder / "campus.db")
    (folder / "campus.db").chmod(0o600)
    return shell_over(folder)


def shell_over(folder: Path) -> Shell:
    return Shell(folder, {"CAMPUS_DATABASE_URL": f"sqlite:///{folder}/campus.db", "TMPDIR": str(folder)})


def production_variables() -> dict[str, str]:
    return {
        "CAMPUS_ENV": "production",
        "CAMPUS_PUBLIC_URL": "https://accounts.example.org",
        "CAMPUS_SECRET_KEYS": secrets.token_urlsafe(48),
        "CAMPUS_SIGNING_KEYS": SigningKeyPair.generate().private_pem,
    }


def ask_until_both_have_answered(server: Served, folder: Path) -> None:
    """The second process may start later, and the kernel chooses who answers."""

    def both_have() -> bool:
        at_once(10, lambda: server.get("/healthz").status_code)
        return len({file.name.rpartition("_")[2] for file in folder.glob("campus-metrics-*/counter_*.db")}) == 2

    wait_until(both_have)


def sources_in(page: str) -> list[str]:
    """What a browser would load for the page."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend(value for name, value in attrs if name in {"src", "href"} and value and tag != "a")

    Reader().feed(page)
    return found


def at_once(count: int, ask: Callable[[], Answer]) -> list[Answer]:
    with ThreadPoolExecutor(count) as people:
        return [asked.result() for asked in [people.submit(ask) for _ in range(count)]]


def sign_in(server: Served) -> httpx.Response:
    who = {"district": "jackson-ga", "portal": "parent", "username": "maria2026", "password": PASSWORD}
    return server.post("/login", who)


def username(server: Served, token: str) -> str:
    return str(server.get("/me", token=token).json()["username"])


def metric(server: Served, name: str) -> int:
    """The number that a series has now; 0 before its first event."""
    lines = (line for line in server.get("/metrics").text.splitlines() if line.startswith(f"{name} "))
    return int(sum(float(line.rpartition(" ")[2]) for line in lines))


def wait_until_all_wait_for_their_hash(server: Served) -> None:
    """All have come, and somebody cannot have his answer yet."""
    wait_until(lambda: metric(server, BEGUN) == PEOPLE)
    assert metric(server, WAITING) > 0


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)
