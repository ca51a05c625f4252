"""Mails that nobody asked for: of a sign-in from a new device, of many wrong passwords, of links; each can be disputed."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from app.clock import ManualClock
from app.models import MailedLink
from app.services.mailed_links import LinkPurpose
from app.services.security_notices import tell_linked, tell_unlinked
from app.services.sign_in_ladder import WAIT_AFTER
from app.text import fold
from tests.guard.stranger import INVALID, exhaust, guess, guess_with_captcha
from tests.recovery.statements import counting
from tests.support.hash_pools import quick_hashes
from tests.support.office import Office
from tests.support.portal import Server, refused
from tests.support.recovery import ADDRESS, DISPUTE, RESET, Mail, Owner, Post, new_owner

NAME = {"name": "Mallory's phone, call 555-0100"}
NEW_DEVICE = "Jackson County Schools: sign-in from a new device"
NEW_ADDRESS = "Jackson County Schools: your recovery e-mail address was changed"
THIEFS = "mallory@elsewhere.example.net"
WRONG_PASSWORDS = "Jackson County Schools: wrong passwords for your account"


@pytest.fixture(autouse=True)
def hashes(server: Server) -> Iterator[None]:
    """Strangers try many passwords."""
    with quick_hashes(server):
        yield


def subject(mail: Mail) -> str:
    return str(mail.message["Subject"])


# --- new devices ------------------------------------------------------------------------------------------------------


async def test_a_sign_in_from_a_new_device_is_told_to_the_owner(maria: Owner, post: Post) -> None:
    """When it was and that it was a new one; not how it calls itself, for that is a stranger's text."""
    await maria.on_another_device().sign_in(device=NAME)
    mail = await post.one()
    assert (mail.to, subject(mail)) == (ADDRESS, NEW_DEVICE)
    assert "Time: Monday, August 3, 2026, 8:00 AM (Eastern Daylight Time)" in mail.text
    assert "Mallory" not in mail.everything
    assert maria.username not in mail.everything


async def test_it_was_not_me_throws_out_whoever_signed_in(maria: Owner, post: Post) -> None:
    thief = maria.on_another_device()
    await thief.sign_in()
    notice = await post.one()
    assert (await maria.dispute(notice.token(DISPUTE))).status_code == 204
    assert not await thief.is_signed_in()
    assert not await maria.signs_in_with(maria.password)
    assert (await maria.reset((await post.one(RESET)).token())).status_code == 204
    assert refused(await maria.dispute(notice.token(DISPUTE))) == (410, "ticket_invalid")


async def test_a_device_that_proves_itself_is_not_told_of(maria: Owner, post: Post) -> None:
    await maria.sign_in(device={"device_token": maria.session["device_token"]})
    assert await post.deliver() == []
    assert await post.outcomes() == {"sent": 1}, "the mail that confirmed the address"


async def test_a_made_up_token_and_that_of_another_account_prove_nothing(
    office: Office, maria: Owner, post: Post
) -> None:
    rosa = await new_owner(office, post, "Rosa Diaz", address="rosa@mail.example.org")
    for token in ("cdt_made_up", rosa.session["device_token"]):
        await maria.on_another_device().sign_in(device={"device_token": token})
        assert subject(await post.one()) == NEW_DEVICE


async def test_a_device_that_calls_itself_shared_is_told_of_all_the_same(maria: Owner, post: Post) -> None:
    await maria.on_another_device().sign_in(device={"shared": True})
    assert subject(await post.one()) == NEW_DEVICE


async def test_neither_an_activation_nor_a_first_device_is_told_of(office: Office, maria: Owner, post: Post) -> None:
    """A new key drops the address with all else; whoever confirms one has used no device of his own until he signs in on one."""
    rosa = Owner.of(await office.parent("Rosa Diaz"), post)
    await rosa.activate(recovery_email="rosa@mail.example.org", device={"shared": True})
    (question,) = await post.deliver()
    await rosa.confirm_in_app(code=question.code)
    await rosa.on_another_device().sign_in()
    maria.key = await office.key_for(maria.person_id, maria.portal)
    assert (await maria.activate()).status_code == 201
    assert await post.deliver() == []
    await rosa.on_another_device().sign_in()
    assert [mail.to for mail in await post.deliver()] == ["rosa@mail.example.org"]


async def test_without_a_confirmed_address_nobody_is_told(office: Office, post: Post) -> None:
    rosa = await new_owner(office, post, "Rosa Diaz", address=None)
    await rosa.set_address("rosa@mail.example.org")
    await post.deliver()
    await rosa.on_another_device().sign_in()
    await guess_ten_times(rosa)
    assert await post.deliver() == []


async def test_notices_are_in_the_owners_language(maria: Owner, post: Post) -> None:
    await maria.ask("PATCH", "/me", json={"locale": "es"})
    await maria.on_another_device().sign_in()
    assert subject(await post.one()) == "Jackson County Schools: inicio de sesión desde un dispositivo nuevo"
    await guess_ten_times(maria)
    assert subject(await post.one()) == "Jackson County Schools: contraseñas incorrectas para su cuenta"


# --- refused sign-ins -------------------------------------------------------------------------------------------------


async def test_the_tenth_wrong_password_in_a_row_is_told_to_the_owner(
    maria: Owner, post: Post, clock: ManualClock
) -> None:
    await exhaust(clock, WAIT_AFTER - 2, maria)
    assert refused(await guess_with_captcha(maria)) == INVALID
    assert await post.deliver() == []
    assert refused(await guess_with_captcha(maria)) == INVALID
    mail = await post.one()
    assert (mail.to, subject(mail)) == (ADDRESS, WRONG_PASSWORDS)
    assert maria.username not in mail.everything
    assert (await maria.dispute(mail.token(DISPUTE))).status_code == 204
    assert (await post.one()).leads_to(RESET)


async def test_one_such_mail_a_day_is_enough(maria: Owner, post: Post, clock: ManualClock) -> None:
    """Whoever goes on guessing for days cannot fill her mailbox."""
    for _ in range(2):
        await guess_ten_times(maria)
        await office_unlocks(maria)
    assert [subject(mail) for mail in await post.deliver()] == [WRONG_PASSWORDS]
    assert await post.outcomes() == {"sent": 2, "limited": 1}
    clock.advance(timedelta(days=1))
    await guess_ten_times(maria)
    assert subject(await post.one()) == WRONG_PASSWORDS


async def test_ten_at_once_are_told_once(maria: Owner, post: Post, clock: ManualClock) -> None:
    await exhaust(clock, WAIT_AFTER - 1, maria)
    await asyncio.gather(*(guess_with_captcha(maria) for _ in range(10)))
    assert subject(await post.one()) == WRONG_PASSWORDS


async def test_a_right_password_of_a_locked_account_is_no_wrong_one(
    office: Office, maria: Owner, post: Post, clock: ManualClock
) -> None:
    await office.take_portal_away(maria)
    await exhaust(clock, WAIT_AFTER - 1, maria)
    for _ in range(3):
        answer = await guess_with_captcha(maria, password=maria.password)
        assert refused(answer) == (403, "account_locked")
    assert await post.deliver() == []


async def test_a_disabled_account_gets_no_such_mail(office: Office, maria: Owner, post: Post) -> None:
    await office.disable(maria)
    await guess_ten_times(maria)
    assert await post.deliver() == []
    assert (await post.outcomes())["nobody"] == 1


async def test_an_address_that_an_intruder_set_meanwhile_gains_no_older_link(
    server: Server, maria: Owner, post: Post, clock: ManualClock
) -> None:
    """He makes ten misses, changes the address, and only then the mails leave: the owner's link has the last word all the same."""
    await guess_ten_times(maria)
    clock.advance(timedelta(minutes=1))
    await maria.set_address(THIEFS)
    assert (await maria.confirm(await unread_link(server))).status_code == 204
    clock.advance(timedelta(minutes=1))
    thiefs, owners = sorted((mail for mail in await post.deliver() if mail.leads_to(DISPUTE)), key=subject)
    assert [(mail.to, subject(mail)) for mail in (thiefs, owners)] == [
        (THIEFS, WRONG_PASSWORDS),
        (ADDRESS, NEW_ADDRESS),
    ]
    assert (await maria.dispute(owners.token(DISPUTE))).status_code == 204
    assert refused(await maria.dispute(thiefs.token(DISPUTE))) == (410, "ticket_invalid")


async def test_d9_d10_the_tenth_refusal_costs_and_answers_the_same_for_every_name(
    server: Server, office: Office, maria: Owner, post: Post, clock: ManualClock
) -> None:
    """Known, without an address, switched off, and nobody's: the same statements, the same answer, one row in the outbox."""
    unconfirmed = await new_owner(office, post, "Rosa Diaz", address=None)
    disabled = await new_owner(office, post, "Dan Shut", address="dan@mail.example.org")
    nobody = maria.on_another_device()
    nobody.username = "nobody1"
    await office.disable(disabled)
    names = [maria, unconfirmed, disabled, nobody]
    await exhaust(clock, WAIT_AFTER - 1, *names)
    told = []
    with counting(server.campus.database) as statements:
        for name in names:
            rows = len(await post.rows())
            statements.take()
            answer = await guess_with_captcha(name)
            seen = statements.take()
            told.append((refused(answer), seen, len(await post.rows()) - rows))
    assert [each for each in told if each != told[0]] == []
    assert told[0][2] == 1
    waiting = [row for row in await post.rows() if row.outcome is None]
    for row, name in zip(waiting, names, strict=True):
        assert (row.account_id, row.to_address, row.locale) == (None, None, None)
        assert row.details == {"portal": "parent", "username_folded": fold(name.username)}
    assert [mail.to for mail in await post.deliver()] == [ADDRESS]
    assert [row.details for row in await post.rows()] == [{}] * len(await post.rows()), "nothing of it is kept"


# --- links ------------------------------------------------------------------------------------------------------------


async def test_links_are_told_to_owners_with_a_confirmed_address(
    server: Server, office: Office, maria: Owner, post: Post, clock: ManualClock
) -> None:
    rosa = await new_owner(office, post, "Rosa Diaz", address=None)
    for tell, words in ((tell_linked, "your account was linked"), (tell_unlinked, "your account was unlinked")):
        async with server.campus.database.transaction() as session:
            for owner in (maria, rosa):
                await tell(session, UUID(owner.session["account"]["id"]), clock.now())
        mail = await post.one()
        assert (mail.to, subject(mail)) == (ADDRESS, f"Jackson County Schools: {words}")
        assert mail.leads_to(DISPUTE)


# --- what they do -----------------------------------------------------------------------------------------------------


async def guess_ten_times(owner: Owner) -> None:
    """Ten wrong passwords in a row; the first three are free, the others solve a CAPTCHA each."""
    await guess(owner, 3)
    for _ in range(WAIT_AFTER - 3):
        assert refused(await guess_with_captcha(owner)) == INVALID


async def office_unlocks(owner: Owner) -> None:
    await Office(owner.server, owner.district).unlock(owner)


async def unread_link(server: Server) -> str:
    """The token of the link that waits in the outbox to be mailed to a new address."""
    waiting = select(MailedLink.id).where(MailedLink.purpose == LinkPurpose.CONFIRM_EMAIL, MailedLink.used_at.is_(None))
    async with server.campus.database.reading() as connection:
        link_id = (await connection.execute(waiting)).scalar_one()
    return server.campus.recovery_email.links.tokens.issue(LinkPurpose.CONFIRM_EMAIL, link_id)
