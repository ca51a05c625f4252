"""Many at once, over two servers with one database: one wins, limits hold, and nobody is told that something broke."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from app.clock import ManualClock
from app.mail.senders import MemorySender
from app.settings import Settings
from tests.support.engines import postgresql_only
from tests.support.portal import Server, refused
from tests.support.recovery import ADDRESS, CONFIRM, DISPUTE, NEW_PASSWORD, RESET, Owner, Post, posting

OTHER_PASSWORD = "Grim canyon 99"
FEW_HASHES = 4
PAGES = (RESET, CONFIRM, DISPUTE)


@pytest.fixture
async def other_server(settings: Settings, clock: ManualClock, post: Post) -> AsyncIterator[Server]:
    """Its worker delivers into the same mailboxes."""
    async with posting(settings, clock, MemorySender(post.messages)) as server:
        yield server


async def test_d4_of_200_who_use_a_link_at_once_one_wins(server: Server, other_server: Server, maria: Owner) -> None:
    """Half of them want another password; the winner's is the only one that opens."""
    token = await maria.reset_link()
    before = await server.hashes_computed()
    people = [replace(maria, server=each) for each in (server, other_server)] * 100
    wishes = [(NEW_PASSWORD, OTHER_PASSWORD)[number // 2 % 2] for number in range(len(people))]
    answers = await asyncio.gather(*(person.reset(token, wish) for person, wish in zip(people, wishes, strict=True)))
    (chosen,) = [wish for answer, wish in zip(answers, wishes, strict=True) if answer.is_success]
    losers = {refused(answer) for answer in answers if not answer.is_success}
    assert losers <= {(409, "in_progress"), (410, "reset_link_invalid")}
    assert await server.hashes_computed() - before <= FEW_HASHES
    (refused_wish,) = {NEW_PASSWORD, OTHER_PASSWORD} - {chosen}
    assert await maria.signs_in_with(chosen)
    assert not await maria.signs_in_with(refused_wish)


async def test_d2_of_100_requests_for_usernames_exactly_five_lead_to_mails(
    server: Server, other_server: Server, maria: Owner, post: Post
) -> None:
    people = [replace(maria, server=each) for each in (server, other_server)] * 50
    answers = await asyncio.gather(*(person.ask_for_usernames(ADDRESS) for person in people))
    assert Counter(answer.status_code for answer in answers) == {202: 5, 429: 95}
    assert [mail.to for mail in await post.deliver()] == [ADDRESS] * 5


async def test_d2_of_30_requests_for_a_reset_three_lead_to_mails(
    server: Server, other_server: Server, maria: Owner, post: Post
) -> None:
    """Two workers prepare them at once."""
    people = [replace(maria, server=each) for each in (server, other_server)] * 15
    answers = await asyncio.gather(*(person.ask_for_reset() for person in people))
    assert {answer.status_code for answer in answers} == {202}
    await asyncio.gather(*(each.campus.mail_delivery.deliver_due() for each in [server, other_server] * 3))
    works = [(await maria.check(mail.token())).status_code for mail in post.mails if mail.leads_to(RESET)]
    assert len(works) <= 3
    assert Counter(works)[200] == 1


async def test_d4_a_confirmation_at_many_places_counts_once(
    server: Server, other_server: Server, maria: Owner, post: Post
) -> None:
    """By link and by code."""
    await maria.set_address("m@new.example.net")
    mail = next(mail for mail in await post.deliver() if mail.leads_to(CONFIRM))
    people = [replace(maria, server=each) for each in (server, other_server)] * 10
    by_link = [person.confirm(mail.token(CONFIRM)) for person in people[:10]]
    by_code = [person.confirm_in_app(code=mail.code) for person in people[10:]]
    answers = await asyncio.gather(*by_link, *by_code)
    assert min(answer.status_code for answer in answers) == 204
    losers = Counter(refused(answer) for answer in answers if not answer.is_success)
    assert losers.keys() <= {(410, "ticket_invalid"), (403, "code_exhausted")}
    assert losers.total() == len(people) - 1


async def test_d2_of_many_changes_to_one_address_five_lead_to_mails(maria: Owner, post: Post) -> None:
    answers = await asyncio.gather(*(maria.set_address("m@new.example.net") for _ in range(5)))
    answers += await asyncio.gather(*(maria.set_address("m@new.example.net") for _ in range(5)))
    assert Counter(answer.status_code for answer in answers)[202] <= 5
    questions = [mail for mail in await post.deliver() if mail.leads_to(CONFIRM)]
    assert len(questions) == 1, "the others were superseded before they left"
    assert (await maria.confirm(questions[0].token(CONFIRM))).status_code == 204


@postgresql_only
async def test_flows_that_meet_at_one_account_do_not_lock_each_other_out(
    server: Server, other_server: Server, maria: Owner, post: Post, clock: ManualClock
) -> None:
    """Reset, dispute, change of password, confirmation and two workers, all at once, several times."""
    elsewhere = replace(maria, server=other_server)
    for number in range(5):
        await maria.set_address(f"m{number}@new.example.net")
        await maria.ask_for_reset()
        mails = await post.deliver()
        token = {page: next(mail.token(page) for mail in mails if mail.leads_to(page)) for page in PAGES}
        await maria.ask_for_reset()
        flows = (
            elsewhere.reset(token[RESET], f"{NEW_PASSWORD} {number}"),
            maria.change_password(f"{OTHER_PASSWORD} {number}"),
            maria.confirm(token[CONFIRM]),
            elsewhere.dispute(token[DISPUTE]),
        )
        deliveries = (each.campus.mail_delivery.deliver_due() for each in [server, other_server] * 2)
        answers, _ = await asyncio.gather(asyncio.gather(*flows), asyncio.gather(*deliveries))
        assert [refused(answer) for answer in answers if answer.is_server_error] == []
        await post.deliver()  # a dispute promises a mail of its own, which may still wait
        clock.advance(timedelta(hours=12))
        assert (await maria.reset(await maria.reset_link(), f"Wide river {number}")).status_code == 204
        await post.deliver()
        await maria.sign_in()
