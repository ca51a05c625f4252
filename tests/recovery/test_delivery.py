"""Delivery to a real mail server that is not always at its best: no mail is lost, none leaves twice, none with a dead link."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from app.clock import ManualClock
from app.settings import Settings
from tests.recovery.mail_server import MailServer, Mood, mail_server
from tests.support.engines import sqlite_only
from tests.support.log import Written
from tests.support.office import Office
from tests.support.portal import refused
from tests.support.recovery import ADDRESS, CONFIRM, DISPUTE, RESET, Mail, Owner, Post, new_owner, posting

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=15)


@pytest.fixture
async def mailhouse() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        yield server


@pytest.fixture
async def post(settings: Settings, clock: ManualClock, mailhouse: MailServer) -> AsyncIterator[Post]:
    """In place of the one that delivers into memory."""
    async with posting(settings, clock, mailhouse.sender()) as server:
        yield Post(server, mailhouse.taken)


async def test_each_mail_leaves_once(maria: Owner, post: Post) -> None:
    for _ in range(3):
        await maria.ask_for_usernames(ADDRESS)
    assert len(await post.deliver()) == 3
    assert await post.deliver() == []
    assert len({mail.id for mail in post.mails}) == len(post.mails) == 4


@sqlite_only
@pytest.mark.parametrize("mood", [Mood.BUSY, Mood.CLOSING, Mood.HANGS, Mood.HANGS_UP])
async def test_what_cannot_leave_now_leaves_later_under_the_same_message_id(
    maria: Owner, post: Post, mailhouse: MailServer, clock: ManualClock, mood: Mood, written: Written
) -> None:
    mailhouse.mood = mood
    await maria.ask_for_reset()
    written()
    assert await post.deliver() == []
    assert re.search(r"warning.* mail .*error=\w+ kind=password_reset outcome=postponed", written())
    assert await post.deliver() == [], "it is not tried again at once"
    assert await post.outcomes() == {"sent": 1, "waiting": 1}
    mailhouse.mood = Mood.TAKES
    clock.advance(FIRST_PAUSE)
    mail = await post.one()
    assert mailhouse.offered[1:] == [mail.id, mail.id]
    clock.advance(timedelta(hours=1))
    assert await post.deliver() == []
    assert await post.outcomes() == {"sent": 2}


@sqlite_only
async def test_a_server_that_never_says_goodbye_has_the_mail_all_the_same(
    maria: Owner, post: Post, mailhouse: MailServer, clock: ManualClock
) -> None:
    mailhouse.mood = Mood.TAKES_AND_HANGS
    await maria.ask_for_reset()
    await post.deliver()
    clock.advance(LONGEST_PAUSE)
    await post.deliver()
    assert len(mailhouse.offered) == 2


@sqlite_only
async def test_an_answer_that_was_lost_may_bring_a_second_copy_and_its_link_works_once(
    maria: Owner, post: Post, mailhouse: MailServer, clock: ManualClock
) -> None:
    """Nobody can tell whether the server has the mail; a mailbox knows a copy by its Message-ID."""
    mailhouse.mood = Mood.TAKES_AND_HANGS_UP
    await maria.ask_for_reset()
    (first,) = await post.deliver()
    mailhouse.mood = Mood.TAKES
    clock.advance(FIRST_PAUSE)
    second = await post.one()
    assert (first.id, first.token()) == (second.id, second.token())
    assert (await maria.reset(first.token())).status_code == 204
    assert refused(await maria.reset(second.token())) == (410, "reset_link_invalid")


async def test_a_mailbox_that_does_not_exist_is_visible_and_holds_up_nobody(
    office: Office, maria: Owner, post: Post, mailhouse: MailServer, clock: ManualClock
) -> None:
    rosa = await new_owner(office, post, "Rosa Diaz", address="rosa@mail.example.org")
    mailhouse.unwilling_for = ADDRESS
    for person in (maria, rosa, maria):
        await person.ask_for_reset()
    assert [mail.to for mail in await post.deliver()] == ["rosa@mail.example.org"]
    clock.advance(timedelta(hours=1))
    assert await post.deliver() == [], "it is not tried again"
    refusals = [row for row in await post.rows() if row.outcome == "refused"]
    assert [(row.last_error, row.to_address, row.details) for row in refusals] == [("smtp_550", None, {})] * 2
    assert await counted(post, 'campus_mails_total{kind="password_reset",outcome="refused"}') >= 2


async def test_after_an_hour_without_a_server_every_mail_arrives_once_and_every_link_is_fresh(
    office: Office, maria: Owner, post: Post, mailhouse: MailServer, clock: ManualClock
) -> None:
    """A promise of each kind is made while nobody listens."""
    rosa = await new_owner(office, post, "Rosa Diaz", address="rosa@mail.example.org")
    await mailhouse.close()
    await maria.change_password()
    await maria.ask_for_reset()
    await rosa.set_address("rosa@new.example.net")
    await rosa.ask_for_usernames("rosa@mail.example.org")
    before = len(post.mails)
    await pass_time(post, clock, timedelta(hours=1))
    assert len(post.mails) == before
    await mailhouse.open()
    back = clock.now()
    await pass_time(post, clock, LONGEST_PAUSE)
    late = post.mails[before:]
    assert Counter(what(mail) for mail in late) == {
        (ADDRESS, DISPUTE): 1,
        (ADDRESS, RESET): 1,
        ("rosa@new.example.net", CONFIRM): 1,
        ("rosa@mail.example.org", DISPUTE): 1,
        ("rosa@mail.example.org", RESET): 1,
    }
    assert await post.outcomes() == {"sent": 7}
    await use_all(maria, rosa, late, clock, back)


async def test_a_reset_link_is_good_for_30_minutes_from_sending(
    maria: Owner, post: Post, mailhouse: MailServer, clock: ManualClock
) -> None:
    mailhouse.mood = Mood.BUSY
    await maria.ask_for_reset()
    await pass_time(post, clock, timedelta(hours=23), step=timedelta(hours=1))
    mailhouse.mood = Mood.TAKES
    clock.advance(LONGEST_PAUSE)
    mail = await post.one()
    clock.advance(timedelta(minutes=29, seconds=59))
    assert (await maria.check(mail.token())).status_code == 200
    clock.advance(timedelta(seconds=1))
    assert refused(await maria.check(mail.token())) == (410, "reset_link_invalid")


async def test_of_several_that_waited_only_what_still_works_leaves(
    maria: Owner, post: Post, mailhouse: MailServer, clock: ManualClock
) -> None:
    mailhouse.mood = Mood.BUSY
    for _ in range(3):
        await maria.ask_for_reset()
        await post.deliver()
        clock.advance(timedelta(seconds=1))
    mailhouse.mood = Mood.TAKES
    await pass_time(post, clock, LONGEST_PAUSE)
    (late,) = post.mails[1:]
    assert (await maria.reset(late.token())).status_code == 204
    assert (await post.outcomes())["superseded"] == 2


async def test_a_mail_whose_link_was_overtaken_by_a_new_password_does_not_leave(
    maria: Owner, post: Post, mailhouse: MailServer, clock: ManualClock
) -> None:
    mailhouse.mood = Mood.BUSY
    await maria.ask_for_reset()
    await post.deliver()
    await maria.change_password()
    mailhouse.mood = Mood.TAKES
    await pass_time(post, clock, LONGEST_PAUSE)
    assert [mail.leads_to(RESET) for mail in post.mails[1:]] == [False]


async def test_a_mail_that_waited_tells_nothing_to_an_address_that_counts_no_more(
    office: Office, maria: Owner, post: Post, mailhouse: MailServer, clock: ManualClock
) -> None:
    """It had been addressed already when the account got another owner, or another address."""
    mailhouse.mood = Mood.BUSY
    await maria.ask_for_usernames(ADDRESS)
    await maria.ask_for_reset()
    await post.deliver()
    owner = maria.on_another_device()
    owner.key = await office.key_for(maria.person_id, maria.portal)
    assert (await owner.activate(username="renamed1")).status_code == 201
    mailhouse.mood = Mood.TAKES
    await pass_time(post, clock, LONGEST_PAUSE)
    assert post.mails[1:] == []


async def test_after_a_day_a_mail_is_given_up_visibly(
    maria: Owner, post: Post, mailhouse: MailServer, clock: ManualClock
) -> None:
    kinds = 'campus_mails_total{kind="password_reset",outcome="given_up"}'
    given_up = await counted(post, kinds)
    mailhouse.mood = Mood.BUSY
    await maria.ask_for_reset()
    await pass_time(post, clock, timedelta(hours=24), step=timedelta(hours=1))
    (row,) = [row for row in await post.rows() if row.outcome != "sent"]
    assert (row.outcome, row.last_error, row.to_address, row.details) == ("given_up", "smtp_451", None, {})
    assert await counted(post, kinds) == given_up + 1
    mailhouse.mood = Mood.TAKES
    clock.advance(timedelta(hours=1))
    assert await post.deliver() == []


@sqlite_only
async def test_the_pauses_grow_so_that_a_server_in_trouble_is_not_stormed(
    maria: Owner, post: Post, mailhouse: MailServer, clock: ManualClock
) -> None:
    mailhouse.mood = Mood.BUSY
    await maria.ask_for_reset()
    pauses = []
    for _ in range(20):
        await post.deliver()
        (row,) = [row for row in await post.rows() if row.outcome is None]
        pauses.append(row.due_at - clock.now())
        clock.moment = row.due_at
    assert len(mailhouse.offered) == 1 + len(pauses)
    assert len(set(mailhouse.offered)) == 2
    assert FIRST_PAUSE / 2 <= pauses[0] <= FIRST_PAUSE
    assert LONGEST_PAUSE / 2 <= min(pauses[10:]) <= max(pauses[10:]) <= LONGEST_PAUSE
    assert len(set(pauses[10:])) > 1, "and they differ, so that mails do not march in step"


async def pass_time(post: Post, clock: ManualClock, span: timedelta, step: timedelta = timedelta(minutes=1)) -> None:
    """A worker looks after the outbox all the while."""
    end = clock.now() + span
    while clock.now() < end:
        clock.advance(step)
        await post.deliver()


async def counted(post: Post, series: str) -> int:
    metrics = (await post.server.http.get("/metrics")).text
    return sum(int(float(line.rpartition(" ")[2])) for line in metrics.splitlines() if line.startswith(series))


def what(mail: Mail) -> tuple[str, str]:
    (page,) = [page for page in (RESET, CONFIRM, DISPUTE) if mail.leads_to(page)]
    return mail.to, page


async def use_all(maria: Owner, rosa: Owner, mails: list[Mail], clock: ManualClock, back: datetime) -> None:
    """Every link works, though it was asked for more than an hour ago."""
    assert clock.now() - back < timedelta(minutes=20)
    links = {what(mail): mail.tokens(what(mail)[1])[0] for mail in mails}
    assert (await maria.check(links[ADDRESS, RESET])).status_code == 200
    assert (await rosa.check(links["rosa@mail.example.org", RESET])).status_code == 200
    assert (await rosa.confirm(links["rosa@new.example.net", CONFIRM])).status_code == 204
    assert (await maria.dispute(links[ADDRESS, DISPUTE])).status_code == 204
    assert (await rosa.dispute(links["rosa@mail.example.org", DISPUTE])).status_code == 204
