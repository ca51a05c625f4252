"""The help desk sees whether a mail has left, and never what it says."""

from datetime import timedelta
from email.message import EmailMessage
from typing import Any

from app.clock import ManualClock
from app.mail.senders import MailPostponed
from app.portals import Portal
from app.services.clerk import StaffRole
from app.settings import Settings
from tests.office.counter import account_of
from tests.support.desk import at_desk
from tests.support.office import Office
from tests.support.portal import User, faults, refused
from tests.support.recovery import ADDRESS, Owner, Post, new_owner, posting

MASKED = "m***@m***.org"
SECOND = timedelta(seconds=1)


class BusySender:
    """A mail server that asks everybody to come again later."""

    async def send(self, _: EmailMessage) -> None:
        raise MailPostponed("busy")

    async def rest(self) -> None:
        """It has taken nothing."""


async def outbox(clerk: User, **query: object) -> list[dict[str, Any]]:
    answer = await clerk.ask("GET", "/admin/outbox", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_how_far_a_mail_has_come(
    office: Office, hugo: User, post: Post, clock: ManualClock, settings: Settings
) -> None:
    maria = await new_owner(office, post)
    clock.advance(SECOND)
    await maria.ask_for_reset()
    mine = {"account_id": account_of(maria), "state": "waiting"}
    assert await outbox(hugo, **mine) == [], "nobody knows yet whose it is"
    async with posting(settings, clock, BusySender()) as there:
        await there.campus.mail_delivery.deliver_due()
    (waiting,) = await outbox(hugo, **mine)
    assert waiting.pop("id")
    assert waiting.pop("due_at") > waiting["created_at"]
    assert waiting == {
        "kind": "password_reset",
        "channel": "mail",
        "state": "waiting",
        "created_at": "2026-08-03T12:00:01Z",
        "attempts": 1,
        "last_error": "busy",
        "account_id": account_of(maria),
        "address_masked": MASKED,
    }
    clock.advance(timedelta(minutes=5))
    mail = await post.one()
    (sent,) = await outbox(hugo, kind="password_reset")
    assert (sent["state"], sent["finished_at"]) == ("sent", "2026-08-03T12:05:01Z")
    assert not {"due_at", "address_masked"} & set(sent)
    assert sent["id"] in mail.id
    everything = repr(await outbox(hugo))
    assert not [word for word in (ADDRESS, mail.token(), "/reset-password", maria.username) if word in everything]


async def test_what_leads_to_nobody_is_an_admins(office: Office, dana: User, hugo: User, post: Post) -> None:
    maria = await new_owner(office, post)
    await maria.ask_for_reset(username="nobody26")
    await maria.ask_for_usernames("nobody@mail.example.org")
    assert [item["state"] for item in await outbox(dana, state="waiting")] == ["waiting"] * 2
    await post.deliver()
    assert sorted(item["kind"] for item in await outbox(dana, state="nobody")) == [
        "password_reset",
        "username_recovery",
    ]
    assert await outbox(hugo, state="nobody") == []
    assert await outbox(hugo, account_id=account_of(maria)) == await outbox(dana, account_id=account_of(maria)) != []


async def test_a_clerk_sees_the_mails_of_the_people_whom_he_sees(office: Office, hugo: User, post: Post) -> None:
    """Neither those of another school or district, nor those of colleagues."""
    high, low = await office.school("High"), await office.school("Low")
    child = await office.student("Ana Lopez", school=high)
    maria = Owner.of(await office.user(await office.guardian("Maria Lopez", [child]), Portal.PARENT), post)
    assert (await maria.activate(recovery_email=ADDRESS)).status_code == 201
    colleague = await at_desk(office, StaffRole.HELP_DESK, name="Ida Low", schools=[low])
    at_high = await at_desk(office, StaffRole.HELP_DESK, name="Ida High", schools=[high])
    elsewhere = await at_desk(await Office.open(office.server, "hall", "Hall County Schools"), name="Ada Hall")
    of_hugo = Owner.of(hugo, post)
    assert (await of_hugo.set_address("hugo@mail.example.org")).status_code == 202
    seen = {
        clerk.username: [item["account_id"] for item in await outbox(clerk)]
        for clerk in (hugo, at_high, colleague, elsewhere)
    }
    assert seen == {
        hugo.username: [account_of(maria)],
        at_high.username: [account_of(maria)],
        colleague.username: [],
        elsewhere.username: [],
    }
    admin = await at_desk(office, name="Dana Reed")
    assert len(await outbox(admin)) == 2
    assert await outbox(elsewhere, account_id=account_of(maria)) == []


async def test_the_newest_comes_first_page_by_page(office: Office, dana: User, post: Post, clock: ManualClock) -> None:
    maria = await new_owner(office, post, address=None)
    for number in range(5):
        clock.advance(SECOND * (number % 2))
        await maria.ask_for_reset(username=f"nobody{number}")
    first = (await dana.ask("GET", "/admin/outbox", params={"limit": 3})).json()
    late = {"limit": 3, "cursor": first["next_cursor"]}
    await maria.ask_for_reset(username="nobody9")
    second = (await dana.ask("GET", "/admin/outbox", params=late)).json()
    items = first["items"] + second["items"]
    assert len({item["id"] for item in items}) == len(items) == 5
    assert items == sorted(items, key=lambda item: item["created_at"], reverse=True)
    assert "next_cursor" not in second
    assert ("/query/state", "unknown_value") in faults(await dana.ask("GET", "/admin/outbox", params={"state": "lost"}))
    assert refused(await maria.ask("GET", "/admin/outbox")) == (403, "forbidden")
