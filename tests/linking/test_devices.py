"""Where push messages go: a phone that a parent has, shares, loses or forgets."""

from datetime import timedelta

from sqlalchemy import select

from app.clock import ManualClock
from app.models import PushDevice
from tests.linking.families import Login, Region, link, reset_by_mail
from tests.support.portal import refused

TOKEN = "fcm-token-0123456789-of-this-very-phone"
PHONE = "phone-1"
ADDRESS = "maria@mail.example.org"


async def test_the_first_switch_on_a_known_phone_turns_messages_on_there(region: Region) -> None:
    """And only the first; the phone is the session's own unless the app names another."""
    wake, kent, sussex = await region.family("wake", "kent", "sussex")
    await link(wake, kent)
    await link(kent, sussex)
    assert await activated(wake, kent) is False, "no app has registered yet"
    await wake.register()
    assert await activated(wake, kent) is True
    assert await activated(wake, kent) is False
    assert await activated(wake, sussex, installation_id="phone-2") is False, "a phone that nobody registered"
    there = await wake.switched_to(kent)
    assert await activated(there, sussex) is True, "from the second to the third"
    assert await activated(there, wake) is False
    assert await region.devices() == {("wake", PHONE), ("kent", PHONE), ("sussex", PHONE)}


async def test_what_the_owner_switched_off_no_switch_turns_on_again(region: Region) -> None:
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    await wake.register()
    there = await wake.switched_to(kent)
    assert (await there.unregister()).status_code == 204
    assert refused(await there.unregister()) == (404, "not_found")
    assert await activated(wake, kent) is False
    assert await region.devices() == {("wake", PHONE)}
    await there.register()
    assert await region.devices() == {("wake", PHONE), ("kent", PHONE)}, "but she may herself"


async def test_who_switched_messages_off_here_gets_none_there(region: Region) -> None:
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    await wake.register()
    await wake.unregister()
    assert await activated(wake, kent) is False
    assert await region.devices() == set()


async def test_a_district_may_have_no_push_messages(region: Region) -> None:
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    await kent.office.set("features.push=false")
    assert refused(await kent.register()) == (403, "feature_disabled")
    await wake.register(for_linked=True)
    assert await activated(wake, kent) is False
    assert await region.devices() == {("wake", PHONE)}


async def test_one_registration_for_all_linked_accounts(region: Region, clock: ManualClock) -> None:
    wake, kent, sussex, stranger = await region.family("wake", "kent", "sussex", "durham")
    await link(wake, kent)
    await link(kent, sussex)
    await sussex.office.disable(sussex)
    await stranger.register("phone-9")
    assert (await wake.register(for_linked=True)).status_code == 204
    assert await region.devices() == {("wake", PHONE), ("kent", PHONE), ("durham", "phone-9")}
    clock.advance(timedelta(minutes=1))
    assert (await wake.register(for_linked=True)).status_code == 204, "at each start of the app"
    assert await activated(wake, kent) is False


async def test_a_shared_phone_writes_to_whoever_registered_it_last(region: Region) -> None:
    """Unless the two are linked: by the app's own number or by the provider's token, which a reinstallation keeps."""
    wake, kent, rosa = await region.family("wake", "kent", "durham")
    await link(wake, kent)
    await wake.register(push_token=TOKEN)
    await kent.register(push_token=TOKEN)
    assert await region.devices() == {("wake", PHONE), ("kent", PHONE)}
    await rosa.register("phone-2", push_token=TOKEN)
    assert await region.devices() == {("durham", "phone-2")}
    await wake.register("phone-2", push_token="fcm-another-token")
    assert await region.devices() == {("wake", "phone-2")}


async def test_a_phone_is_not_shared_with_suspended_or_former_relatives(region: Region) -> None:
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    await wake.register(push_token=TOKEN)
    await wake.office.reset(wake)
    await kent.register(push_token=TOKEN)
    assert await region.devices() == {("kent", PHONE)}


async def test_unlinking_leaves_a_phone_to_one_account(region: Region) -> None:
    for ends in ("wake", "kent"):
        wake, kent = await region.family("wake", "kent")
        await link(wake, kent)
        await wake.register(push_token=TOKEN)
        await wake.switched_to(kent)
        await (wake if ends == "wake" else kent).unlink(kent)
        assert len(await region.devices()) == 1
        await wake.unregister()
        await kent.unregister()


async def test_messages_end_with_the_sign_out(region: Region) -> None:
    """Of this account, on this device."""
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    tablet = await wake.again(device={"installation_id": "tablet"})
    await wake.register()
    await tablet.register("tablet")
    there = await wake.switched_to(kent)
    await wake.sign_out()
    assert await region.devices() == {("wake", "tablet"), ("kent", PHONE)}
    await there.http.post("/login/logout", json={"refresh_token": there.session["refresh_token"]})
    assert await region.devices() == {("wake", "tablet")}


async def test_messages_end_on_a_lost_phone_for_all_accounts_that_were_open_there(region: Region) -> None:
    wake, kent, sussex = await region.family("wake", "kent", "sussex")
    await link(wake, kent)
    await link(kent, sussex)
    await wake.register()
    await (await wake.switched_to(kent)).switched_to(sussex)
    assert len(await region.devices()) == 3
    at_home = await wake.again(device={"installation_id": "desk"})
    lost = (await wake.current_session())["id"]
    assert (await at_home.ask("DELETE", f"/me/sessions/{lost}")).status_code == 204
    assert await region.devices() == set()


async def test_nobody_switches_messages_off_by_ending_a_stranger_s_session(region: Region) -> None:
    wake, stranger = await region.family("wake", "kent")
    await wake.register()
    session = (await wake.current_session())["id"]
    assert refused(await stranger.ask("DELETE", f"/me/sessions/{session}")) == (404, "not_found")
    assert await region.devices() == {("wake", PHONE)}


async def test_messages_end_with_disable_and_reset(region: Region) -> None:
    wake, kent, sussex, durham = await region.family("wake", "kent", "sussex", "durham")
    await durham.own_address(ADDRESS)
    for login in (wake, kent, sussex, durham):
        await login.register(f"phone-of-{login.district}")
    await wake.office.disable(wake)
    await kent.office.reset(kent)
    await reset_by_mail(durham)
    assert await region.devices() == {("sussex", "phone-of-sussex")}


async def test_a_new_password_stops_the_messages_of_the_devices_that_it_signs_out(region: Region) -> None:
    (wake,) = await region.family("wake")
    thief = await wake.again(device={"installation_id": "thief"})
    await thief.register("thief")
    await wake.register()
    assert (await wake.change_password()).status_code == 204
    assert not await thief.is_signed_in()
    assert await region.devices() == {("wake", PHONE)}


async def test_a_device_that_was_not_heard_of_for_90_days_is_forgotten(region: Region, clock: ManualClock) -> None:
    wake, kent = await region.family("wake", "kent")
    await wake.register()
    clock.advance(timedelta(days=1))
    await (await kent.again()).register("phone-2")
    clock.advance(timedelta(days=89))
    await region.post.server.campus.pruning.prune()
    assert await region.devices() == {("kent", "phone-2")}


async def test_tokens_rest_sealed(region: Region) -> None:
    (wake,) = await region.family("wake")
    await wake.register(push_token=TOKEN, locale="es")
    assert TOKEN not in await region.everything_in(PushDevice)
    campus = region.post.server.campus
    async with campus.database.reading() as connection:
        device = (await connection.execute(select(PushDevice.sealed_token, PushDevice.locale))).one()
    assert (campus.digests.unseal(device.sealed_token), device.locale) == (TOKEN, "es")


async def test_a_new_token_takes_the_place_of_the_old_one(region: Region) -> None:
    (wake,) = await region.family("wake")
    await wake.register(push_token="fcm-old")
    await wake.register(push_token=TOKEN)
    campus = region.post.server.campus
    async with campus.database.reading() as connection:
        (device,) = (await connection.execute(select(PushDevice.sealed_token))).all()
    assert campus.digests.unseal(device.sealed_token) == TOKEN


async def activated(here: Login, other: Login, **body: object) -> bool:
    """Whether this switch turned messages on."""
    answer = await here.switch_to(other, **body)
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["push_activated"])
