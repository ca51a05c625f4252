"""Several workers, workers that die, hang or stop: each mail is somebody's, and nobody's for long."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from app.clock import Clock, ManualClock
from app.composition import Campus, open_campus
from app.mail.senders import MailSender, MemorySender
from app.models import OutboxMail
from app.services.outbox import NothingToSend
from app.settings import Settings
from tests.recovery.mail_server import mail_server
from tests.support.engines import postgresql_only, sqlite_only
from tests.support.office import Office
from tests.support.portal import refused
from tests.support.recovery import ADDRESS, RESET, Mail, Owner, Post, new_owner
from tests.support.severable import line_to

LEASE = timedelta(minutes=1)
AT_HAND = 4
"""Mails that one worker sends at once."""
OTHERS = AT_HAND + 1
"""More than leave at once; an address gets no more in a day."""


@dataclass
class HoldingSender:
    """Somebody takes each mail out of its hands, or nobody does. Delivers before or after that moment."""

    delivers_first: bool = False
    messages: list[EmailMessage] = field(default_factory=list)
    held: list[EmailMessage] = field(default_factory=list)
    letting_go: asyncio.Event = field(default_factory=asyncio.Event)
    _holding: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def send(self, message: EmailMessage) -> None:
        if self.delivers_first:
            self.messages.append(message)
        async with self._holding:
            self.held.append(message)
            self._holding.notify_all()
        await self.letting_go.wait()
        if not self.delivers_first:
            self.messages.append(message)

    async def rest(self) -> None:
        """Nobody takes anything out of empty hands."""

    async def holds(self, count: int) -> None:
        async with asyncio.timeout(10), self._holding:
            await self._holding.wait_for(lambda: len(self.held) >= count)


@dataclass
class ClumsySender:
    """Fails in a way that nobody foresaw, for one mailbox."""

    cannot_do: str
    messages: list[EmailMessage] = field(default_factory=list)

    async def send(self, message: EmailMessage) -> None:
        if message["To"] == self.cannot_do:
            raise ValueError("a fault of the programmer")
        self.messages.append(message)

    async def rest(self) -> None:
        """It is never tired."""


async def test_two_workers_at_once_send_each_mail_once(settings: Settings, clock: ManualClock, maria: Owner) -> None:
    for _ in range(5):
        await maria.ask_for_usernames(ADDRESS)
    for number in range(25):
        await maria.ask_for_usernames(f"nobody{number}@mail.example.org")
    first, second = MemorySender(), MemorySender()
    async with worker(settings, clock, first) as one, worker(settings, clock, second) as other:
        tried = await asyncio.gather(*(each.mail_delivery.deliver_due() for each in [one, other] * AT_HAND))
    ids = [message["Message-ID"] for message in first.messages + second.messages]
    assert sum(tried) == 30
    assert len(ids) == len(set(ids)) == 5
    assert (await maria.post.outcomes()) == {"sent": 6, "nobody": 25}


@pytest.mark.parametrize("was_delivered", [False, True], ids=["before the mail left", "after the mail left"])
async def test_the_mail_of_a_worker_that_dies_is_sent_by_another(
    settings: Settings, clock: ManualClock, maria: Owner, post: Post, was_delivered: bool
) -> None:
    """Under the same Message-ID, so that a mailbox knows a second copy."""
    await maria.ask_for_reset()
    sender = HoldingSender(delivers_first=was_delivered)
    async with worker(settings, clock, sender) as dying:
        delivery = asyncio.create_task(dying.mail_delivery.deliver_due())
        await sender.holds(1)
        delivery.cancel()
        await asyncio.gather(delivery, return_exceptions=True)
    clock.advance(LEASE - timedelta(seconds=1))
    assert await post.deliver() == [], "as long as the lease lasts, it might still be sending"
    clock.advance(timedelta(seconds=1))
    mail = await post.one()
    assert mail.id == Mail(sender.held[0]).id
    assert mail.token() == Mail(sender.held[0]).token()
    assert (await maria.reset(mail.token())).status_code == 204


async def test_a_worker_that_comes_too_late_changes_nothing(
    settings: Settings, clock: ManualClock, maria: Owner, post: Post
) -> None:
    """It was not dead but slow; its mail is a copy, and what the other wrote down stays."""
    await maria.ask_for_reset()
    sender = HoldingSender()
    async with worker(settings, clock, sender) as slow:
        delivery = asyncio.create_task(slow.mail_delivery.deliver_due())
        await sender.holds(1)
        clock.advance(LEASE)
        mail = await post.one()
        settled = [row for row in await post.rows() if row.kind == "password_reset"]
        clock.advance(timedelta(seconds=1))
        sender.letting_go.set()
        await delivery
    assert [Mail(message).id for message in sender.messages] == [mail.id]
    assert [row for row in await post.rows() if row.kind == "password_reset"] == settled
    assert (await maria.reset(mail.token())).status_code == 204


@sqlite_only
async def test_a_worker_that_is_asked_to_stop_finishes_what_it_has_in_hand_and_leaves_the_rest_to_others(
    settings: Settings, clock: ManualClock, maria: Owner, post: Post
) -> None:
    for _ in range(5):
        await maria.ask_for_usernames(ADDRESS)
    await maria.ask_for_reset()
    sender, stop = HoldingSender(), asyncio.Event()
    async with worker(settings, clock, sender) as stopping:
        running = asyncio.create_task(stopping.mail_delivery.run(stop))
        await sender.holds(AT_HAND)
        stop.set()
        sender.letting_go.set()
        async with asyncio.timeout(10):
            await running
    assert len(sender.messages) == AT_HAND
    assert len(await post.deliver()) == 6 - AT_HAND


@sqlite_only
async def test_one_mail_that_cannot_be_made_does_not_stop_the_others(
    settings: Settings, clock: ManualClock, office: Office, maria: Owner, post: Post
) -> None:
    rosa = await new_owner(office, post, "Rosa Diaz", address="rosa@mail.example.org")
    for person in (maria, rosa):
        await person.ask_for_reset()
    clumsy, stop = ClumsySender(ADDRESS), asyncio.Event()
    async with worker(settings, clock, clumsy) as campus:
        running = asyncio.create_task(campus.mail_delivery.run(stop))
        await until_sent(post, 3)
        clock.advance(timedelta(minutes=1))
        await maria.ask_for_usernames("rosa@mail.example.org")
        await until_sent(post, 4)
        stop.set()
        await running
    assert {message["To"] for message in clumsy.messages} == {"rosa@mail.example.org"}
    clock.advance(timedelta(minutes=1))
    assert (await post.one()).to == ADDRESS


async def test_only_the_link_of_the_newest_request_works_whoever_prepares_it_first(maria: Owner, post: Post) -> None:
    """Two senders hold two requests of one account; the newer one is faster."""
    clock = post.server.campus.clock
    assert isinstance(clock, ManualClock)
    for _ in range(2):
        clock.advance(timedelta(seconds=1))
        await maria.ask_for_reset()
    older, newer = [row.id for row in await post.rows() if row.outcome is None]
    token = await prepared(post.server.campus, newer)
    with pytest.raises(NothingToSend):
        await prepared(post.server.campus, older)
    assert (await maria.check(token)).status_code == 200


@postgresql_only
async def test_a_worker_waits_for_a_lost_database_and_then_goes_on(
    settings: Settings, clock: ManualClock, maria: Owner, post: Post
) -> None:
    sender, stop = MemorySender(), asyncio.Event()
    async with line_to(settings.database_url) as line:
        behind = settings.model_copy(update={"database_url": line.url})
        async with worker(behind, clock, sender) as campus:
            running = asyncio.create_task(campus.mail_delivery.run(stop))
            await maria.ask_for_reset()
            await until_sent(post, 2)
            await line.cut()
            await maria.ask_for_reset()
            await asyncio.sleep(1.2)
            assert not running.done()
            await line.mend()
            await until_sent(post, 3)
            stop.set()
            await running
    assert Counter(Mail(message).leads_to(RESET) for message in sender.messages) == {True: 2}
    first, second = (Mail(message).token() for message in sender.messages)
    assert refused(await maria.check(first)) == (410, "reset_link_invalid")
    assert (await maria.check(second)).status_code == 200


@sqlite_only
async def test_a_mail_server_that_keeps_one_mail_waiting_holds_up_no_other(
    settings: Settings, clock: ManualClock, office: Office, maria: Owner, post: Post
) -> None:
    """By a connection each, and the others take turns."""
    rosa = await new_owner(office, post, "Rosa Diaz", address="rosa@mail.example.org")
    await maria.ask_for_reset()
    for _ in range(OTHERS):
        await rosa.ask_for_usernames("rosa@mail.example.org")
    stop, before = asyncio.Event(), (await post.outcomes())["sent"]
    async with mail_server() as server, worker(settings, clock, server.sender(timeout_s=20)) as campus:
        server.slow_for = ADDRESS
        running = asyncio.create_task(campus.mail_delivery.run(stop))
        await until_sent(post, before + OTHERS)
        assert (await post.outcomes())["waiting"] == 1
        server.answer_the_slow.set()
        await until_sent(post, before + OTHERS + 1)
        stop.set()
        await running
    assert len(server.offered) == len(set(server.offered)) == OTHERS + 1


@postgresql_only
@pytest.mark.parametrize("away", [timedelta(0), LEASE], ids=["for a moment", "for longer than a lease"])
async def test_that_a_mail_has_left_is_written_down_when_a_lost_database_is_back(
    settings: Settings, clock: ManualClock, maria: Owner, post: Post, away: timedelta
) -> None:
    """Nobody gets it twice for that, though the database was gone when the mail server took it; whichever sender is there first."""
    await maria.ask_for_reset()
    sender, stop = HoldingSender(), asyncio.Event()
    async with line_to(settings.database_url) as line:
        behind = settings.model_copy(update={"database_url": line.url})
        async with worker(behind, clock, sender) as campus:
            running = asyncio.create_task(campus.mail_delivery.run(stop))
            await sender.holds(1)
            await line.cut()
            sender.letting_go.set()
            await asyncio.sleep(0.3)
            clock.advance(away)
            await line.mend()
            await until_sent(post, 2)
            stop.set()
            await running
    clock.advance(LEASE)
    assert await post.deliver() == []
    assert len(sender.messages) == 1


@asynccontextmanager
async def worker(settings: Settings, clock: Clock, sender: MailSender) -> AsyncIterator[Campus]:
    """Another process's parts over the same database."""
    async with open_campus(settings, clock=clock, mail_sender=sender) as campus:
        yield campus


async def until_sent(post: Post, count: int) -> None:
    """Returns when so many promises are known to be kept."""
    async with asyncio.timeout(20):
        while (await post.outcomes())["sent"] < count:  # noqa: ASYNC110  # a table makes no events
            await asyncio.sleep(0.05)


async def prepared(campus: Campus, mail_id: UUID) -> str:
    """The token of the reset link in the mail, as a worker that claimed it just now would send it."""
    lease = uuid4()
    claim = update(OutboxMail).where(OutboxMail.id == mail_id).values(lease=lease, attempts=1)
    async with campus.database.transaction() as session:
        await session.execute(claim)
    letter = await campus.mail_delivery.preparation.prepare(mail_id, lease)
    return str(letter.facts["link"]).partition("#token=")[2]
