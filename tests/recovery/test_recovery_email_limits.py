"""How often a code may be mistyped, and how many confirmation mails an address gets."""

import asyncio
from datetime import timedelta

from app.clock import ManualClock
from tests.support.office import Office
from tests.support.portal import refused
from tests.support.recovery import ADDRESS, CONFIRM, Owner, Post, new_owner

TRIES = 5
MAILS_A_DAY = 5
WRONG = "AAAA-AAAA"


async def test_after_five_wrong_codes_the_right_one_comes_too_late(office: Office, post: Post) -> None:
    """The link, which nobody guesses, still works."""
    maria = await new_owner(office, post, address=None)
    await maria.set_address(ADDRESS)
    mail = await post.one()
    for _ in range(TRIES):
        assert refused(await maria.confirm_in_app(code=WRONG)) == (403, "code_wrong")
    for code in (WRONG, mail.code):
        assert refused(await maria.confirm_in_app(code=code)) == (403, "code_exhausted")
    assert await maria.next_steps() == ["confirm_recovery_email"]
    assert (await maria.confirm(mail.token(CONFIRM))).status_code == 204


async def test_the_fifth_try_may_be_the_right_one(office: Office, post: Post) -> None:
    maria = await new_owner(office, post, address=None)
    await maria.set_address(ADDRESS)
    mail = await post.one()
    for _ in range(TRIES - 1):
        await maria.confirm_in_app(code=WRONG)
    assert (await maria.confirm_in_app(code=mail.code)).status_code == 204


async def test_a_new_mail_brings_five_new_tries(office: Office, post: Post) -> None:
    maria = await new_owner(office, post, address=None)
    for _ in range(2):
        await maria.set_address(ADDRESS)
        for _ in range(TRIES):
            assert refused(await maria.confirm_in_app(code=WRONG)) == (403, "code_wrong")
        assert refused(await maria.confirm_in_app(code=WRONG)) == (403, "code_exhausted")
    await maria.set_address(ADDRESS)
    assert (await maria.confirm_in_app(code=(await post.deliver())[-1].code)).status_code == 204


async def test_d1_codes_typed_at_once_are_five_tries_too(office: Office, post: Post) -> None:
    maria = await new_owner(office, post, address=None)
    await maria.set_address(ADDRESS)
    answers = await asyncio.gather(*(maria.confirm_in_app(code=WRONG) for _ in range(20)))
    codes = sorted(refused(answer)[1] for answer in answers)
    assert codes == ["code_exhausted"] * 15 + ["code_wrong"] * 5


async def test_without_a_mail_there_is_nothing_to_type(maria: Owner) -> None:
    assert refused(await maria.confirm_in_app(code=WRONG)) == (410, "ticket_invalid")


async def test_an_address_gets_five_mails_a_day_whoever_types_it(
    office: Office, maria: Owner, post: Post, clock: ManualClock
) -> None:
    """The first came with her activation. The day is the district's: from noon UTC to its midnight it has 16 hours left."""
    rosa = await new_owner(office, post, "Rosa Diaz", address=None)
    for person in (maria, rosa, maria, rosa):
        assert (await person.set_address(ADDRESS)).status_code == 202
    for person in (maria, rosa):
        answer = await person.set_address(ADDRESS.upper())
        assert refused(answer) == (429, "daily_limit_reached")
        assert answer.headers["retry-after"] == str(16 * 3600)
    assert len([mail for mail in post.mails + await post.deliver() if mail.leads_to(CONFIRM)]) <= MAILS_A_DAY
    assert (await rosa.set_address("rosa@mail.example.org")).status_code == 202, "another address has its own five"
    clock.advance(timedelta(hours=16))
    await maria.sign_in()
    assert (await maria.set_address(ADDRESS)).status_code == 202


async def test_the_sixth_changes_nothing(maria: Owner, post: Post) -> None:
    """Neither the address that waits for its confirmation, nor its mail; and nobody is told."""
    for _ in range(MAILS_A_DAY):
        await maria.set_address("m@new.example.net")
    await post.deliver()
    await maria.set_address("m@newer.example.com")
    waiting = next(mail for mail in await post.deliver() if mail.leads_to(CONFIRM))
    assert refused(await maria.set_address("m@new.example.net")) == (429, "daily_limit_reached")
    assert await post.deliver() == []
    assert (await maria.confirm(waiting.token(CONFIRM))).status_code == 204


async def test_a_key_opens_its_account_though_the_address_has_had_enough(office: Office, maria: Owner) -> None:
    """She is asked for an address again."""
    for _ in range(MAILS_A_DAY):
        await maria.set_address("rosa@mail.example.org")
    rosa = await office.parent("Rosa Diaz")
    answer = await rosa.activate(recovery_email="rosa@mail.example.org")
    assert answer.status_code == 201
    assert answer.json()["next_steps"] == ["set_recovery_email"]
