"""A small HTTP server that takes whatever is posted to it, as a collector of OpenTelemetry or a Sentry would."""

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WAIT_S = 10


@dataclass
class Collector:
    port: int = 0
    posts: list[tuple[str, bytes]] = field(default_factory=list)
    """Path and body, unpacked."""
    headers: list[str] = field(default_factory=list)

    @property
    def everything(self) -> str:
        bodies = b"\n".join(body for _, body in self.posts).decode("utf-8", "replace")
        return "\n".join([bodies, *self.headers, *(path for path, _ in self.posts)])

    def wait_for_posts(self, count: int = 1) -> None:
        deadline = time.monotonic() + WAIT_S
        while len(self.posts) < count:
            assert time.monotonic() < deadline, "nothing was posted"
            time.sleep(0.02)


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the library's name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding") == "gzip"
            collector.headers.append(str(self.headers))
            collector.posts.append((self.path, gzip.decompress(body) if packed else body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
