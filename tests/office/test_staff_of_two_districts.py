"""Somebody who works for two districts: one login for both, and never a way around the second factor."""

from datetime import timedelta

import pytest

from app.clock import ManualClock
from app.portals import Portal
from app.services.clerk import StaffRole
from tests.support.authenticator import set_up
from tests.support.desk import give_role
from tests.support.office import Office
from tests.support.portal import Server, User, refused

Pair = tuple[User, User]


@pytest.fixture
async def both(server: Server) -> Pair:
    """Accounts in Wake and Brandywine, linked; in Brandywine with an authenticator."""
    wake = await consultant(await Office.open(server, "wake", "Wake County Schools", "NC"), StaffRole.HELP_DESK)
    brandywine = await consultant(
        await Office.open(server, "brandywine", "Brandywine Valley School District", "DE"), StaffRole.DISTRICT_ADMIN
    )
    code = (await wake.ask("POST", "/districts/link/codes")).json()["code"]
    assert (await brandywine.ask("POST", "/districts/link", json={"code": code})).status_code == 201
    return wake, brandywine


async def consultant(office: Office, role: StaffRole) -> User:
    person = await office.staff_member("Kim Vance")
    await give_role(office, person, role)
    user = await office.user(person, Portal.STAFF)
    assert (await user.activate()).status_code == 201
    return user


async def switch(here: User, there: User) -> User:
    """The app of `here`, switched to the account of `there`; keeps nothing where that is refused."""
    answer = await here.ask("POST", f"/districts/link/{there.session['account']['id']}/switch")
    switched = there.on_another_device()
    switched.session = answer.json()
    return switched


async def test_a_password_alone_does_not_switch_to_an_account_with_a_second_factor(both: Pair) -> None:
    wake, brandywine = both
    await set_up(brandywine)
    target = brandywine.session["account"]["id"]
    assert refused(await wake.ask("POST", f"/districts/link/{target}/switch")) == (403, "totp_required")


async def test_a_session_that_passed_one_takes_it_along(both: Pair) -> None:
    wake, brandywine = both
    await set_up(brandywine)
    await set_up(wake)
    switched = await switch(wake, brandywine)
    assert (await switched.ask("GET", "/admin/accounts", params={"q": "nobody"})).status_code == 200
    assert "set_up_totp" not in switched.session["next_steps"]


async def test_a_switched_session_brings_no_step_up_along_and_sets_up_nothing(both: Pair, clock: ManualClock) -> None:
    """What wants a step-up wants one of this very account; its authenticator is its own."""
    wake, brandywine = both
    app = await set_up(wake)
    clock.advance(timedelta(minutes=1))
    assert (await wake.ask("POST", "/me/step-up", json={"totp": app.next_code()})).status_code == 200
    switched = await switch(wake, brandywine)
    assert refused(await switched.ask("POST", "/me/totp")) == (401, "sign_in_again")
    body = {"person_id": str(brandywine.person_id), "channel": "in_person", "photo_id_checked": True}
    assert refused(await switched.ask("POST", "/admin/activation-keys", json=body)) == (401, "step_up_required")


async def test_where_the_link_ends_the_desk_is_closed(both: Pair) -> None:
    wake, brandywine = both
    await set_up(wake)
    switched = await switch(wake, brandywine)
    assert (await brandywine.ask("DELETE", f"/districts/link/{wake.session['account']['id']}")).status_code == 204
    assert refused(await switched.ask("GET", "/admin/accounts", params={"q": "nobody"})) == (401, "invalid_token")
