"""The house as strangers find it: a real server with the demo, and what it counted itself."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.demo.districts import PASSWORD, TOTP_SECRET
from app.security.totp import code_at
from tests.fuzz.__main__ import UNLIMITED
from tests.strangers.report import Finding
from tests.support.served import Served, served
from tests.support.shell import Shell

_COUNTED = re.compile(r'^campus_http_requests_total\{method="(\w+)",route="(.+)",status="(\d+)"\} (\S+)$', re.MULTILINE)
_OFFICE = {"district": "jackson-ga", "portal": "staff", "username": "dana2026", "password": PASSWORD}

Answers = Counter[tuple[str, str, int]]
"""How often each method, route and status."""


@dataclass(frozen=True)
class Site:
    server: Served
    folder: Path
    """For what a tool writes."""

    @property
    def url(self) -> str:
        return self.server.url

    def of_the_office(self) -> str:
        """The access token of a district's administrator, for a quarter of an hour."""
        code = code_at(TOTP_SECRET, dt.datetime.now(dt.UTC))
        return str(self.server.post("/login", {**_OFFICE, "totp": code}).json()["access_token"])

    def answers(self) -> Answers:
        """Since the server started; those to us are among them."""
        told = _COUNTED.findall(self.server.get("/metrics").text)
        return Counter({(method, route, int(status)): int(float(count)) for method, route, status, count in told})


def breakages(answers: Answers) -> list[Finding]:
    """Whatever a stranger sends, it is never our fault: 503 says that we are busy, and no more."""
    return [
        Finding("broken", f"{method} {route}", f"{count} x {status}")
        for (method, route, status), count in answers.items()
        if status >= 500
    ]


@contextmanager
def site(folder: Path, *, limited: bool = False) -> Iterator[Site]:
    """Without limits of rate, or a tool would meet nothing else; `limited` is as an operator has it."""
    (folder / "campus").mkdir()
    (folder / "tool").mkdir()
    shell = Shell(folder / "campus", {**({} if limited else UNLIMITED), "CAMPUS_TRUSTED_PROXIES": "127.0.0.1"})
    shell.campus("demo")
    with served(shell) as server:
        yield Site(server, folder / "tool")
