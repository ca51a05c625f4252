"""A real OpenID provider, `oidc-provider-mock`, in a process of its own; and somebody who signs in there."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support import die_with_parent
from tests.support.served import NO_TLS, START_TIMEOUT_S, STOP_TIMEOUT_S, free_port


@dataclass(frozen=True)
class RealProvider:
    port: int

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def knows(self, subject: str, **claims: object) -> None:
        """It will say this of somebody."""
        answer = httpx.put(f"{self.issuer}/users/{subject}", json=claims, verify=NO_TLS)
        assert answer.status_code == 204

    async def sign_in(self, url: str, subject: str) -> str:
        """What its page does when somebody signs in: the address that it sends the browser to."""
        async with httpx.AsyncClient(verify=NO_TLS) as http:
            assert (await http.get(url)).status_code == 200
            answer = await http.post(url, data={"sub": subject})
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])


@contextmanager
def real_provider(folder: Path) -> Iterator[RealProvider]:
    port = free_port()
    log = folder / f"provider-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  # our own programs
            [
                *(sys.executable, "-I", "-S", str(Path(die_with_parent.__file__)), str(os.getpid())),
                *(sys.executable, "-m", "oidc_provider_mock", f"--port={port}"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the provider did not start: {log.read_text()}")
            time.sleep(0.02)
        yield RealProvider(port)
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT_S)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/jwks", verify=NO_TLS).status_code == 200
    except httpx.HTTPError:
        return False
