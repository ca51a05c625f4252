"""FCM is down, hangs up, lies, is slow or hangs, while sign-ins are told to people's phones."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import select

from app.clock import ManualClock, SystemClock
from app.models import OutboxMail
from app.services.outbox import PUSH
from app.settings import load_settings
from tests.drills.faults.scene import Scene, Seen, Stage, scene
from tests.drills.people import Person
from tests.push.answers import DROPS, HANGS, REDIRECT, Answer
from tests.push.conftest import key_pair
from tests.push.fcm_server import SEND_PATH, TOKEN_PATH, FcmServer, Request
from tests.support.addresses import come_through_a_proxy
from tests.support.portal import PASSWORD, Server
from tests.support.recovery import posting
from tests.support.served import NO_TLS, free_port

PHASE_S = 2.0
LONGER = 5
SLOW_S = 0.5
LATER = timedelta(hours=1)
HOOKS: Any = {"request": [come_through_a_proxy]}
LIES = (Answer(200, b"<html>Welcome</html>"), REDIRECT, Answer(503, b"[true]"), Answer(401), Answer(404, b"\xff"))
"""None of them takes a message: the first is what the token endpoint says, the others are said of messages."""

Mood = Callable[["MoodyFcm", Request], Awaitable[Answer | None]]


async def hangs_up(_fcm: "MoodyFcm", _request: Request) -> Answer:
    return DROPS


async def lies(fcm: "MoodyFcm", request: Request) -> Answer | None:
    """Of every second token it tells the truth, so that messages hear lies, too."""
    if request.path == TOKEN_PATH:
        return LIES[0] if fcm.asked.count(TOKEN_PATH) % 2 else None
    return LIES[1 + fcm.asked.count(SEND_PATH) % (len(LIES) - 1)]


async def hangs(_fcm: "MoodyFcm", _request: Request) -> Answer:
    return HANGS


async def slow(_fcm: "MoodyFcm", _request: Request) -> None:
    await asyncio.sleep(SLOW_S)


async def works(_fcm: "MoodyFcm", _request: Request) -> None: ...


class MoodyFcm(FcmServer):
    """One whose mood may be changed while it listens, and which listens at the same place when it is opened again."""

    def __init__(self) -> None:
        self._keys = key_pair(rsa.generate_private_key(65537, 2048))
        super().__init__(self._keys.public_pem, SystemClock())
        self.port = free_port()
        self.mood: Mood = works

    @property
    def key_file(self) -> str:
        return self.credentials(self._keys.private_pem)

    def settings(self) -> dict[str, str]:
        return {"CAMPUS_PUSH_FCM_CREDENTIALS": self.key_file, "CAMPUS_PUSH_FCM_URL": self.url}

    async def answer(self, request: Request) -> Answer:
        return await self.mood(self, request) or await super().answer(request)

    @property
    def shown(self) -> list[str]:
        """The id of each message that it took."""
        return [message["message"]["data"]["message_id"] for message in self.taken]


async def unreliable(stage: Stage) -> Seen:
    """Nobody who signs in notices, and when it works each message comes, once."""
    fcm = MoodyFcm()
    async with scene(stage, fcm.settings()) as told:
        async with httpx.AsyncClient(base_url=told.running.url, verify=NO_TLS, event_hooks=HOOKS, timeout=30) as http:
            await have_phones(http, told.crowd.people)
        phase = PHASE_S if stage.is_short else LONGER * PHASE_S
        await asyncio.sleep(phase / 2)  # nobody listens
        async with fcm.opened():
            for fcm.mood in (hangs_up, lies, slow, hangs):  # at its end it has no answer under way, which would be lost
                await asyncio.sleep(phase)
    told.must("503 overloaded" not in told.seen.numbers.answers, "nobody was turned away for it")
    told.must(bool(fcm.asked), "it was asked at all")
    await _deliver(told, fcm)
    return told.seen


async def have_phones(http: httpx.AsyncClient, people: Sequence[Person]) -> None:
    """Each signs in and registers an app, which is told of the next sign-ins from elsewhere."""
    for number, person in enumerate(people):
        user = person.user
        typed = {"district": user.district, "portal": "parent", "username": user.username, "password": PASSWORD}
        session = (await http.post("/login", json=typed)).raise_for_status().json()
        app = {"platform": "android", "provider": "fcm", "push_token": f"token-of-drilled-phone-{number}"}
        bearer = {"Authorization": f"Bearer {session['access_token']}"}
        (await http.put(f"/me/devices/phone-{number}", json=app, headers=bearer)).raise_for_status()


async def _deliver(told: Scene, fcm: MoodyFcm) -> None:
    clock = ManualClock(SystemClock().now() + LATER)
    fcm.clock, fcm.mood = clock, works
    async with fcm.opened(), posting(load_settings(told.environment), clock) as server:
        while await server.campus.mail_delivery.deliver_due():
            pass
        wrong, remark = await judged(server, fcm)
    told.seen.violations += wrong
    told.remark(remark)


async def judged(server: Server, fcm: MoodyFcm) -> tuple[list[str], str]:
    """What is wrong with what became of the messages, and how many there were."""
    query = select(OutboxMail.id, OutboxMail.outcome).where(OutboxMail.channel == PUSH)
    async with server.campus.database.reading() as connection:
        rows = (await connection.execute(query)).all()
    sent = {str(row.id) for row in rows if row.outcome == "sent"}
    wrong = [f"a message is {row.outcome or 'waiting'}" for row in rows if row.outcome != "sent"]
    wrong += [f"messages came {len(fcm.shown)} times, for {len(sent)}"] if sorted(fcm.shown) != sorted(sent) else []
    wrong += [] if rows else ["there was no message"]
    return (
        wrong,
        f"{len(sent)} messages, FCM was asked {fcm.asked.count(SEND_PATH)} times, and for tokens {fcm.asked.count(TOKEN_PATH)} times",
    )
