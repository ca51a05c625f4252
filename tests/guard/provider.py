"""A CAPTCHA provider on a socket of its own: it answers as Turnstile, hCaptcha and reCAPTCHA document their `siteverify`, and has moods."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs

from pydantic import SecretStr

SECRET = "0x4AAAA-the-secret-of-the-operator"
SITE_KEY = "1x00000000-the-public-site-key"
PATH = "/siteverify"
DRIPS = 5
"""So many bytes of an answer come one a second, then the rest."""


class Mood(StrEnum):
    WORKS = "works"
    FORGETS = "accepts a response as often as it comes"
    REDIRECTS = "302 to somewhere else"
    FAILS = "500"
    HANGS = "takes the question and says nothing"
    DRIPS = "one byte a second"


@dataclass(frozen=True)
class Solved:
    """What a widget had signed into a response."""

    action: str
    cdata: str
    score: float


@dataclass
class Provider:
    name: str
    mood: Mood = Mood.WORKS
    rubbish: bytes | None = None
    """Said instead of a verdict, with status 200."""
    seen: list[bytes] = field(default_factory=list)
    """Every request as it came over the wire."""
    secret: str = SECRET
    """The one that it knows."""
    _solved: dict[str, Solved] = field(default_factory=dict)
    _spent: set[str] = field(default_factory=set)
    _closing: asyncio.Event = field(default_factory=asyncio.Event)
    _listener: asyncio.Server | None = None
    _port: int = 0

    @property
    def port(self) -> int:
        return self._port

    def settings(self) -> dict[str, object]:
        """For a service that asks here."""
        return {
            "captcha_provider": self.name,
            "captcha_site_key": SITE_KEY,
            "captcha_secret": SecretStr(SECRET),
            "captcha_verify_url": f"http://127.0.0.1:{self._port}{PATH}",
        }

    def solve(self, challenge: Mapping[str, Any], score: float | None = None) -> str:
        """The response that the widget gives somebody who solved it."""
        assert challenge["site_key"] == SITE_KEY
        response = f"{self.name}.{secrets.token_urlsafe(24)}"
        trusted = 0.1 if self.name == "hcaptcha" else 0.9  # hCaptcha's score is that of a risk
        self._solved[response] = Solved(challenge["action"], challenge["cdata"], trusted if score is None else score)
        return response

    @property
    def forms(self) -> list[dict[str, list[str]]]:
        """What it was asked."""
        return [parse_qs(request.partition(b"\r\n\r\n")[2].decode()) for request in self.seen]

    async def open(self) -> None:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Nobody listens any more, and nobody waits for an answer."""
        self._closing.set()
        if self._listener:
            self._listener.close()
            await self._listener.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().splitlines() if line.startswith(b"content-length:"))
            self.seen.append(head + await reader.readexactly(int(length.partition(b":")[2])))
            await self._answer(writer)
        except ConnectionError:
            pass  # whoever asked did not wait
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        if self.mood is Mood.HANGS:
            await self._wait(60)
        if self.mood is Mood.REDIRECTS:
            writer.write(_response("302 Found", b"", f"Location: http://127.0.0.1:{self._port}/elsewhere\r\n"))
        elif self.mood is Mood.FAILS:
            writer.write(_response("500 Internal Server Error", b'{"success": true}'))
        else:
            await self._say(writer, self.rubbish if self.rubbish is not None else json.dumps(self._verdict()).encode())
        await writer.drain()

    async def _say(self, writer: asyncio.StreamWriter, content: bytes) -> None:
        answer = _response("200 OK", content)
        if self.mood is Mood.DRIPS:
            for _ in range(DRIPS):
                writer.write(answer[:1])
                answer = answer[1:]
                await self._wait(1)
        writer.write(answer)

    async def _wait(self, seconds: float) -> None:
        """Or until it closes."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)

    def _verdict(self) -> dict[str, Any]:
        form = {name: value for name, (value,) in self.forms[-1].items()}
        if form.get("secret") != self.secret:
            return {"success": False, "error-codes": ["invalid-input-secret"]}
        response = form["response"]
        solved = self._solved.get(response)
        if solved is None:
            return {"success": False, "error-codes": ["invalid-input-response"]}
        if response in self._spent and self.mood is not Mood.FORGETS:
            code = "already-seen-response" if self.name == "hcaptcha" else "timeout-or-duplicate"
            return {"success": False, "error-codes": [code]}
        self._spent.add(response)
        return {
            "success": True,
            "challenge_ts": "2026-08-03T12:00:00Z",
            "hostname": "campus.test",
            **self._known_of(solved),
        }

    def _known_of(self, solved: Solved) -> dict[str, Any]:
        """Each says something else of its widget."""
        if self.name == "turnstile":
            return {"error-codes": [], "action": solved.action, "cdata": solved.cdata}
        if self.name == "recaptcha":
            return {"action": solved.action, "score": solved.score}
        return {"credit": False, "score": solved.score, "score_reason": []}


@asynccontextmanager
async def open_provider(name: str) -> AsyncIterator[Provider]:
    provider = Provider(name)
    await provider.open()
    try:
        yield provider
    finally:
        await provider.close()


def _response(status: str, content: bytes, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {len(content)}\r\n{more}\r\n"
    return head.encode() + content
