"""What the guard refuses costs no look for an account, so it can tell nothing of one and floods nothing (D13)."""

import re

from app.clock import ManualClock
from tests.guard.stranger import (
    ASKED,
    INVALID,
    NOT_SOLVED,
    OFF,
    WAIT,
    exhaust,
    from_address,
    guess,
    guess_with_captcha,
    new_captcha,
)
from tests.recovery.statements import counting
from tests.support.portal import Server, refused
from tests.support.recovery import ADDRESS, Owner


async def test_d13_no_refusal_of_the_guard_looks_for_an_account(
    server: Server, maria: Owner, clock: ManualClock
) -> None:
    """A missing CAPTCHA, a wrong one, a wait, a password that is off; from a known device and for a mail as well."""
    phone, school = {"device": {"device_token": maria.session["device_token"]}}, from_address(maria, "192.0.2.7")
    await guess(maria, 3)
    await guess(maria, 3, **phone)
    for _ in range(20):
        await school.ask_for_reset()
    captcha = await new_captcha(maria)
    with counting(server.campus.database) as statements:
        met = [refused(await maria.sign_in(**more)) for more in ({}, {"captcha": "rubbish"}, phone)]
        met += [refused(await school.ask_for_reset()), refused(await school.ask_for_usernames(ADDRESS))]
        assert met == [ASKED, NOT_SOLVED, ASKED, ASKED, ASKED]
        assert about_accounts(statements.take()) == []
        for tries, then in ((7, WAIT), (90, OFF)):
            await exhaust(clock, tries - 1, maria)
            assert refused(await guess_with_captcha(maria)) == INVALID
            statements.take()
            assert [refused(await maria.sign_in(captcha=each)) for each in (captcha, "rubbish")] == [then] * 2
            assert about_accounts(statements.take()) == []
        assert refused(await maria.sign_in(district="nowhere")) == (404, "district_not_found")
        assert about_accounts(statements.take()) == []
        await maria.on_another_device().sign_in(username="nobody1")
        assert about_accounts(statements.take()), "this one does look"


def about_accounts(statements: list[str]) -> list[str]:
    return [statement for statement in statements if re.search(r"\b(accounts|persons|sessions)\b", statement)]
