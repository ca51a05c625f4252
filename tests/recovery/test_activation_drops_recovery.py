"""A key makes an account its owner's alone: whatever somebody prepared before has no power any more (D36)."""

from tests.support.office import Office
from tests.support.portal import refused
from tests.support.recovery import ADDRESS, CONFIRM, DISPUTE, Owner, Post

THIEFS = "mallory@elsewhere.example.net"


async def test_d36_address_links_and_history_of_before_are_gone(office: Office, maria: Owner, post: Post) -> None:
    """Somebody else had the account; now its owner uses a key from the office."""
    first = maria.password
    await maria.change_password()
    await maria.set_address(THIEFS)
    mails = await post.deliver()
    confirm = next(mail.token(CONFIRM) for mail in mails if mail.leads_to(CONFIRM))
    disputes = [mail.token(DISPUTE) for mail in mails if mail.leads_to(DISPUTE)]
    reset = await maria.reset_link()
    owner = await arrive(office, maria)
    assert owner.session["next_steps"] == ["set_recovery_email"]
    assert "recovery_email" not in owner.session["account"]
    assert refused(await owner.confirm(confirm)) == (410, "ticket_invalid")
    assert refused(await owner.reset(reset)) == (410, "reset_link_invalid")
    assert len(disputes) == 2
    for token in disputes:
        assert refused(await owner.dispute(token)) == (410, "ticket_invalid")
    assert (await owner.change_password(first)).status_code == 204, "another person's passwords are not remembered"


async def test_d36_mails_that_waited_for_the_one_before_do_not_leave(office: Office, maria: Owner, post: Post) -> None:
    await maria.ask_for_reset()
    await maria.ask_for_usernames(ADDRESS)
    await maria.set_address(THIEFS)
    await arrive(office, maria)
    assert [mail.to for mail in await post.deliver() if not mail.leads_to(DISPUTE)] in ([], [ADDRESS])
    for mail in post.mails[1:]:
        assert mail.usernames == []
        assert not mail.tokens()
        assert not mail.tokens(DISPUTE)


async def test_d36_the_owners_new_address_counts_once_it_is_confirmed(office: Office, maria: Owner, post: Post) -> None:
    owner = await arrive(office, maria, recovery_email="owner@mail.example.org")
    question = await post.one()
    await owner.ask_for_reset()
    assert await post.deliver() == []
    await owner.confirm(question.token(CONFIRM))
    await owner.ask_for_reset()
    assert (await post.one()).to == "owner@mail.example.org"


async def test_d36_a_reset_that_is_under_way_loses_against_the_key(office: Office, maria: Owner) -> None:
    token = await maria.reset_link()
    owner = await arrive(office, maria)
    assert refused(await maria.reset(token, "Grim canyon 99")) == (410, "reset_link_invalid")
    assert await owner.is_signed_in()
    assert await owner.signs_in_with(owner.password)


async def arrive(office: Office, before: Owner, **changes: object) -> Owner:
    """The person comes with a new key from the office, and chooses a password that the account never had."""
    owner = before.on_another_device()
    owner.password = "Wide river 2026"
    owner.key = await office.key_for(before.person_id, before.portal)
    assert (await owner.activate(**changes)).status_code == 201
    return owner
