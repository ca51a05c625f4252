"""“It was not me”: a link in a notice undoes the change, ends everything, and lets only the restored address in again."""

import asyncio
from datetime import timedelta

import pytest

from app.clock import ManualClock
from tests.support.office import Office
from tests.support.portal import refused
from tests.support.recovery import ADDRESS, CONFIRM, DISPUTE, NEW_PASSWORD, RESET, Mail, Owner, Post

THIEFS = "mallory@elsewhere.example.net"
THIEFS_PASSWORD = "Grim canyon 99"
DEAD = (410, "ticket_invalid")


async def test_a_disputed_address_is_restored(maria: Owner, post: Post) -> None:
    notice = await take_over(maria, post)
    thief = maria
    owner = maria.on_another_device()
    assert (await owner.dispute(notice.token(DISPUTE))).status_code == 204
    assert refused(await thief.me()) == (401, "invalid_token")
    assert refused(await thief.refresh()) == (401, "invalid_token")
    assert not await owner.signs_in_with(owner.password), "the password is off"
    mail = await post.one()
    assert (mail.to, mail.usernames) == (ADDRESS, [owner.username])
    assert (await owner.reset(mail.token())).status_code == 204
    await owner.sign_in()
    assert await owner.shown_address() == {"address_masked": "m***@m***.org", "confirmed": True}


async def test_an_address_that_waits_for_its_confirmation_is_dropped(maria: Owner, post: Post) -> None:
    await maria.set_address(THIEFS)
    mails = await post.deliver()
    notice, question = sorted(mails, key=lambda mail: mail.to == THIEFS)
    assert (await maria.dispute(notice.token(DISPUTE))).status_code == 204
    assert refused(await maria.confirm(question.token(CONFIRM))) == DEAD
    assert (await maria.reset((await post.one()).token())).status_code == 204
    await maria.sign_in()
    assert await maria.next_steps() == []


async def test_a_disputed_password_opens_nothing(maria: Owner, post: Post) -> None:
    """Neither the new one nor the old one, which somebody else must have known, is good; not even to be chosen again."""
    first = maria.password
    await maria.change_password(THIEFS_PASSWORD)
    notice = await post.one()
    assert (await maria.dispute(notice.token(DISPUTE))).status_code == 204
    for password in (first, THIEFS_PASSWORD):
        assert not await maria.signs_in_with(password)
    mail = await post.one()
    assert mail.to == ADDRESS
    for password in (first, THIEFS_PASSWORD):
        assert refused(await maria.reset(mail.token(), password)) == (422, "validation_failed")
    assert (await maria.reset(mail.token())).status_code == 204


async def test_a_disputed_reset_is_undone_as_well(maria: Owner, post: Post) -> None:
    await maria.reset(await maria.reset_link(), THIEFS_PASSWORD)
    notice = await post.one()
    assert (await maria.dispute(notice.token(DISPUTE))).status_code == 204
    assert not await maria.signs_in_with(THIEFS_PASSWORD)
    assert (await maria.reset((await post.one()).token())).status_code == 204


async def test_d4_it_works_once(maria: Owner, post: Post) -> None:
    notice = await take_over(maria, post)
    assert (await maria.dispute(notice.token(DISPUTE))).status_code == 204
    assert (await maria.reset((await post.one(RESET)).token())).status_code == 204
    assert refused(await maria.dispute(notice.token(DISPUTE))) == DEAD
    assert await maria.signs_in_with(NEW_PASSWORD)


async def test_d4_of_many_at_once_one_counts(maria: Owner, post: Post) -> None:
    notice = await take_over(maria, post)
    answers = await asyncio.gather(*(maria.dispute(notice.token(DISPUTE)) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [204] + [410] * 9
    assert len([mail for mail in await post.deliver() if mail.leads_to(RESET)]) == 1


@pytest.mark.parametrize(("seconds", "works"), [(-1, True), (0, False), (1, False)])
async def test_d27_it_works_for_seven_days(
    maria: Owner, post: Post, clock: ManualClock, seconds: int, works: bool
) -> None:
    notice = await take_over(maria, post)
    clock.advance(timedelta(days=7, seconds=seconds))
    assert ((await maria.dispute(notice.token(DISPUTE))).status_code == 204) == works
    assert await maria.signs_in_with(maria.password) == (not works)


async def test_an_intruders_own_link_does_not_undo_the_owners(maria: Owner, post: Post, clock: ManualClock) -> None:
    """He has changed address and password, so the notice of the password came to him. The older address has the last word."""
    owners = await take_over(maria, post)
    clock.advance(timedelta(hours=1))
    await maria.sign_in(device={"device_token": maria.session["device_token"]})
    await maria.change_password(THIEFS_PASSWORD)
    thiefs = await post.one()
    assert thiefs.to == THIEFS
    assert (await maria.dispute(owners.token(DISPUTE))).status_code == 204
    assert refused(await maria.dispute(thiefs.token(DISPUTE))) == DEAD
    assert {mail.to for mail in await post.deliver()} == {ADDRESS}


async def test_an_intruder_who_disputes_first_gains_nothing(maria: Owner, post: Post, clock: ManualClock) -> None:
    """His dispute brings his own address back, and a reset mail; the owner's ends both."""
    owners = await take_over(maria, post)
    clock.advance(timedelta(hours=1))
    await maria.sign_in(device={"device_token": maria.session["device_token"]})
    await maria.change_password(THIEFS_PASSWORD)
    thiefs = await post.one()
    assert (await maria.dispute(thiefs.token(DISPUTE))).status_code == 204
    reset = await post.one()
    assert reset.to == THIEFS
    clock.advance(timedelta(minutes=1))
    assert (await maria.dispute(owners.token(DISPUTE))).status_code == 204
    assert refused(await maria.reset(reset.token())) == (410, "reset_link_invalid")
    mail = await post.one()
    assert mail.to == ADDRESS
    assert (await maria.reset(mail.token())).status_code == 204


async def test_a_chain_of_changes_ends_at_the_oldest_address(maria: Owner, post: Post, clock: ManualClock) -> None:
    owners = await take_over(maria, post)
    chain = []
    for number in range(2):
        clock.advance(timedelta(hours=1))
        await maria.sign_in()
        await maria.set_address(f"mallory{number}@elsewhere.example.net")
        mails = await post.deliver()
        chain += [mail.token(DISPUTE) for mail in mails if mail.leads_to(DISPUTE)]
        await maria.confirm(next(mail.token(CONFIRM) for mail in mails if mail.leads_to(CONFIRM)))
    assert (await maria.dispute(owners.token(DISPUTE))).status_code == 204
    for token in chain:
        assert refused(await maria.dispute(token)) == DEAD
    assert {mail.to for mail in await post.deliver()} == {ADDRESS}


async def test_the_mail_to_the_restored_address_leaves_however_many_were_asked_for_before(
    maria: Owner, post: Post
) -> None:
    """Or an intruder could keep the owner out by asking three times an hour."""
    notice = await take_over(maria, post)
    for _ in range(4):
        await maria.ask_for_reset()
    await post.deliver()
    assert (await maria.dispute(notice.token(DISPUTE))).status_code == 204
    mail = await post.one()
    assert mail.to == ADDRESS
    assert (await maria.reset(mail.token())).status_code == 204


async def test_mails_that_waited_for_the_intruder_do_not_leave(maria: Owner, post: Post) -> None:
    """He had asked for a reset and for his usernames, and the mails were still in the outbox."""
    notice = await take_over(maria, post)
    await maria.ask_for_reset()
    await maria.ask_for_usernames(THIEFS)
    assert (await maria.dispute(notice.token(DISPUTE))).status_code == 204
    assert {mail.to for mail in await post.deliver()} == {ADDRESS}


async def test_d36_a_key_ends_the_links_of_before(office: Office, maria: Owner, post: Post) -> None:
    notice = await take_over(maria, post)
    key = await office.reset(maria)
    again = maria.on_another_device()
    assert (await again.activate(activation_key=key)).status_code == 201
    assert refused(await maria.dispute(notice.token(DISPUTE))) == DEAD
    assert await again.is_signed_in()


async def test_it_opens_nothing_that_the_office_has_shut(office: Office, maria: Owner, post: Post) -> None:
    notice = await take_over(maria, post)
    await office.disable(maria)
    await maria.dispute(notice.token(DISPUTE))
    assert await post.deliver() == []
    assert not await maria.signs_in_with(maria.password)


async def take_over(maria: Owner, post: Post) -> Mail:
    """Somebody with her password and her phone gives the account an address of his own. Gives the notice in her mailbox."""
    assert (await maria.set_address(THIEFS)).status_code == 202
    notice, question = sorted(await post.deliver(), key=lambda mail: mail.to == THIEFS)
    assert (notice.to, question.to) == (ADDRESS, THIEFS)
    assert (await maria.confirm(question.token(CONFIRM))).status_code == 204
    return notice
