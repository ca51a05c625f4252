"""Whoever loses access is refused at the next request, not when a token happens to expire (D25)."""

import asyncio

from app.portals import Portal
from tests.support.gate import GatedHashPool
from tests.support.office import Office
from tests.support.portal import User, refused

ENDED = (401, "invalid_token")
WRONG = (401, "invalid_credentials")
NO_ACCESS = {401, 403, 409, 410}


async def test_d25_switched_off(office: Office, maria: User) -> None:
    await maria.activate()
    await office.disable(maria)
    assert refused(await maria.me()) == ENDED
    assert refused(await maria.refresh()) == ENDED
    answer = await maria.sign_in()
    assert refused(answer) == (403, "account_locked")
    assert answer.json()["reason"] == "disabled"
    assert refused(await maria.sign_in(password="wrong")) == WRONG, "only the right password is told why"
    await office.enable(maria)
    assert refused(await maria.me()) == ENDED, "what has ended stays ended"
    assert (await maria.sign_in()).status_code == 200


async def test_d25_portal_flag_off(office: Office, maria: User) -> None:
    await maria.activate()
    await office.take_portal_away(maria)
    assert refused(await maria.me()) == ENDED
    assert refused(await maria.refresh()) == ENDED
    answer = await maria.sign_in()
    assert refused(answer) == (403, "account_locked")
    assert answer.json()["reason"] == "no_portal_access"
    assert refused(await maria.sign_in(password="wrong")) == WRONG


async def test_d25_started_over_by_the_office(office: Office, maria: User) -> None:
    account = (await maria.activate()).json()["account"]
    maria.key = await office.reset(maria)
    assert refused(await maria.me()) == ENDED
    assert refused(await maria.refresh()) == ENDED
    assert refused(await maria.sign_in()) == WRONG, "the old password is off"
    again = await maria.activate(password="Quiet harbour 17", password_confirm="Quiet harbour 17")
    assert again.json()["account"] == account
    assert refused(await maria.sign_in()) == WRONG
    assert (await maria.sign_in(password="Quiet harbour 17")).status_code == 200


async def test_d25_left_the_roster(office: Office, maria: User) -> None:
    await maria.activate()
    await office.end(maria.person_id)
    assert refused(await maria.me()) == ENDED
    assert refused(await maria.refresh()) == ENDED
    assert refused(await maria.sign_in()) == (403, "account_locked")


async def test_d25_the_last_child_left_the_roster(office: Office) -> None:
    child = await office.student("Eva Diaz")
    rosa = await office.user(await office.guardian("Rosa Diaz", [child]), Portal.PARENT)
    await rosa.activate()
    await office.end(child)
    assert refused(await rosa.me()) == ENDED
    assert refused(await rosa.sign_in()) == (403, "account_locked")


async def test_a_parent_who_keeps_one_child_stays_signed_in_and_sees_only_that_one(office: Office) -> None:
    eva, ivo = await office.student("Eva Diaz"), await office.student("Ivo Diaz")
    rosa = await office.user(await office.guardian("Rosa Diaz", [eva, ivo]), Portal.PARENT)
    await rosa.activate()
    await office.end(eva)
    assert await rosa.students() == ["Ivo"]


async def test_others_notice_nothing(office: Office, maria: User) -> None:
    (rosa,) = await office.parents(1)
    await maria.activate()
    await rosa.activate()
    await office.disable(maria)
    assert (await rosa.me()).status_code == 200
    assert (await rosa.refresh()).status_code == 200


async def test_d25_a_key_from_before_does_not_switch_an_account_on_again(office: Office, maria: User) -> None:
    await maria.activate()
    maria.key = await office.key_for(maria.person_id, Portal.PARENT)
    await office.disable(maria)
    assert (await maria.activate()).status_code in NO_ACCESS
    assert refused(await maria.sign_in()) == (403, "account_locked")


async def test_d25_access_lost_while_the_password_is_verified(office: Office, maria: User, gate: GatedHashPool) -> None:
    await gate.let_through(maria.activate())
    await maria.sign_out()
    for lose, restore in (
        (office.take_portal_away, office.give_portal_back),
        (office.disable, office.enable),
        (office.reset, office.enable),
    ):
        signing_in = asyncio.create_task(maria.on_another_device().sign_in())
        go = await gate.arrival()
        await lose(maria)
        go.set()
        assert (await signing_in).status_code in NO_ACCESS
        assert await office.live_sessions(maria) == 0
        await restore(maria)


async def test_d25_of_those_who_sign_in_while_access_is_taken_away_none_stays_in(office: Office, maria: User) -> None:
    await maria.activate()
    for milliseconds in (0, 15, 30):
        devices = [maria.on_another_device() for _ in range(4)]
        signing_in = [asyncio.create_task(device.sign_in()) for device in devices]
        await asyncio.sleep(milliseconds / 1_000)
        await office.take_portal_away(maria)
        assert {answer.status_code for answer in await asyncio.gather(*signing_in)} <= {200, 403}
        assert await office.live_sessions(maria) == 0
        await office.give_portal_back(maria)


async def test_d25_access_lost_while_a_key_is_redeemed(office: Office, maria: User, gate: GatedHashPool) -> None:
    activating = asyncio.create_task(maria.activate())
    go = await gate.arrival()
    await office.take_portal_away(maria)
    go.set()
    assert (await activating).status_code in NO_ACCESS
    await office.give_portal_back(maria)
    assert (await gate.let_through(maria.activate())).status_code == 201, "the refusal did not use the key up"


async def test_d25_a_key_replaced_while_it_is_redeemed_opens_nothing(
    office: Office, maria: User, gate: GatedHashPool
) -> None:
    activating = asyncio.create_task(maria.activate())
    go = await gate.arrival()
    lost, maria.key = maria.key, await office.key_for(maria.person_id, Portal.PARENT)
    go.set()
    assert (await activating).status_code in {404, 409}
    assert refused(await maria.activate(activation_key=lost)) == (404, "activation_key_invalid")
    assert (await gate.let_through(maria.activate())).status_code == 201
