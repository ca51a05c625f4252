"""An app goes from one account of its owner to the next, and stops as soon as it should not (D25, D26)."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from app.clock import ManualClock
from tests.linking.families import Login, Region, link, reset_by_mail
from tests.support.authenticator import set_up
from tests.support.passkeys import Phone, register, sign_in, step_up
from tests.support.portal import refused
from tests.support.recovery import NEW_PASSWORD

ADDRESS = "maria@mail.example.org"
ENDED = (401, "invalid_token")
NOT_FOUND = (404, "not_found")
NOT_AVAILABLE = (403, "linking_not_available")

Mishap = Callable[[Login, Login], Awaitable[object]]
"""What happens to the account that was signed in to and the one that was switched to."""


async def test_a_switched_session_does_all_that_a_session_does(region: Region) -> None:
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    answer = await wake.switch_to(kent)
    assert answer.json()["account"] == (await kent.me()).json()
    assert answer.json()["push_activated"] is False
    there = await wake.switched_to(kent)
    assert await there.students() == ["Kent"]
    assert (await there.ask("PATCH", "/me", json={"locale": "es"})).json()["locale"] == "es"
    assert (await there.register()).status_code == 204
    assert await there.linked_with() == ["wake"]
    assert (await there.refresh()).status_code == 200
    assert (await there.refresh()).json()["account"]["id"] == kent.account_id
    assert await wake.students() == ["Wake"], "the session here goes on"
    assert (await there.sign_out()).status_code == 204
    assert await there.is_refused_everywhere()


async def test_d26_a_switched_session_has_the_sign_in_and_the_end_of_its_parent(
    region: Region, clock: ManualClock
) -> None:
    """However often one switches and refreshes."""
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    signed_in_at = (await wake.current_session())["signed_in_at"]
    for _ in range(3):
        clock.advance(timedelta(days=9))
        await wake.refresh()
        there = await wake.switched_to(kent)
        back = await there.switched_to(wake)
        for session in (there, back):
            assert (await session.current_session())["signed_in_at"] == signed_in_at
    clock.advance(timedelta(days=3) - timedelta(seconds=1))
    assert (await there.refresh()).status_code == (await back.refresh()).status_code == 200
    clock.advance(timedelta(seconds=1))
    assert await there.is_refused_everywhere()
    assert await back.is_refused_everywhere()


async def test_an_account_with_a_second_factor_is_switched_to_by_whoever_has_passed_one(
    region: Region, clock: ManualClock
) -> None:
    """An app of either account, or a passkey; a password typed once more is no second factor."""
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    await set_up(kent)
    assert refused(await wake.switch_to(kent)) == (403, "totp_required")
    assert (await step_up(wake)).status_code == 200
    assert refused(await wake.switch_to(kent)) == (403, "totp_required")
    phone = await register(wake, Phone("https://localhost"))
    by_passkey = wake.on_another_device()
    assert (await sign_in(by_passkey, phone)).status_code == 200
    assert (await by_passkey.switch_to(kent)).status_code == 200
    own = await set_up(wake)
    assert (await wake.switch_to(kent)).status_code == 200
    clock.advance(timedelta(minutes=1))
    assert (await step_up(wake, totp=own.next_code())).status_code == 200


async def test_a_shared_device_stays_one_after_a_switch(region: Region, clock: ManualClock) -> None:
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    library = await wake.again(device={"shared": True})
    clock.advance(timedelta(minutes=40))
    await library.refresh()
    there = await library.switched_to(kent)
    assert "device_token" not in there.session
    assert (await there.current_session())["shared"] is True
    clock.advance(timedelta(minutes=20))
    assert await there.is_refused_everywhere()


async def test_d26_nobody_switches_to_an_account_that_is_not_linked(region: Region) -> None:
    wake, kent, stranger, former = await region.family("wake", "kent", "sussex", "durham")
    await link(wake, kent)
    await link(wake, former)
    await wake.unlink(former)
    nobody = Login(**{**vars(kent), "account_id": "00000000-0000-4000-8000-000000000000"})
    for other in (stranger, former, nobody, wake):
        assert refused(await wake.switch_to(other)) == NOT_FOUND
    for other in (wake, kent):
        assert refused(await stranger.switch_to(other)) == NOT_FOUND


async def test_one_switches_on_from_account_to_account_and_back(region: Region) -> None:
    wake, kent, sussex = await region.family("wake", "kent", "sussex")
    await link(wake, kent)
    await link(kent, sussex)
    second = await wake.switched_to(kent)
    third = await second.switched_to(sussex)
    back = await third.switched_to(wake)
    for session, child in ((second, "Kent"), (third, "Sussex"), (back, "Wake"), (wake, "Wake")):
        assert await session.students() == [child]


async def the_target_is_disabled(_: Login, target: Login) -> None:
    await target.office.disable(target)


async def the_root_is_disabled(root: Login, _: Login) -> None:
    await root.office.disable(root)


async def the_target_loses_its_portal_flag(_: Login, target: Login) -> None:
    await target.office.take_portal_away(target)


async def the_root_loses_its_portal_flag(root: Login, _: Login) -> None:
    await root.office.take_portal_away(root)


async def the_target_leaves_the_roster(_: Login, target: Login) -> None:
    await target.office.end(target.person_id)


async def the_office_resets_the_target(_: Login, target: Login) -> None:
    await target.office.reset(target)


async def the_office_resets_the_root(root: Login, _: Login) -> None:
    await root.office.reset(root)


async def the_root_unlinks_the_target(root: Login, target: Login) -> None:
    assert (await root.unlink(target)).status_code == 204


async def the_target_unlinks_itself(_: Login, target: Login) -> None:
    assert (await target.unlink(target)).status_code == 204


async def the_target_unlinks_the_root(root: Login, target: Login) -> None:
    assert (await target.unlink(root)).status_code == 204


async def the_target_starts_over_with_a_key(_: Login, target: Login) -> None:
    target.key = await target.office.key_for(target.person_id, target.portal)
    assert (await target.activate()).status_code == 201


async def the_root_starts_over_with_a_key(root: Login, _: Login) -> None:
    other = root.on_another_device()
    other.key = await root.office.key_for(root.person_id, root.portal)
    assert (await other.activate()).status_code == 201


async def the_target_is_reset_by_mail(_: Login, target: Login) -> None:
    await target.own_address(ADDRESS)
    await reset_by_mail(target)


async def the_root_is_reset_by_mail(root: Login, _: Login) -> None:
    await root.own_address(ADDRESS)
    await reset_by_mail(root)


async def the_target_s_district_switches_linking_off(_: Login, target: Login) -> None:
    await target.office.set("features.linking=false")


async def the_root_s_district_switches_linking_off(root: Login, _: Login) -> None:
    await root.office.set("features.linking=false")


async def test_d25_whatever_happens_the_next_switch_and_the_next_request_are_refused(region: Region) -> None:
    cases: list[tuple[Mishap, tuple[int, str]]] = [
        (the_target_is_disabled, NOT_FOUND),
        (the_root_is_disabled, ENDED),
        (the_target_loses_its_portal_flag, NOT_FOUND),
        (the_root_loses_its_portal_flag, ENDED),
        (the_target_leaves_the_roster, NOT_FOUND),
        (the_office_resets_the_target, NOT_FOUND),
        (the_office_resets_the_root, ENDED),
        (the_root_unlinks_the_target, NOT_FOUND),
        (the_target_unlinks_itself, NOT_FOUND),
        (the_target_unlinks_the_root, NOT_FOUND),
        (the_target_starts_over_with_a_key, NOT_FOUND),
        (the_root_starts_over_with_a_key, ENDED),
        (the_target_is_reset_by_mail, NOT_FOUND),
        (the_root_is_reset_by_mail, ENDED),
        (the_root_s_district_switches_linking_off, NOT_AVAILABLE),
        (the_target_s_district_switches_linking_off, NOT_AVAILABLE),
    ]
    seen = {mishap.__name__: await outcome_of(mishap, region) for mishap, _ in cases}
    assert seen == {mishap.__name__: (refusal, ENDED, ENDED) for mishap, refusal in cases}


async def outcome_of(mishap: Mishap, region: Region) -> tuple[object, ...]:
    """What the next switch, request and refresh say."""
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    there = await wake.switched_to(kent)
    await mishap(wake, kent)
    answers = await wake.switch_to(kent), await there.me(), await there.refresh()
    for login in (wake, kent):
        await login.office.set("features.linking=true")
    return tuple(answer.is_success or refused(answer) for answer in answers)


async def test_d25_who_lost_the_account_that_was_signed_in_to_is_out_everywhere(region: Region) -> None:
    """Also after switching there and back and on: it was one sign-in."""
    wake, kent, sussex = await region.family("wake", "kent", "sussex")
    await link(wake, kent)
    await link(kent, sussex)
    there = await wake.switched_to(kent)
    on = await there.switched_to(sussex)
    back = await there.switched_to(wake)
    beyond = await back.switched_to(sussex)
    await wake.office.disable(wake)
    for session in (there, on, back, beyond):
        assert await session.is_refused_everywhere()
    await wake.office.enable(wake)
    for session in (there, on, back, beyond):
        assert await session.is_refused_everywhere(), "what has ended stays ended"


async def test_d25_what_has_ended_stays_ended_when_access_comes_back(region: Region) -> None:
    """A district that is maintained, or has linking off for an hour, ends nothing."""
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    for login in (wake, kent):
        there = await wake.switched_to(kent)
        await login.office.take_portal_away(login)
        await login.office.give_portal_back(login)
        assert await there.is_refused_everywhere()
        wake = await wake.again()
    there = await wake.switched_to(kent)
    await kent.office.set("features.linking=false")
    await kent.office.set("features.linking=true")
    assert (await there.me()).status_code == 200


async def test_a_maintained_district_is_entered_by_nobody_who_comes_from_elsewhere(
    region: Region, clock: ManualClock
) -> None:
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    there = await wake.switched_to(kent)
    until = clock.now() + timedelta(minutes=5)
    await kent.office.set(f"maintenance_until={until.isoformat()}")
    for answer in (await wake.switch_to(kent), await there.me(), await there.refresh()):
        assert refused(answer) == (503, "maintenance")
        assert answer.headers["retry-after"] == "300"
    assert (await wake.me()).status_code == 200
    clock.advance(timedelta(minutes=5))
    assert (await there.refresh()).status_code == (await there.me()).status_code == 200
    assert (await wake.switch_to(kent)).status_code == 200


async def test_a_portal_that_the_district_has_shut_is_not_switched_to(region: Region) -> None:
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    await kent.office.set("portals=student")
    assert refused(await wake.switch_to(kent)) == (403, "feature_disabled")


async def test_an_account_that_is_locked_for_the_day_is_not_switched_to(region: Region, clock: ManualClock) -> None:
    """Where a district locks accounts after too many requests for usernames, switching is no way around."""
    wake, kent = await region.family("wake", "kent", address=ADDRESS)
    await link(wake, kent)
    await kent.office.set("username_recovery.lockout=account")
    for _ in range(6):
        await kent.ask_for_usernames(f"kent+{ADDRESS}")
    assert refused(await kent.on_another_device().sign_in()) == (403, "account_locked")
    assert (await wake.switch_to(kent)).status_code in {403, 404}
    clock.advance(timedelta(hours=24))
    await wake.refresh()
    assert (await wake.switch_to(kent)).status_code == 200


async def test_signing_out_here_does_not_sign_out_there(region: Region) -> None:
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    there = await wake.switched_to(kent)
    assert (await wake.sign_out()).status_code == 204
    assert (await there.me()).status_code == (await there.refresh()).status_code == 200
    assert refused(await wake.switch_to(kent)) == ENDED


async def test_a_lost_phone_is_signed_out_with_all_that_it_switched_to(region: Region) -> None:
    wake, kent, sussex = await region.family("wake", "kent", "sussex")
    await link(wake, kent)
    await link(kent, sussex)
    at_home = await wake.again()
    kept = await at_home.switched_to(kent)
    there = await wake.switched_to(kent)
    on = await there.switched_to(sussex)
    back = await there.switched_to(wake)
    lost = (await wake.current_session())["id"]
    assert (await at_home.ask("DELETE", f"/me/sessions/{lost}")).status_code == 204
    for session in (wake, there, on, back):
        assert await session.is_refused_everywhere()
    assert (await kept.me()).status_code == (await at_home.me()).status_code == 200


async def test_nobody_ends_the_sessions_of_a_linked_account(region: Region) -> None:
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    there = (await kent.current_session())["id"]
    assert refused(await wake.ask("DELETE", f"/me/sessions/{there}")) == NOT_FOUND


async def test_d25_a_new_password_ends_what_others_switched_to(region: Region) -> None:
    wake, kent, sussex = await region.family("wake", "kent", "sussex")
    await link(wake, kent)
    await link(kent, sussex)
    thief = await wake.again()
    there = await thief.switched_to(kent)
    on = await there.switched_to(sussex)
    back = await there.switched_to(wake)
    beyond = await back.switched_to(sussex)
    mine = await wake.switched_to(kent)
    assert (await wake.change_password(NEW_PASSWORD)).status_code == 204
    for session in (thief, there, on, back, beyond):
        assert await session.is_refused_everywhere()
    assert (await mine.me()).status_code == 200


async def test_a_new_password_of_the_target_ends_what_was_switched_to_it(region: Region) -> None:
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    there = await wake.switched_to(kent)
    assert (await kent.change_password(NEW_PASSWORD)).status_code == 204
    assert await there.is_refused_everywhere()
    assert (await wake.switch_to(kent)).status_code == 200, "the two are linked as before"
