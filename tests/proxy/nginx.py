"""A real nginx with the committed configuration, as a person without rights can run it: other ports, another folder."""

import datetime as dt
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLContext, SSLError, TLSVersion, create_default_context

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.support import debian
from tests.support.served import Served, free_port

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "running" / "nginx"
HOST = "accounts.example.org"
_ADVICE = "These tests need nginx, and there is none. On Debian or Ubuntu: sudo apt-get install nginx-light."
_START_TIMEOUT_S = 10
# Root's nginx would give up its rights, and could then not write into the folder of a test.
_USER = "user root;" if os.geteuid() == 0 else ""
_AROUND = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    access_log off;
    include {folder}/conf.d/*.conf;
}}
"""


@dataclass(frozen=True)
class Proxy:
    folder: Path
    plain_port: int
    tls_port: int

    def trust(self) -> SSLContext:
        """What a client needs to believe the proxy; a new one each time, as clients write their protocols into it."""
        return create_default_context(cafile=self.folder / "fullchain.pem")

    def client(self, address: str = "127.0.0.2", *, http2: bool = True) -> httpx.Client:
        """Somebody at this address, who finds the proxy under its public name."""
        transport = httpx.HTTPTransport(verify=self.trust(), local_address=address, http2=http2)
        return httpx.Client(base_url=f"https://{HOST}:{self.tls_port}", transport=_ToThisMachine(transport))

    def speaks(self, suite: str) -> bool:
        """Whether a client that knows this suite of TLS 1.2 and no other comes through."""
        context = self.trust()
        context.maximum_version = TLSVersion.TLSv1_2
        context.set_ciphers(suite)
        try:
            with socket.create_connection(("127.0.0.1", self.tls_port)) as line:
                context.wrap_socket(line, server_hostname=HOST).close()
        except SSLError:
            return False
        return True

    def access_log_with(self, request_id: str, seconds: float = 10) -> str:
        """The log once it names the request: nginx writes a line when the answer is out, so that the client may be faster."""
        log = self.folder / "campus-accounts.log"
        end = time.monotonic() + seconds
        while request_id not in log.read_text(encoding="utf-8"):
            assert time.monotonic() < end, f"{log.name} never named {request_id}"
            time.sleep(0.02)
        return log.read_text(encoding="utf-8")


class _ToThisMachine(httpx.BaseTransport):
    """Stands for the name server: HOST is this machine."""

    def __init__(self, inner: httpx.HTTPTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["sni_hostname"] = HOST
        request.url = request.url.copy_with(host="127.0.0.1")
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


class NotStarted(Exception):
    """With what nginx wrote."""


@contextmanager
def nginx(folder: Path, servers: Sequence[Served], **replaced: str) -> Iterator[Proxy]:
    """The proxy of these servers. `replaced` are directives that get another value, as no test can wait for the real one."""
    program = debian.find(["nginx"])
    assert program, _ADVICE
    _write_certificate(folder)
    proxy, process = _started(program, folder, servers, replaced)
    try:
        yield proxy
    finally:
        process.terminate()
        process.wait()


def _started(
    program: str, folder: Path, servers: Sequence[Served], replaced: dict[str, str]
) -> tuple[Proxy, "subprocess.Popen[bytes]"]:
    """Tried again where somebody's connection has taken a port between looking for a free one and listening there."""
    for attempts_left in (2, 1, 0):
        proxy = Proxy(folder, free_port(), free_port())
        _write_configuration(proxy, servers, replaced)
        with (folder / "said.log").open("wb") as said:
            process = subprocess.Popen([program, "-p", folder, "-c", folder / "nginx.conf"], stderr=said)  # noqa: S603  # found
        try:
            _wait_until_it_listens(proxy, process)
        except NotStarted as reason:
            if not attempts_left or "in use" not in str(reason):
                raise
        else:
            return proxy, process
    raise AssertionError("the last attempt returns or raises")


def _write_configuration(proxy: Proxy, servers: Sequence[Served], replaced: dict[str, str]) -> None:
    folder = proxy.folder
    site = (EXAMPLE / "campus-accounts.conf").read_text(encoding="utf-8")
    upstream = (EXAMPLE / "upstream.conf").read_text(encoding="utf-8")
    lines = "\n".join(f"server 127.0.0.1:{server.port};" for server in servers)
    for old, new in {
        "    listen [::]:80;\n": "",  # not every machine speaks IPv6
        "    listen [::]:443 ssl http2;\n": "",
        "listen 80;": f"listen {proxy.plain_port};",
        "listen 443 ": f"listen {proxy.tls_port} ",
        "/etc/ssl/campus": str(folder),
        "/var/log/nginx": str(folder),
    }.items():
        assert old in site
        site = site.replace(old, new)
    for directive, value in replaced.items():
        before, found, rest = site.partition(f"    {directive} ")
        assert found
        site = f"{before}{found}{value};{rest.partition(';')[2]}"
    (folder / "conf.d").mkdir(exist_ok=True)
    (folder / "conf.d" / "campus-accounts.conf").write_text(site, encoding="utf-8")
    (folder / "conf.d" / "upstream.conf").write_text(upstream.replace("server 127.0.0.1:8000;", lines))
    (folder / "nginx.conf").write_text(_AROUND.format(folder=folder, user=_USER))


def _write_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "privkey.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _wait_until_it_listens(proxy: Proxy, process: "subprocess.Popen[bytes]") -> None:
    give_up = time.monotonic() + _START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < give_up:
        try:
            with proxy.client() as client:
                client.get("/metrics")
        except httpx.TransportError:
            time.sleep(0.01)
        else:
            return
    process.terminate()
    process.wait()
    raise NotStarted((proxy.folder / "said.log").read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(None if debian.bring("nginx-light", ["nginx"]) else _ADVICE)
