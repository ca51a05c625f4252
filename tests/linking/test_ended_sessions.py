"""What a session had begun ends with it: a link code in the hand of whoever was thrown out, an authenticator that waits for its first code (D31)."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from app.clock import ManualClock
from tests.linking.families import Login, Region
from tests.support.authenticator import Authenticator
from tests.support.portal import refused

UNKNOWN, INVALID = (404, "link_code_invalid"), (401, "invalid_token")


async def ended_from_elsewhere(lost: Login, owner: Login) -> None:
    session_id = (await lost.current_session())["id"]
    assert (await owner.ask("DELETE", f"/me/sessions/{session_id}")).status_code == 204


async def password_changed(_lost: Login, owner: Login) -> None:
    assert (await owner.change_password()).status_code == 204


async def password_guessed(lost: Login, _owner: Login) -> None:
    for _ in range(5):
        assert (await lost.change_password(current_password="a guess")).status_code == 403


async def token_used_by_two(lost: Login, _owner: Login) -> None:
    first = lost.session["refresh_token"]
    for _ in range(2):
        assert (await lost.refresh()).status_code == 200
    assert refused(await lost.on_another_device().refresh(first)) == INVALID


@pytest.mark.parametrize("end", [ended_from_elsewhere, password_changed, password_guessed, token_used_by_two])
async def test_d31_whoever_is_thrown_out_has_no_code_left(
    region: Region, end: Callable[[Login, Login], Awaitable[None]]
) -> None:
    owner, stranger = await region.family("wake", "kent")
    lost = await owner.again()
    code = await lost.show_code()
    await end(lost, owner)
    assert refused(await lost.me()) == INVALID
    assert refused(await stranger.redeem(code)) == UNKNOWN


async def test_whoever_signs_out_herself_may_type_her_code_in_another_district(region: Region) -> None:
    """An app that holds one session at a time can link two accounts, too."""
    wake, kent = await region.family("wake", "kent")
    code = await wake.show_code()
    assert (await wake.sign_out()).status_code == 204
    assert (await kent.redeem(code)).status_code == 201


async def test_d31_what_was_begun_before_the_sign_out_is_not_finished_after_it(
    region: Region, clock: ManualClock
) -> None:
    """An authenticator that waits for its first code, a lost answer to a refresh, a step-up."""
    (maria,) = await region.family("wake")
    enrolment = (await maria.ask("POST", "/me/totp")).json()
    assert (await maria.ask("POST", "/me/step-up", json={"password": maria.password})).status_code == 200
    lost_answer = maria.session["refresh_token"]
    assert (await maria.refresh()).status_code == 200
    assert (await maria.sign_out()).status_code == 204
    clock.advance(timedelta(seconds=1))
    first_code = Authenticator(enrolment["secret"], clock).code()
    assert refused(await maria.ask("POST", "/me/totp/confirm", json={"totp": first_code})) == INVALID
    assert refused(await maria.on_another_device().refresh(lost_answer)) == INVALID
    assert (await (await maria.again()).me()).status_code == 200, "no code is asked for"
