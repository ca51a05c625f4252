"""A forgotten password: who gets a mail, what its link does, and what ends with the old password."""

from datetime import timedelta

import pytest

from app.clock import ManualClock
from app.portals import Portal
from tests.support.office import Office
from tests.support.portal import Server, faults, refused
from tests.support.recovery import ADDRESS, CONFIRM, DISPUTE, NEW_PASSWORD, RESET, Owner, Post, new_owner

STRANGE_ADDRESS = "mallory@elsewhere.example.net"


async def test_a_forgotten_password_is_replaced(maria: Owner, post: Post) -> None:
    assert (await maria.ask_for_reset()).status_code == 202
    mail = await post.one()
    assert (mail.to, mail.usernames) == (ADDRESS, [maria.username])
    offer = (await maria.check(mail.token())).json()
    assert offer["expires_at"] == "2026-08-03T12:30:00Z"
    assert offer["password_policy"]["min_length"] == 8
    assert maria.username not in str(offer)
    assert offer["username_masked"][:2] + offer["username_masked"][-2:] == maria.username[:2] + maria.username[-2:]
    forgotten = maria.password
    assert (await maria.reset(mail.token())).status_code == 204
    assert not await maria.signs_in_with(forgotten)
    assert await maria.signs_in_with(NEW_PASSWORD)


async def test_however_the_username_is_written_it_is_the_same(maria: Owner, post: Post) -> None:
    await maria.ask_for_reset(username=f" {maria.username.upper()} ")
    assert (await post.one()).to == ADDRESS


async def test_everybody_gets_the_same_answer_and_only_an_owner_with_a_confirmed_address_gets_mail(
    office: Office, maria: Owner, post: Post
) -> None:
    disabled = await new_owner(office, post, "Dan Shut", address="dan@mail.example.org")
    unconfirmed = await new_owner(office, post, "Rosa Diaz", address=None)
    await unconfirmed.set_address("rosa@mail.example.org")
    await post.deliver()
    await office.disable(disabled)
    answers = [
        await maria.ask_for_reset(),
        await maria.ask_for_reset(username="nobody1"),
        await maria.ask_for_reset(username=""),
        await maria.ask_for_reset(portal=Portal.STUDENT),
        await maria.ask_for_reset(portal=Portal.STAFF),
        await unconfirmed.ask_for_reset(),
        await disabled.ask_for_reset(),
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    assert "office" in answers[0].json()["detail"], "there is another way for those without an address"
    assert [mail.to for mail in await post.deliver()] == [ADDRESS]


async def test_a_wrong_district_and_a_closed_feature_are_public_facts(office: Office, maria: Owner, post: Post) -> None:
    assert refused(await maria.ask_for_reset(district="nowhere")) == (404, "district_not_found")
    await office.set("features.password_reset=false")
    assert refused(await maria.ask_for_reset()) == (403, "feature_disabled")
    await office.set("features.password_reset=true", "maintenance_until=2026-08-03T12:10:00Z")
    assert refused(await maria.ask_for_reset()) == (503, "maintenance")
    assert await post.deliver() == []


async def test_the_same_name_in_another_district_is_somebody_else(server: Server, maria: Owner, post: Post) -> None:
    wake = await Office.open(server, "wake", "Wake County Schools", "NC")
    other = Owner.of(await wake.parent("Otto Young"), post)
    await other.activate(username=maria.username, recovery_email="otto@mail.example.org")
    await other.confirm((await post.one()).token(CONFIRM))
    await maria.ask_for_reset(district="wake")
    mail = await post.one()
    assert mail.to == "otto@mail.example.org"
    await maria.reset(mail.token())
    assert not (await maria.on_another_device().sign_in()).is_success
    assert (await maria.on_another_device().sign_in(district="wake")).is_success


async def test_d25_a_reset_ends_every_session_and_forgets_every_device(maria: Owner) -> None:
    phone, laptop = maria.on_another_device(), maria.on_another_device()
    for device in (phone, laptop):
        await device.sign_in()
    known = phone.session["device_token"]
    again = await phone.on_another_device().sign_in(device={"device_token": known})
    assert again.json()["device_token"] == known, "the device is known"
    await maria.reset(await maria.reset_link())
    for device in (maria, phone, laptop):
        assert refused(await device.me()) == (401, "invalid_token")
        assert refused(await device.refresh()) == (401, "invalid_token")
    fresh = await phone.on_another_device().sign_in(password=NEW_PASSWORD, device={"device_token": known})
    assert fresh.json()["device_token"] != known


async def test_a_reset_tells_the_owner_who_can_dispute_it(maria: Owner, post: Post) -> None:
    await maria.reset(await maria.reset_link())
    notice = await post.one()
    assert notice.to == ADDRESS
    assert notice.leads_to(DISPUTE)
    assert not notice.leads_to(RESET)
    assert maria.username not in notice.everything


async def test_d21_an_address_that_an_intruder_had_set_before_is_not_confirmed_after_a_reset(
    maria: Owner, post: Post
) -> None:
    """His link needs no session, so the reset must end it too."""
    intruder = maria.on_another_device()
    await intruder.sign_in()
    await intruder.set_address(STRANGE_ADDRESS)
    confirm = next(mail for mail in await post.deliver() if mail.to == STRANGE_ADDRESS).token(CONFIRM)
    await maria.reset(await maria.reset_link())
    assert refused(await maria.confirm(confirm)) == (410, "ticket_invalid")
    await maria.sign_in()
    assert await maria.shown_address() == {"address_masked": "m***@m***.org", "confirmed": True}
    await maria.ask_for_reset()
    assert {mail.to for mail in await post.deliver()} == {ADDRESS}


async def test_d25_the_link_of_an_account_that_was_switched_off_meanwhile_sets_nothing(
    office: Office, maria: Owner
) -> None:
    token = await maria.reset_link()
    await office.disable(maria)
    assert refused(await maria.reset(token)) == (410, "reset_link_invalid")
    await office.enable(maria)
    assert refused(await maria.reset(token)) == (410, "reset_link_invalid")
    assert await maria.signs_in_with(maria.password)


async def test_a_mail_for_an_account_that_was_switched_off_meanwhile_does_not_leave(
    office: Office, maria: Owner, post: Post
) -> None:
    await maria.ask_for_reset()
    await office.disable(maria)
    assert await post.deliver() == []


async def test_whoever_has_no_password_gets_in_by_mail(office: Office, maria: Owner) -> None:
    """The office has started the account over; its owner has the key, and the mail works as well."""
    await office.reset(maria)
    assert not await maria.signs_in_with(maria.password)
    await maria.reset(await maria.reset_link())
    assert await maria.signs_in_with(NEW_PASSWORD)


@pytest.mark.parametrize("field", ["username", "account_id", "district", "portal", "email"])
async def test_d22_the_link_alone_says_whose_password_it_is(maria: Owner, field: str) -> None:
    token = await maria.reset_link()
    assert faults(await maria.reset(token, **{field: "parent"})).keys() == {(f"/{field}", "unknown_field")}
    answer = await maria.http.post("/password-reset/check", json={"token": token, field: "parent"})
    assert faults(answer).keys() == {(f"/{field}", "unknown_field")}
    assert (await maria.reset(token)).status_code == 204


async def test_three_mails_leave_in_an_hour_and_every_request_gets_the_same_answer(
    maria: Owner, post: Post, clock: ManualClock
) -> None:
    answers = {(await maria.ask_for_reset()).text for _ in range(5)}
    assert len(answers) == 1
    assert len(await post.deliver()) == 3
    clock.advance(timedelta(minutes=59, seconds=59))
    await maria.ask_for_reset()
    assert await post.deliver() == []
    clock.advance(timedelta(seconds=1))
    await maria.ask_for_reset()
    assert len(await post.deliver()) == 1


async def test_ten_mails_leave_in_a_day(maria: Owner, post: Post, clock: ManualClock) -> None:
    for _ in range(12):
        await maria.ask_for_reset()
        clock.advance(timedelta(hours=1))
    assert len(await post.deliver()) == 3, "the hours of the requests do not matter, those of the mails do"
    for _ in range(8):
        clock.advance(timedelta(hours=1))
        await maria.ask_for_reset()
        await post.deliver()
    assert len([mail for mail in post.mails if mail.leads_to(RESET)]) == 10
    clock.advance(timedelta(hours=16))
    await maria.ask_for_reset()
    assert len(await post.deliver()) == 1


async def test_the_limit_is_each_accounts_own(office: Office, maria: Owner, post: Post) -> None:
    rosa = await new_owner(office, post, "Rosa Diaz")
    for _ in range(4):
        await maria.ask_for_reset()
    await rosa.ask_for_reset()
    mails = await post.deliver()
    assert [mail.usernames for mail in mails] == [[maria.username]] * 3 + [[rosa.username]]


async def test_mails_for_a_forgotten_username_count_only_by_their_own_limit(maria: Owner, post: Post) -> None:
    for _ in range(4):
        await maria.ask_for_usernames(ADDRESS)
    for _ in range(3):
        await maria.ask_for_reset()
    assert len(await post.deliver()) == 7
