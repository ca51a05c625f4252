"""sqlmap over operations that search by what somebody types. It must find the hole in a page that has one, else it proves nothing that it finds none here."""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.strangers.programs import from_pypi, output, version
from tests.strangers.report import Finding, Report
from tests.strangers.site import breakages, site

# Every technique but waiting; level and risk 1 are sqlmap's own. --smart would try next to nothing: no parameter looks promising to it.
_OPTIONS = ("--batch", "--disable-coloring", "--flush-session", "--technique=BEUSQ", "--level=1", "--risk=1")
_ELSEWHERE = Path(__file__).parent / "for_sqlmap" / "elsewhere.py"
_NOT_INJECTABLE = "do not appear to be injectable"
_PLACE = re.compile(r"^Parameter: (.+)$", re.MULTILINE)


class Target(NamedTuple):
    operation: str
    query: str = ""
    body: str = ""
    parameter: str = ""
    """The only one to try; all if left out."""
    of_the_office: bool = False


_SIGN_IN = '{"district": "jackson-ga", "portal": "parent", "username": "maria2026", "password": "a wrong one 4"}'
TARGETS = (
    Target("/districts", "q=jackson&state=GA&limit=5"),
    Target("/admin/accounts", "q=maria&portal=parent&limit=5", of_the_office=True),
    Target("/admin/audit-events", "actor=Dana&tag=api:session:started&limit=5", of_the_office=True),
    Target("/login", body=_SIGN_IN, parameter="username"),
)


def run(folder: Path) -> Report:
    program = from_pypi("strangers", "sqlmap")
    findings = _control(program, folder)
    with site(folder) as here:
        token = here.of_the_office()
        before = here.answers()
        for target in TARGETS:
            url = f"{here.url}{target.operation}{'?' if target.query else ''}{target.query}"
            words = ["-u", url, f"--output-dir={here.folder}", f"--preprocess={_ELSEWHERE}"]
            if target.body:
                words += [f"--data={target.body}", "--header=Content-Type: application/json", "--ignore-code=401"]
            if target.parameter:
                words += ["-p", target.parameter]
            if target.of_the_office:
                words += [f"--header=Authorization: Bearer {token}"]
            findings += _read(target.operation, output([program, *_OPTIONS, *words]))
        asked = here.answers() - before
    names = ", ".join(target.operation for target in TARGETS)
    requests = asked.total() - asked[("GET", "/metrics", 200)]
    return Report("sqlmap", version(program, "--version"), names, requests, findings + breakages(asked))


def _read(operation: str, said: str) -> list[Finding]:
    if holes := _PLACE.findall(said):
        return [Finding("injectable", operation, hole) for hole in holes]
    return [] if _NOT_INJECTABLE in said else [Finding("did not end", operation, said[-500:])]


def _control(program: Path, folder: Path) -> list[Finding]:
    with _page_with_a_hole() as url:
        said = output([program, *_OPTIONS, "-u", f"{url}/?name=maria", f"--output-dir={folder / 'control'}"])
    return [] if _PLACE.search(said) else [Finding("blind", "the page with a hole", said[-500:])]


@contextmanager
def _page_with_a_hole() -> Iterator[str]:
    listener = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    Thread(target=listener.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.server_port}"
    finally:
        listener.shutdown()
        listener.server_close()


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        typed = parse_qs(urlsplit(self.path).query).get("name", [""])[0]
        status, rows = 200, list[Sequence[str]]()
        with sqlite3.connect(":memory:") as people:
            people.executescript(
                "CREATE TABLE people (name TEXT, town TEXT); INSERT INTO people VALUES ('maria', 'Jefferson');"
            )
            try:
                rows = people.execute(f"SELECT name, town FROM people WHERE name = '{typed}'").fetchall()  # noqa: S608  # the hole
            except (sqlite3.Error, sqlite3.Warning):
                status = 500
        self.send_response(status)
        self.end_headers()
        self.wfile.write("".join(f"<p>{name} of {town}</p>" for name, town in rows).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's own word
        """Nothing."""
