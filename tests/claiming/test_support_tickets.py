"""“If you are unable to reset using the online reset feature, please submit a ticket” (Atlanta): what a family writes, and who hears of it."""

import asyncio
import re
from datetime import timedelta

import pytest

from app.clock import ManualClock
from app.models import DailyQuota, OutboxMail, SupportTicket
from app.services.pruning import TICKETS_KEPT
from tests.claiming.tickets import HELP_DESK, SENDER, kept, left_behind, rows, trail, write, written
from tests.guard.stranger import solved
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server, faults, refused
from tests.support.recovery import Post

MARKS = {
    "first_name": "Plant3dFirst",
    "last_name": "Plant3dLast",
    "student_number": "Plant3dNumber",
    "message": "Plant3dWords\nPlant3dMore",
}


async def test_a_family_asks_for_help_and_both_sides_get_a_mail(server: Server, office: Office, post: Post) -> None:
    await office.set(f"support.email={HELP_DESK}", "languages=en,es")
    server.http.headers["Accept-Language"] = "es"
    reference = await written(server, message="We moved.\r\nThe mails go astray.")
    assert re.fullmatch(r"[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}", reference)
    (ticket,) = await kept(server)
    assert (ticket.reference, ticket.state, ticket.locale) == (reference, "open", "es")
    assert ticket.message == "We moved.\nThe mails go astray."
    family, help_desk = sorted(await post.deliver(), key=lambda mail: mail.to, reverse=True)
    assert (family.to, help_desk.to) == (SENDER, HELP_DESK)
    assert "No puede responder a las preguntas" in family.text
    assert "Cannot answer the challenge questions" in help_desk.text
    assert "open support tickets" in help_desk.text
    assert [mail.message["Subject"].count(reference) for mail in (family, help_desk)] == [1, 1]
    assert await trail(office) == [
        ("api:ticket:opened", "anonymous", {"ticket": str(ticket.id), "category": ticket.category})
    ]


async def test_d38_nothing_that_somebody_wrote_is_in_mails_trail_or_log(
    server: Server, office: Office, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    await office.set(f"support.email={HELP_DESK}")
    await written(server, **MARKS)
    outside = await left_behind(server)
    refusal = await write(server.http, **{**MARKS, "email": "Plant3dNoAddress", "category": "Plant3dCategory"})
    assert refusal.status_code == 422
    mails = await post.deliver()
    assert len(mails) == 2
    seen = [outside, refusal.text, caplog.text, *(mail.everything for mail in mails), await left_behind(server)]
    assert [text for text in seen if "plant3d" in text.lower()] == []
    assert SENDER not in await left_behind(server)  # the outbox forgets where a mail went
    assert "Plant3dWords" in repr(await kept(server))


@sqlite_only
@pytest.mark.usefixtures("office")
async def test_social_security_numbers_are_not_wanted_and_not_kept(server: Server) -> None:
    for message in (
        "Her number is 123-45-6789.",
        "123456789",
        "ssn:123 45 6789",
        "123.45.6789",
        "123 456 789",
        "12\u200b3\u201345\u20136789",
        "\uff11\uff12\uff13-\uff14\uff15-\uff16\uff17\uff18\uff19",
    ):
        assert ("/message", "ssn_not_wanted") in faults(await write(server.http, message=message)), message
    for field in ("first_name", "last_name", "student_number"):
        assert (f"/{field}", "ssn_not_wanted") in faults(await write(server.http, **{field: "123-45-6789"}))
    assert await kept(server) == []
    for message in ("Call 706-555-0110 or +1 706 555 0110.", "GTID 2040117001", "30549-1234", "born 2017-05-06"):
        assert (await write(server.http, message=message)).status_code == 202, message
    assert (await write(server.http, student_number="123456789")).status_code == 202


@sqlite_only
async def test_what_a_ticket_may_hold(server: Server, office: Office) -> None:
    for changes, fault in (
        ({"category": "nonsense"}, ("/category", "unknown_value")),
        ({"category": None}, ("/category", "required")),
        ({"first_name": ""}, ("/first_name", "too_short")),
        ({"last_name": "a" * 101}, ("/last_name", "too_long")),
        ({"last_name": "a\nb"}, ("/last_name", "text_expected")),
        ({"student_number": "1" * 31}, ("/student_number", "too_long")),
        ({"email": "nobody"}, ("/email", "wrong_format")),
        ({"message": "a" * 2001}, ("/message", "too_long")),
        ({"message": "a\x00b"}, ("/message", "text_expected")),
        ({"message": "a\x1b[2Jb"}, ("/message", "text_expected")),
        ({"reference": "AAAA-BBBB"}, ("/reference", "unknown_field")),
    ):
        assert fault in faults(await write(server.http, **changes)), changes
    assert (await write(server.http, student_number=None, message=None)).status_code == 202
    assert refused(await write(server.http, district="nowhere")) == (404, "district_not_found")
    await office.set("maintenance_until=2100-01-01T00:00:00Z")
    assert refused(await write(server.http)) == (503, "maintenance")


@pytest.mark.usefixtures("office")
async def test_five_mails_a_day_to_an_address_and_every_ticket_is_kept(
    server: Server, post: Post, clock: ManualClock
) -> None:
    """However many write at once, in whatever capitals."""
    spellings = [SENDER, SENDER.upper(), "Tanya.Brown@Mail.example.org"]
    answers = await asyncio.gather(*(write(server.http, email=spellings[n % 3]) for n in range(9)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["reference"] for answer in answers}) == 9
    assert len(await kept(server)) == 9
    assert len(await post.deliver()) == 5
    assert [quota.count for quota in await rows(server, DailyQuota)] == [9]
    clock.advance(timedelta(days=1))
    await written(server)
    assert [mail.to for mail in await post.deliver()] == [SENDER]


@pytest.mark.usefixtures("office")
async def test_from_the_sixth_of_an_address_on_a_captcha_is_asked(server: Server) -> None:
    async with server.at("192.0.2.5") as http:
        told = [(await write(http, student_number=str(number))).status_code for number in range(5)]
        assert told == [202] * 5
        asked = await write(http)
        assert refused(asked) == (403, "captcha_required")
        assert (await write(http, captcha=solved(asked.json()["captcha"]))).status_code == 202
        assert refused(await write(http)) == (403, "captcha_required")
    assert len(await kept(server)) == 6
    assert len(await rows(server, OutboxMail)) == 5


@sqlite_only
@pytest.mark.usefixtures("office")
async def test_a_closed_ticket_is_forgotten_after_a_year_and_an_open_one_is_not(
    server: Server, clock: ManualClock
) -> None:
    waiting, closed = await written(server), await written(server)
    async with server.campus.database.transaction() as session:
        tickets = {row.reference: row.id for row in await kept(server)}
        ticket = await session.get_one(SupportTicket, tickets[closed])
        ticket.state, ticket.closed_at = "resolved", clock.now()
    clock.advance(TICKETS_KEPT - timedelta(seconds=1))
    await server.campus.pruning.prune()
    assert {row.reference for row in await kept(server)} == {waiting, closed}
    clock.advance(timedelta(seconds=1))
    await server.campus.pruning.prune()
    assert {row.reference for row in await kept(server)} == {waiting}
