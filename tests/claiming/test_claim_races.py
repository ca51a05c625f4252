"""Many claims of one student at the same moment, over two servers with one database: one account, and nobody is told that something broke."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from app.clock import ManualClock
from app.mail.senders import MemorySender
from app.models import ClaimTicket
from app.portals import Portal
from app.settings import Settings
from tests.claiming.students import CLAIM_ON, CLAIMED, NO_TICKET, Student, accounts_of, new_student, reopen_claim
from tests.support.gate import GatedHashPool
from tests.support.hash_pools import gated_hashes, quick_hashes
from tests.support.office import Office
from tests.support.portal import Server, refused
from tests.support.recovery import Post, posting

CLAIMS, TICKETS = 1_000, 5
AT_ONCE = 40
"""More than two servers with five connections each have places for would be turned away as overload."""
HELD = (409, "in_progress")
KEY_REVOKED = (404, "activation_key_invalid")
HASHES_OF_ONE = 2
"""The password's and that of the answers."""


@pytest.fixture
async def other_server(settings: Settings, clock: ManualClock, post: Post) -> AsyncIterator[Server]:
    async with posting(settings, clock, MemorySender(post.messages)) as server:
        with quick_hashes(server):
            yield server


@pytest.fixture
async def ana(office: Office, post: Post) -> Student:
    await office.set(*CLAIM_ON)
    return await new_student(office, post)


async def test_d4_of_1000_claims_of_one_student_one_makes_an_account(
    server: Server, other_server: Server, office: Office, ana: Student
) -> None:
    tickets = [await ana.ticket() for _ in range(TICKETS)]
    before = await server.hashes_computed()
    people = [replace(ana, server=each, session={}) for each in (server, other_server)]
    places = asyncio.Semaphore(AT_ONCE)

    async def claim(number: int) -> httpx.Response:
        async with places:
            return await people[number % 2].complete(tickets[number % TICKETS])

    answers = await asyncio.gather(*map(claim, range(CLAIMS)))
    losers = Counter(refused(answer) for answer in answers if not answer.is_success)
    assert losers.total() == CLAIMS - 1
    assert losers.keys() <= {HELD, CLAIMED, NO_TICKET}
    assert len(await accounts_of(office, ana.person_id)) == 1
    assert await server.hashes_computed() - before <= HASHES_OF_ONE * TICKETS
    assert (await ana.sign_in()).status_code == 200
    assert refused(await ana.complete(tickets[0])) == CLAIMED


async def test_two_tickets_at_once_and_one_wins(office: Office, ana: Student) -> None:
    """Whoever settles first; on a new account, and on one that was reopened."""
    for again in (False, True):
        if again:
            await reopen_claim(office, ana)
        tickets = [await ana.ticket(), await ana.ticket()]
        people = [replace(ana.on_another_device(), password=f"Wide river {number} {again}") for number in range(2)]
        answers = await asyncio.gather(*(who.complete(each) for who, each in zip(people, tickets, strict=True)))
        (winner,) = [who for who, answer in zip(people, answers, strict=True) if answer.is_success]
        (told,) = [refused(answer) for answer in answers if not answer.is_success]
        assert told in {CLAIMED, HELD}, (
            "held, where the winner's settling ended the ticket between a look and the lease"
        )
        assert (await winner.me()).status_code == 200
        assert (await winner.sign_in()).status_code == 200
    assert len(await accounts_of(office, ana.person_id)) == 1


async def test_a_claim_and_a_key_at_once_make_one_account(other_server: Server, office: Office, post: Post) -> None:
    await office.set(*CLAIM_ON)
    for number in range(4):
        student = await new_student(office, post, f"Ben{number} Diaz", f"7{number}")
        student.key = await office.key_for(student.person_id, Portal.STUDENT)
        ticket = await student.ticket()
        by_key = replace(student, server=other_server, username=f"ben{number}2026", session={})
        flows = (student.complete(ticket), by_key.activate())
        answers = await asyncio.gather(*(flows if number % 2 else reversed(flows)))
        assert sorted(answer.is_success for answer in answers) == [False, True]
        (told,) = [refused(answer) for answer in answers if not answer.is_success]
        assert told in {CLAIMED, HELD, (409, "username_taken"), KEY_REVOKED}
        (account,) = await accounts_of(office, student.person_id)
        winner = student if student.session else by_key
        assert account.username == winner.username
        assert (await winner.me()).status_code == 200


async def test_what_the_office_does_meanwhile_has_the_last_word(server: Server, office: Office, ana: Student) -> None:
    """Switched off, or gone from the roster, while the hashes are computed; the ticket stays unused."""
    await ana.claims()
    await reopen_claim(office, ana)
    ticket = await ana.ticket()
    ana.password = "Another meadow 43"
    with gated_hashes(server) as gate:
        completing = asyncio.create_task(ana.complete(ticket))
        doors = await gate.arrival()
        await office.disable(ana)
        doors.set()
        await open_gate(gate, completing)
        assert refused(await completing) == CLAIMED
        await office.enable(ana)
        completing = asyncio.create_task(ana.complete(ticket))
        doors = await gate.arrival()
        await office.end(ana.person_id)
        doors.set()
        await open_gate(gate, completing)
    assert refused(await completing) == NO_TICKET
    assert refused(await ana.sign_in()) == (401, "invalid_credentials")


async def test_a_lost_process_holds_the_ticket_for_30_seconds(office: Office, ana: Student, clock: ManualClock) -> None:
    ticket = await ana.ticket()
    async with office.campus.database.reading() as connection:
        ticket_id = (await connection.execute(select(ClaimTicket.id))).scalar_one()
    async with AsyncExitStack() as lost:
        await lost.enter_async_context(office.campus.claim_completion.tickets.leased(ticket_id))
        clock.advance(timedelta(seconds=29))
        held = await ana.complete(ticket)
        assert refused(held) == HELD
        assert held.headers["retry-after"] == "1"
        clock.advance(timedelta(seconds=1))
        assert (await ana.complete(ticket)).status_code == 201


async def test_whoever_took_too_long_comes_too_late(
    server: Server, other_server: Server, office: Office, ana: Student, clock: ManualClock
) -> None:
    ticket = await ana.ticket()
    quick = replace(ana, server=other_server, password="Another meadow 43", session={})
    with gated_hashes(server) as gate:
        slow = asyncio.create_task(ana.complete(ticket))
        doors = await gate.arrival()
        clock.advance(timedelta(seconds=31))
        assert (await quick.complete(ticket)).status_code == 201
        doors.set()
        await open_gate(gate, slow)
    assert refused(await slow) == CLAIMED
    assert (await quick.sign_in()).status_code == 200
    assert len(await accounts_of(office, ana.person_id)) == 1


async def open_gate(gate: GatedHashPool, task: "asyncio.Task[httpx.Response]") -> None:
    """Lets everybody through until the task is done."""
    while not task.done():
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                (await gate.arrival()).set()
