"""The recovery e-mail: asked for, set, confirmed, changed; it counts only once its owner has confirmed it."""

from datetime import timedelta

import pytest

from app.clock import ManualClock
from tests.support.office import Office
from tests.support.portal import faults, refused
from tests.support.recovery import ADDRESS, CONFIRM, DISPUTE, Owner, Post, new_owner

OTHER_ADDRESS = "m.lopez@new.example.net"


async def test_an_app_learns_step_by_step_what_to_ask(office: Office, post: Post) -> None:
    maria = await new_owner(office, post, address=None)
    assert maria.session["next_steps"] == ["set_recovery_email"]
    assert await maria.shown_address() is None
    answer = await maria.set_address(ADDRESS)
    assert answer.status_code == 202
    assert answer.json().keys() == {"detail"}
    assert await maria.next_steps() == ["confirm_recovery_email"]
    assert await maria.shown_address() == {"address_masked": "m***@m***.org", "confirmed": False}
    mail = await post.one()
    assert mail.to == ADDRESS
    assert (await maria.confirm(mail.token(CONFIRM))).status_code == 204
    assert await maria.next_steps() == []
    assert await maria.shown_address() == {"address_masked": "m***@m***.org", "confirmed": True}


async def test_an_address_may_be_given_with_the_key(office: Office, post: Post) -> None:
    maria = Owner.of(await office.parent(), post)
    answer = await maria.activate(recovery_email=ADDRESS)
    assert answer.json()["next_steps"] == ["confirm_recovery_email"]
    assert answer.json()["account"]["recovery_email"] == {"address_masked": "m***@m***.org", "confirmed": False}
    mail = await post.one()
    assert (await maria.confirm_in_app(token=mail.token(CONFIRM))).status_code == 204
    assert (await maria.shown_address() or {})["confirmed"]


async def test_the_code_of_the_mail_may_be_typed_instead(office: Office, post: Post) -> None:
    """In any case, with or without the dash."""
    maria = await new_owner(office, post, address=None)
    await maria.set_address(ADDRESS)
    code = (await post.one()).code
    assert (await maria.confirm_in_app(code=f" {code.lower().replace('-', '')} ")).status_code == 204
    assert await maria.next_steps() == []


async def test_either_a_link_or_a_code_proves_it_and_only_once(office: Office, post: Post) -> None:
    maria = await new_owner(office, post, address=None)
    await maria.set_address(ADDRESS)
    mail = await post.one()
    for proof in ({}, {"token": mail.token(CONFIRM), "code": mail.code}):
        assert refused(await maria.confirm_in_app(**proof)) == (422, "validation_failed")
    assert (await maria.confirm(mail.token(CONFIRM))).status_code == 204
    for again in (maria.confirm(mail.token(CONFIRM)), maria.confirm_in_app(code=mail.code)):
        assert refused(await again) == (410, "ticket_invalid")


async def test_an_address_that_is_not_confirmed_gets_no_other_mail(office: Office, post: Post) -> None:
    maria = await new_owner(office, post, address=None)
    await maria.set_address(ADDRESS)
    await post.deliver()
    await maria.ask_for_reset()
    await maria.ask_for_usernames(ADDRESS)
    assert await post.deliver() == []
    assert await post.outcomes() == {"sent": 1, "nobody": 2}


async def test_the_old_address_counts_until_the_new_one_is_confirmed_and_is_told(maria: Owner, post: Post) -> None:
    await maria.set_address(OTHER_ADDRESS)
    by_address = {mail.to: mail for mail in await post.deliver()}
    assert by_address.keys() == {ADDRESS, OTHER_ADDRESS}
    assert by_address[ADDRESS].leads_to(DISPUTE)
    assert "m***@n***.net" in by_address[ADDRESS].text
    assert OTHER_ADDRESS not in by_address[ADDRESS].everything
    assert ADDRESS not in by_address[OTHER_ADDRESS].everything
    await maria.ask_for_reset()
    assert (await post.one()).to == ADDRESS
    await maria.confirm(by_address[OTHER_ADDRESS].token(CONFIRM))
    await maria.ask_for_reset()
    assert (await post.one()).to == OTHER_ADDRESS


async def test_a_new_address_ends_the_links_that_went_to_the_old_one(maria: Owner) -> None:
    link = await maria.reset_link()
    await maria.own_address(OTHER_ADDRESS)
    assert refused(await maria.reset(link)) == (410, "reset_link_invalid")
    assert await maria.signs_in_with(maria.password)


async def test_setting_the_address_that_counts_already_changes_nothing_for_others(maria: Owner, post: Post) -> None:
    await maria.set_address(ADDRESS.upper())
    mail = await post.one()
    assert mail.leads_to(CONFIRM)
    await maria.ask_for_reset()
    assert (await post.one()).to == ADDRESS


async def test_one_address_may_serve_several_accounts(office: Office, maria: Owner, post: Post) -> None:
    """Each confirms for itself."""
    rosa = await new_owner(office, post, "Rosa Diaz", address=None)
    await rosa.set_address(ADDRESS)
    mail = await post.one()
    assert refused(await maria.confirm_in_app(token=mail.token(CONFIRM))) == (410, "ticket_invalid")
    assert refused(await maria.confirm_in_app(code=mail.code)) == (410, "ticket_invalid")
    assert await rosa.next_steps() == ["confirm_recovery_email"]
    assert (await rosa.confirm_in_app(token=mail.token(CONFIRM))).status_code == 204
    assert (await rosa.shown_address() or {})["confirmed"]
    assert (await maria.shown_address() or {})["confirmed"]


async def test_only_the_newest_mail_confirms(office: Office, post: Post) -> None:
    maria = await new_owner(office, post, address=None)
    await maria.set_address(ADDRESS)
    older = await post.one()
    await maria.set_address(OTHER_ADDRESS)
    newer = await post.one()
    assert refused(await maria.confirm(older.token(CONFIRM))) == (410, "ticket_invalid")
    assert refused(await maria.confirm_in_app(code=older.code)) == (403, "code_wrong")
    assert (await maria.confirm_in_app(code=newer.code)).status_code == 204
    await maria.ask_for_reset()
    assert (await post.one()).to == OTHER_ADDRESS


@pytest.mark.parametrize(("seconds", "works"), [(-1, True), (0, False), (1, False)])
async def test_d27_a_confirmation_is_good_for_24_hours(
    office: Office, post: Post, clock: ManualClock, seconds: int, works: bool
) -> None:
    maria = await new_owner(office, post, address=None)
    await maria.set_address(ADDRESS)
    mail = await post.one()
    clock.advance(timedelta(hours=24, seconds=seconds))
    await maria.sign_in()
    if works:
        assert (await maria.confirm_in_app(code=mail.code)).status_code == 204
    else:
        assert refused(await maria.confirm(mail.token(CONFIRM))) == (410, "ticket_invalid")
        assert refused(await maria.confirm_in_app(code=mail.code)) == (410, "ticket_invalid")
        assert await maria.next_steps() == ["confirm_recovery_email"]


@pytest.mark.parametrize(
    "address", ["maria", "maria@", "@example.org", "maria@example", "a b@example.org", "a@b@example.org", "", "x" * 250]
)
async def test_what_is_no_address_is_refused(maria: Owner, address: str) -> None:
    ((pointer, _),) = faults(await maria.set_address(address)).keys()
    assert pointer == "/email"
    assert await maria.next_steps() == []
