"""People with an authenticator app of ours: it is asked for, unless the district trusts its provider to have asked."""

from datetime import timedelta

import pytest

from app.clock import ManualClock
from app.portals import Portal
from app.services.clerk import StaffRole
from tests.sso.lying_provider import LyingProvider
from tests.sso.people import Browser, name_in_roster, with_sso
from tests.support.authenticator import Authenticator, set_up
from tests.support.desk import give_role
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import User, refused

pytestmark = sqlite_only

REQUIRED, WRONG, WAIT = (403, "totp_required"), (403, "totp_invalid"), (429, "too_many_attempts")


@pytest.fixture
async def dana(office: Office, liar: LyingProvider) -> User:
    """An admin, who has a password and whom the provider knows."""
    await with_sso(office, liar.issuer)
    person = await office.staff_member("Dana Reed")
    await give_role(office, person, StaffRole.DISTRICT_ADMIN)
    await name_in_roster(office, person, sourced_id="sis-dana")
    dana = await office.user(person, Portal.STAFF)
    assert (await dana.activate()).status_code == 201
    return dana


@pytest.fixture
async def authenticator(dana: User, clock: ManualClock) -> Authenticator:
    app = await set_up(dana)
    clock.advance(timedelta(minutes=2))
    return app


async def came_back(dana: User, liar: LyingProvider, **claims: object) -> tuple[Browser, str]:
    browser = Browser(dana.server, dana.district, Portal.STAFF)
    back = liar.sign_in(await browser.to_provider(), "dana", sourced_id="sis-dana", **claims)
    return browser, (await browser.finish(back))["code"]


async def desk(dana: User, token: str) -> tuple[int, str] | int:
    answer = await dana.http.get("/admin/district", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code if answer.is_success else refused(answer)


async def test_a_code_of_the_authenticator_is_asked_for_with_time_to_look_for_the_phone(
    dana: User, authenticator: Authenticator, liar: LyingProvider, clock: ManualClock
) -> None:
    """Once: a code does not live on by being asked for."""
    browser, code = await came_back(dana, liar, amr=["pwd", "mfa"])
    clock.advance(timedelta(seconds=50))
    assert refused(await browser.exchange(code)) == REQUIRED
    clock.advance(timedelta(minutes=4))
    assert refused(await browser.exchange(code)) == REQUIRED
    assert refused(await browser.exchange(code, totp=authenticator.wrong_code())) == WRONG
    answer = await browser.exchange(code, totp=authenticator.next_code())
    assert answer.status_code == 200
    assert await desk(dana, answer.json()["access_token"]) == 200
    browser, code = await came_back(dana, liar)
    assert refused(await browser.exchange(code)) == REQUIRED
    clock.advance(timedelta(minutes=4))
    assert refused(await browser.exchange(code)) == REQUIRED
    clock.advance(timedelta(minutes=1))
    assert refused(await browser.exchange(code, totp=authenticator.next_code())) == (410, "ticket_invalid")


async def test_whoever_guesses_at_the_authenticator_has_to_wait(
    dana: User, authenticator: Authenticator, liar: LyingProvider
) -> None:
    browser, code = await came_back(dana, liar)
    told = [refused(await browser.exchange(code, totp=authenticator.wrong_code())) for _ in range(7)]
    assert told == [WRONG] * 5 + [WAIT] * 2
    assert refused(await browser.exchange(code, totp=authenticator.next_code())) == WAIT


async def test_where_the_district_trusts_its_provider_its_second_factor_counts(
    office: Office, dana: User, authenticator: Authenticator, liar: LyingProvider
) -> None:
    """If the provider says that it asked for one."""
    assert authenticator.secret
    await with_sso(office, liar.issuer, trusts_mfa=True)
    browser, code = await came_back(dana, liar, amr=["pwd", "mfa"])
    answer = await browser.exchange(code)
    assert await desk(dana, answer.json()["access_token"]) == 200
    for methods in (["pwd"], [], None):
        browser, code = await came_back(dana, liar, amr=methods)
        assert refused(await browser.exchange(code)) == REQUIRED


async def test_staff_without_an_authenticator_see_only_themselves(dana: User, liar: LyingProvider) -> None:
    browser, code = await came_back(dana, liar)
    session = (await browser.exchange(code)).json()
    assert "set_up_totp" in session["next_steps"]
    assert await desk(dana, session["access_token"]) == REQUIRED
