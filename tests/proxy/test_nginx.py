"""examples/running/nginx in front of real servers: what people and operators get of it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.errors import Overloaded, PayloadTooLarge
from app.problems import problem_body
from tests.proxy.nginx import HOST, Proxy, nginx
from tests.support.served import Served, served
from tests.support.shell import Shell

MARIA = {"district": "jackson-ga", "portal": "parent", "username": "maria2026", "password": "bright river 42"}
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """An operator's shell with the settings of examples/running, as far as a proxy is concerned."""
    variables = {
        "CAMPUS_PUBLIC_URL": f"https://{HOST}",
        "CAMPUS_TRUSTED_PROXIES": "127.0.0.1",
        "CAMPUS_RATE_LOGIN": "5",
    }
    shell = Shell(tmp_path_factory.mktemp("campus"), variables)
    shell.campus("demo")
    return shell


@pytest.fixture(scope="module")
def server(shell: Shell) -> Iterator[Served]:
    with served(shell) as server:
        yield server


@pytest.fixture
def proxy(server: Served, tmp_path: Path) -> Iterator[Proxy]:
    with nginx(tmp_path, [server]) as proxy:
        yield proxy


def test_a_parent_signs_in_over_tls(proxy: Proxy) -> None:
    with proxy.client("127.0.0.3") as maria:
        answer = maria.post("/login", json=MARIA)

        assert (answer.status_code, answer.http_version) == (200, "HTTP/2")
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")
        token = answer.json()["access_token"]
        assert maria.get("/me", headers={"Authorization": f"Bearer {token}"}).json()["username"] == "maria2026"


def test_people_who_come_without_tls_are_sent_there_and_apps_are_refused(proxy: Proxy) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{proxy.plain_port}", headers={"Host": HOST}) as plain:
        page = plain.get("/reset-password?district=a")
        assert (page.status_code, page.headers["Location"]) == (308, f"https://{HOST}/reset-password?district=a")
        for answer in (plain.post("/login", json=MARIA), plain.post("/activate", json={}), plain.get("/me")):
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
            assert answer.headers["Content-Type"] == PROBLEM


def test_of_tls_1_2_only_suites_with_forward_secrecy_and_authenticated_encryption_are_spoken(proxy: Proxy) -> None:
    assert proxy.speaks("ECDHE-ECDSA-AES128-GCM-SHA256")
    assert proxy.speaks("ECDHE-ECDSA-CHACHA20-POLY1305")
    for old in ("ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES128-CCM"):
        assert not proxy.speaks(old)


def test_each_client_has_limits_of_its_own_whatever_it_says_of_its_address(proxy: Proxy) -> None:
    wrong = {**MARIA, "username": "nobody"}
    with proxy.client("127.0.0.4") as guesser, proxy.client("127.0.0.5") as neighbour:
        statuses = [
            guesser.post("/login", json=wrong, headers={"X-Forwarded-For": f"192.0.2.{number}"}).status_code
            for number in range(6)
        ]
        assert statuses[-1] == 429
        assert neighbour.post("/login", json=wrong).status_code in {401, 403}


def test_while_no_server_answers_apps_get_a_problem(shell: Shell, tmp_path: Path) -> None:
    with served(shell) as server, nginx(tmp_path, [server]) as proxy, proxy.client() as app:
        assert app.get("/healthz").status_code == 200
        server.ask_to_stop()
        server.wait()
        answer = app.get("/districts?q=jackson")

    assert (answer.status_code, answer.headers["Content-Type"]) == (503, PROBLEM)
    assert (answer.headers["Retry-After"], answer.headers["Access-Control-Allow-Origin"]) == ("5", "*")
    said = answer.json()
    assert said == {**problem_body(Overloaded(), said["request_id"]), "retry_after": 5}


def test_a_server_that_was_killed_is_passed_over(shell: Shell, tmp_path: Path) -> None:
    with (
        served(shell) as first,
        served(shell) as second,
        nginx(tmp_path, [first, second]) as proxy,
        proxy.client("127.0.0.6") as app,
    ):
        assert {app.get("/healthz").status_code for _ in range(4)} == {200}
        first.process.kill()
        first.wait()
        assert {app.get("/healthz").status_code for _ in range(8)} == {200}
        assert app.post("/login", json=MARIA).status_code == 200


def test_what_is_too_large_is_refused_with_a_problem_by_either(proxy: Proxy) -> None:
    # Over HTTP/2 httpx would go on sending what nobody takes any more.
    with proxy.client(http2=False) as app:
        answers = [app.post("/login", json={"district": "x" * size}) for size in (100_000, 2_000_000)]

    for answer in answers:
        assert (answer.status_code, answer.headers["Content-Type"]) == (413, PROBLEM)
        said = answer.json()
        assert said == problem_body(PayloadTooLarge(), said["request_id"])


def test_a_large_roster_comes_through(proxy: Proxy) -> None:
    with proxy.client() as office:
        answer = office.post("/admin/rosters", content=bytes(5_000_000), headers={"Content-Type": "application/zip"})

    assert answer.json()["code"] == "not_authenticated"


def test_strangers_see_no_metrics(proxy: Proxy, server: Served) -> None:
    assert server.get("/metrics").status_code == 200
    with proxy.client() as stranger:
        assert stranger.get("/metrics").status_code == 404


def test_the_log_has_no_query(proxy: Proxy) -> None:
    with proxy.client() as app:
        request_id = app.get("/districts?q=marias-town").headers["X-Request-Id"]

    log = proxy.access_log_with(request_id)
    assert " GET /districts 200 " in log
    assert "marias-town" not in log


def test_whoever_sends_headers_drop_by_drop_is_cut_off(server: Served, tmp_path: Path) -> None:
    with (
        nginx(tmp_path, [server], client_header_timeout="1s") as proxy,
        socket.create_connection(("127.0.0.1", proxy.tls_port), timeout=5) as plain,
        proxy.trust().wrap_socket(plain, server_hostname=HOST) as slow,
    ):
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: accounts")
        assert slow.recv(100) == b""
