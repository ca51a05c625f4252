"""hydra, as somebody would set it on `POST /login`."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

PIECE = 65_536
_FOUND = re.compile(r"^\[.* password: (\S+)$", re.MULTILINE)
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_FORM = (
    '/login:{"district"\\:"%s","portal"\\:"parent","username"\\:"^USER^","password"\\:"^PASS^"}'
    ":G=:H=Content-Type\\: application/json:S=access_token"
)
"""G: no request for a cookie first. S comes last: hydra 9.4 takes the last part for the condition."""


@dataclass(frozen=True)
class Hydra:
    program: str
    folder: Path
    """Where its lists and results lie."""

    async def guess(self, port: int, district: str, username: str, passwords: Sequence[str]) -> list[str]:
        """The passwords that it found, of those in the list; 16 tries at once."""
        (self.folder / "passwords").write_text("\n".join(passwords) + "\n", encoding="ascii")
        result = self.folder / f"found-{username}"
        words = ["-l", username, "-P", "passwords", "-t", "16", "-s", str(port), "-f", "-I", "-o", result.name]
        process = await asyncio.create_subprocess_exec(
            *(self.program, *words, "127.0.0.1", "http-post-form", _FORM % district),
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await process.wait()
        return _FOUND.findall(result.read_text(encoding="utf-8"))


@dataclass
class Lane:
    """A port for hydra, and what it has carried."""

    port: int
    requests: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    """By their status."""


@asynccontextmanager
async def lane_to(port: int, *, source: str) -> AsyncIterator[Lane]:
    """A way to the server at `port`, which sees the address `source`.

    hydra 9.4 takes a 401 for HTTP authentication and tries the same password again; here it reads 400.
    """

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        await asyncio.gather(ask(reader, far_writer), answer(far_reader, writer))

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for piece in _pieces(reader, writer):
            lane.requests += piece.count(b"POST /login ")
            writer.write(piece)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for piece in _pieces(reader, writer):
            lane.answers.update(status.decode() for status in _STATUS.findall(piece))
            writer.write(piece.replace(b"HTTP/1.1 401 ", b"HTTP/1.1 400 "))

    async with await asyncio.start_server(carry, "127.0.0.1", 0) as listener:
        lane = Lane(listener.sockets[0].getsockname()[1])
        yield lane


async def _pieces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    """Until the one side ends; then so does the other."""
    try:
        while piece := await reader.read(PIECE):
            yield piece
    except ConnectionError:
        pass
    finally:
        writer.close()
