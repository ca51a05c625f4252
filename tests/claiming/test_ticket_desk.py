"""“Submitting a ticket properly will ensure the issue is resolved in a timely manner” (Clayton): what the office does about it."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.clock import ManualClock
from app.models import AuditEvent, OutboxMail
from app.portals import Portal
from app.services.clerk import StaffRole
from app.services.guess_budgets import GuessSubject, Standing
from tests.claiming.tickets import SENDER, kept, queue, resolve, rows, seen, ticket_id, trail, write, written
from tests.support.desk import at_desk
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import PASSWORD, Server, User, faults, refused
from tests.support.recovery import Post

GONE, FORBIDDEN, CLOSED = (404, "not_found"), (403, "forbidden"), (409, "ticket_closed")
JORDAN = {"last_name": "Brown", "first_name": "Jordan", "student_number": "0123456"}


async def family(office: Office, *, school: UUID | None = None) -> tuple[User, User]:
    """Jordan Brown, a student with an account, and his mother Tanya, who has one, too."""
    jordan = await office.student("Jordan Brown", number="0123456", school=school)
    tanya = await office.user(await office.guardian("Tanya Brown", [jordan]), Portal.PARENT)
    student = await office.user(jordan, Portal.STUDENT)
    for user in (tanya, student):
        assert (await user.activate()).status_code == 201
    return student, tanya


async def guess_too_often(office: Office) -> None:
    """As if somebody had claimed in vain all day."""
    budgets, now = office.campus.guard.budgets, office.campus.clock.now()
    jordan = GuessSubject.student("claim", office.district, "0123456")
    async with office.campus.database.transaction() as session:
        told = [await budgets.take(session, jordan, now, "America/New_York") for _ in range(6)]
    assert told[-1] is Standing.EXHAUSTED


def account_of(user: User) -> str:
    return str(user.session["account"]["id"])


async def test_cannot_answer_the_questions_one_call_opens_the_claim_again(
    server: Server, office: Office, post: Post, hugo: User
) -> None:
    await office.set("features.claim=true")
    jordan, tanya = await family(office)
    await guess_too_often(office)
    ticket = await ticket_id(hugo, await written(server, student_number=" S0123456", message="He forgot them."))
    await post.deliver()
    shown = await seen(hugo, ticket)
    assert shown["ticket"]["message"] == "He forgot them."
    assert [(person["portal"], person["first_name"], person["name_fits"]) for person in shown["about"]] == [
        ("student", "Jordan", True),
        ("parent", "Tanya", False),
    ]
    assert [person["account_id"] for person in shown["about"]] == [account_of(jordan), account_of(tanya)]
    done = await resolve(hugo, ticket, "reset_claim", account_id=account_of(jordan))
    assert (done.status_code, done.json()) == (200, {"remedy": "reset_claim", "state": "resolved"})
    assert refused(await jordan.me()) == (401, "invalid_token")
    claim = await server.http.post("/activate/claim", json={"district": "jackson", **JORDAN})
    assert (claim.status_code, claim.json()["username"]) == (200, jordan.username)
    (mail,) = await post.deliver()
    assert (mail.to, mail.message["Subject"].endswith("has been dealt with")) == (SENDER, True)
    assert not any(word in mail.everything for word in ("Jordan", "Brown,", "0123456", jordan.username, "forgot"))
    closed = (await seen(hugo, ticket))["ticket"]
    assert (closed["state"], closed["remedy"], closed["account_id"]) == ("resolved", "reset_claim", account_of(jordan))
    assert closed["closed_by"] == account_of(hugo)
    assert (await trail(office))[1:] == [
        ("office:ticket:resolved", f"account:{account_of(hugo)}", {"ticket": ticket, "remedy": "reset_claim"})
    ]
    assert await queue(hugo, state="open") == []


async def test_every_other_remedy_does_what_it_says(
    server: Server, office: Office, post: Post, dana: User, hugo: User
) -> None:
    jordan, tanya = await family(office)
    eva = await office.student("Eva Brown", number="0123457")
    await office.relate(tanya.person_id, eva, portal=False)

    async def new(number: str = "123456") -> str:
        return await ticket_id(hugo, await written(server, student_number=number, email=f"{uuid4().hex}@example.org"))

    ticket = await new("123457")
    (mother,) = [person for person in (await seen(hugo, ticket))["about"] if person["portal"] == "parent"]
    assert mother["portal_flag"] is False
    flag = {"relationship_id": mother["relationship_id"]}
    assert refused(await resolve(hugo, ticket, "portal_on", **flag)) == FORBIDDEN
    assert (await resolve(dana, ticket, "portal_on", **flag)).status_code == 200
    assert await tanya.students() == ["Eva", "Jordan"]
    assert (await resolve(hugo, await new(), "unlock", account_id=account_of(tanya))).status_code == 200
    in_person = {"account_id": account_of(tanya), "channel": "in_person", "photo_id_checked": True}
    shown = (await resolve(hugo, await new(), "reset_key", **in_person)).json()
    assert (await server.http.post(
        "/activate/verify", json={"district": "jackson", "activation_key": shown["activation_key"]}
    )).status_code == 200  # fmt: skip
    assert (await resolve(hugo, await new(), "answered")).json() == {"remedy": "answered", "state": "resolved"}
    await post.deliver()
    assert (await resolve(hugo, await new(), "declined")).json() == {"remedy": "declined", "state": "declined"}
    mails = await post.deliver()
    assert max(str(mail.message["Subject"]).rpartition(" ")[2] for mail in mails) == "closed"
    events = await trail(office)
    assert [tag for tag, _, _ in events if tag.endswith("declined")] == ["office:ticket:declined"]
    assert "0123456" not in repr(events)
    assert jordan.session


async def test_a_remedy_that_cannot_be_done_leaves_the_ticket_open(
    server: Server, office: Office, hugo: User, clock: ManualClock
) -> None:
    """Both or neither."""
    jordan, tanya = await family(office)
    ticket = await ticket_id(hugo, await written(server))
    before = [await kept(server), await rows(server, OutboxMail)]
    other = await Office.open(server, "clayton", "Clayton County Public Schools")
    stranger = await other.parent("Rosa Diaz")
    assert (await stranger.activate()).status_code == 201
    events = await rows(server, AuditEvent)
    for remedy, fields, refusal in (
        ("reset_mail", {"account_id": account_of(tanya)}, (409, "no_address")),
        ("reset_claim", {"account_id": account_of(jordan)}, (403, "feature_disabled")),
        ("reset_key", {"account_id": str(uuid4())}, GONE),
        ("unlock", {"account_id": account_of(stranger)}, GONE),
        ("unlock", {"account_id": account_of(hugo)}, GONE),
        ("unlock", {}, (422, "validation_failed")),
        ("answered", {"account_id": account_of(tanya)}, (422, "validation_failed")),
        ("unlock", {"account_id": account_of(tanya), "channel": "in_person"}, (422, "validation_failed")),
    ):
        assert refused(await resolve(hugo, ticket, remedy, **fields)) == refusal, remedy
    fault = await resolve(hugo, ticket, "portal_on")
    assert refused(fault) == FORBIDDEN
    assert ("/account_id", "required") in faults(await resolve(hugo, ticket, "reset_key"))
    assert refused(await resolve(hugo, str(uuid4()), "answered")) == GONE
    clock.advance(timedelta(minutes=6))
    assert (await hugo.refresh()).status_code == 200
    late = await resolve(hugo, ticket, "reset_key", account_id=account_of(jordan))
    assert refused(late) == (401, "step_up_required")
    assert [await kept(server), await rows(server, OutboxMail)] == before
    later = (await rows(server, AuditEvent))[len(events) :]
    assert {event.tag for event in later} <= {"api:session:refreshed"}
    assert (await jordan.refresh()).status_code == 200


async def test_two_clerks_at_once_one_of_them_helps(server: Server, office: Office, hugo: User, dana: User) -> None:
    _, tanya = await family(office)
    ticket = await ticket_id(hugo, await written(server))
    in_person = {"account_id": account_of(tanya), "channel": "in_person", "photo_id_checked": True}
    clerks = [hugo, dana] * 4
    answers = await asyncio.gather(*(resolve(clerk, ticket, "reset_key", **in_person) for clerk in clerks))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert {refused(answer) for answer in answers if answer.status_code == 409} == {CLOSED}
    tags = [event.tag for event in await rows(server, AuditEvent)]
    assert (tags.count("office:account:reset"), tags.count("office:ticket:resolved")) == (1, 1)
    assert refused(await resolve(dana, ticket, "declined")) == CLOSED


async def test_two_tickets_about_one_account_wait_for_each_other(server: Server, office: Office, hugo: User) -> None:
    """Whoever resolves them at the same moment: nobody waits in a circle."""
    _, tanya = await family(office)
    tickets = [await ticket_id(hugo, await written(server, email=f"p{n}@example.org")) for n in range(4)]
    answers = await asyncio.gather(*(resolve(hugo, each, "unlock", account_id=account_of(tanya)) for each in tickets))
    assert [answer.status_code for answer in answers] == [200] * 4


async def test_staff_of_a_school_see_the_tickets_of_its_students(server: Server, office: Office, hugo: User) -> None:
    north, south = await office.school("North"), await office.school("South")
    _, tanya = await family(office, school=north)
    mine = await written(server, student_number="123456")
    for number in ("0999999", None, "S", "0"):
        await written(server, student_number=number, email=f"{uuid4().hex}@example.org")
    assert len(await queue(hugo)) == 5
    nora = await at_desk(office, StaffRole.HELP_DESK, name="Nora North", schools=[north])
    sam = await at_desk(office, StaffRole.HELP_DESK, name="Sam South", schools=[south])
    assert [ticket["reference"] for ticket in await queue(nora)] == [mine]
    assert await queue(sam) == []
    ticket = await ticket_id(hugo, mine)
    assert refused(await sam.ask("GET", f"/admin/support-tickets/{ticket}")) == GONE
    assert refused(await resolve(sam, ticket, "answered")) == GONE
    assert (await resolve(nora, ticket, "unlock", account_id=account_of(tanya))).status_code == 200
    clayton = await at_desk(
        await Office.open(server, "clayton", "Clayton County"), StaffRole.DISTRICT_ADMIN, name="Cal"
    )
    assert await queue(clayton) == []
    assert refused(await clayton.ask("GET", f"/admin/support-tickets/{ticket}")) == GONE
    for path in ("", f"/{ticket}"):
        assert refused(await tanya.ask("GET", f"/admin/support-tickets{path}")) == FORBIDDEN


@sqlite_only
@pytest.mark.usefixtures("office")
async def test_the_queue_is_read_page_by_page_the_longest_waiting_first(
    server: Server, hugo: User, clock: ManualClock
) -> None:
    references = []
    for number, category in enumerate(["child_not_shown", "other", "child_not_shown", "other", "other"]):
        clock.advance(timedelta(seconds=number % 2))
        references.append(await written(server, category=category, student_number=None))
    read: list[dict[str, object]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await hugo.ask("GET", "/admin/support-tickets", params={"limit": 2, **cursor})).json()
        read += page["items"]
        if "next_cursor" not in page:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert {ticket["reference"] for ticket in read} == set(references)
    assert [ticket["created_at"] for ticket in read] == sorted(str(ticket["created_at"]) for ticket in read)
    assert {ticket["category"] for ticket in await queue(hugo, category="child_not_shown")} == {"child_not_shown"}
    assert len(await queue(hugo, state="open", category="other")) == 3
    bad = await hugo.ask("GET", "/admin/support-tickets", params={"cursor": "nonsense"})
    assert ("/query/cursor", "cursor_invalid") in faults(bad)


@sqlite_only
async def test_no_ticket_tells_its_sender_whether_there_is_such_a_student(server: Server, office: Office) -> None:
    """Word for word the same, but for the reference."""
    await family(office)
    told = [await write(server.http, student_number=number) for number in ("0123456", "0999999")]
    assert len({(answer.status_code, len(answer.content), *sorted(set(answer.headers))) for answer in told}) == 1
    assert PASSWORD not in told[0].text
