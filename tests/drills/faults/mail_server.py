"""The mail server is down, hangs, or talks nonsense, while people ask for mails."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from app.clock import ManualClock, SystemClock
from app.mail.senders import FolderSender
from app.settings import load_settings
from tests.drills.faults.scene import Scene, Seen, Stage, scene
from tests.support.recovery import Post, mails_in, posting
from tests.support.served import free_port

PHASE_S = 3.0
LATER = timedelta(hours=1)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def _lies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Promises everything, and is no mail server."""
    writer.write(b"220 ready\r\n")
    while await reader.readline():
        writer.write(b"250 of course\r\n250-and more\r\n")
    writer.close()


async def _hangs_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def unreliable(stage: Stage) -> Seen:
    """Nobody who asks for a mail notices, and when it works an hour later every mail leaves, once."""
    port = free_port()
    settings = {"CAMPUS_MAIL_URL": f"smtp://127.0.0.1:{port}"}
    async with scene(stage, settings) as told:
        await asyncio.sleep(PHASE_S / 3)  # nobody listens
        for talk in (_hangs_up, _lies, _hangs):
            await _for_a_while(talk, port, PHASE_S if stage.is_short else 4 * PHASE_S)
    told.must("503 overloaded" not in told.seen.numbers.answers, "nobody was turned away for it")
    await _deliver(told)
    return told.seen


async def _for_a_while(talk: Talk, port: int, seconds: float) -> None:
    listener = await asyncio.start_server(talk, "127.0.0.1", port)
    await asyncio.sleep(seconds)
    listener.close()


async def _deliver(told: Scene) -> None:
    folder = told.stage.folder / "mails"
    clock = ManualClock(SystemClock().now() + LATER)
    environment = {**told.environment, "CAMPUS_MAIL_URL": f"outbox://{folder}"}
    async with posting(load_settings(environment), clock, FolderSender(folder, clock)) as server:
        while await server.campus.mail_delivery.deliver_due():
            pass
        outcomes = await Post(server, []).outcomes()
    mails = mails_in(folder)
    told.remark(", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())))
    told.must("waiting" not in outcomes and "given_up" not in outcomes, "every mail came to its end")
    told.must(len(mails) == len({mail.id for mail in mails}) == outcomes["sent"], "each mail left once")
