"""Mail: how fast requests are kept and mails leave, against doing only that."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

from sqlalchemy import insert, select, update

from app.clock import SystemClock
from app.composition import Campus, open_campus
from app.logs import configure_logs
from app.models import Account, OutboxMail
from app.portals import Portal
from app.services.districts import open_district
from app.services.mail_delivery import SENDERS
from app.services.outbox import MailKind, promise
from app.settings import Settings, load_settings
from tests.bench import district
from tests.bench.databases import Environment
from tests.recovery.mail_server import mail_server

MAILS = 200


async def kept_per_second(environment: Environment) -> tuple[float, float]:
    """Requests for a reset mail kept by the service, and bare inserts of the same row, each in its own transaction."""
    async with open_campus(_quiet(environment)) as campus:
        async with campus.database.reading() as connection:
            opened = await open_district(connection, district.DISTRICT)

        async def request(number: int) -> None:
            await campus.password_reset.request(opened, Portal.PARENT, f"nobody{number}", None)

        async def bare(_: int) -> None:
            async with campus.database.transaction() as session:
                await session.execute(insert(OutboxMail), [_row()])

        kept, inserted = await _per_second(request), await _per_second(bare)
        await campus.mail_delivery.deliver_due()
        return kept, inserted


async def left_per_second(environment: Environment) -> tuple[float, float]:
    """Mails delivered from the outbox to a mail server, and the same mails sent to it in a bare loop."""
    async with mail_server() as server, open_campus(_quiet(environment), mail_sender=server.sender()) as campus:
        await _promise_mails(campus)
        began = time.perf_counter()
        await asyncio.gather(*(campus.mail_delivery.deliver_due() for _ in range(SENDERS)))
        delivered = len(server.taken) / (time.perf_counter() - began)
        messages, sender = list(server.taken), server.sender()

        async def bare(number: int) -> None:
            await sender.send(messages[number % len(messages)])

        sent = await _per_second(bare, at_once=SENDERS)
        await sender.rest()
        return delivered, sent


def _quiet(environment: Environment) -> Settings:
    """The settings, with logs that leave the table alone."""
    settings = load_settings({**environment, "CAMPUS_LOG_LEVEL": "ERROR"})
    configure_logs(settings)
    return settings


async def _promise_mails(campus: Campus) -> None:
    now = SystemClock().now()
    async with campus.database.transaction() as session:
        for number, account_id in enumerate((await session.scalars(select(Account.id).limit(MAILS))).all()):
            address = f"parent{number}@example.org"
            known = {"recovery_email": address, "recovery_email_folded": address, "recovery_email_confirmed_at": now}
            await session.execute(update(Account).where(Account.id == account_id).values(**known))
            promise(session, MailKind.PASSWORD_RESET, district_id=district.DISTRICT, now=now, account_id=account_id)


async def _per_second(work: Callable[[int], Awaitable[None]], at_once: int = 16) -> float:
    places = asyncio.Semaphore(at_once)

    async def one(number: int) -> None:
        async with places:
            await work(number)

    began = time.perf_counter()
    await asyncio.gather(*map(one, range(MAILS)))
    return MAILS / (time.perf_counter() - began)


def _row() -> dict[str, object]:
    """What a request keeps, finished already, so that no worker takes it up."""
    now = SystemClock().now()
    return {
        "id": uuid4(),
        "district_id": district.DISTRICT,
        "kind": MailKind.PASSWORD_RESET.value,
        "details": {"portal": "parent", "username_folded": "nobody1"},
        "created_at": now,
        "expires_at": now,
        "due_at": now,
        "finished_at": now,
    }
