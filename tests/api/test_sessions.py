"""Where somebody is signed in, and how that ends."""

from datetime import timedelta
from uuid import uuid4

from app.clock import ManualClock
from tests.support.office import Office
from tests.support.portal import User, refused

ENDED = (401, "invalid_token")


async def test_sign_out_ends_this_session_and_no_other(maria: User) -> None:
    await maria.activate()
    laptop = maria.on_another_device()
    await laptop.sign_in()
    assert (await maria.sign_out()).status_code == 204
    assert refused(await maria.me()) == ENDED
    assert refused(await maria.refresh()) == ENDED
    assert (await laptop.me()).status_code == 200


async def test_sign_out_by_refresh_token_where_the_access_token_has_expired(maria: User, clock: ManualClock) -> None:
    await maria.activate()
    clock.advance(timedelta(minutes=11))
    assert refused(await maria.sign_out()) == ENDED
    body = {"refresh_token": maria.session["refresh_token"]}
    assert (await maria.http.post("/login/logout", json=body)).status_code == 204
    assert refused(await maria.refresh()) == ENDED


async def test_sign_out_twice_is_no_fault_and_a_made_up_token_signs_nobody_out(maria: User) -> None:
    await maria.activate()
    for token in (maria.session["refresh_token"], maria.session["refresh_token"], "crt_made_up"):
        answer = await maria.http.post("/login/logout", json={"refresh_token": token})
        assert answer.status_code == 204
    await maria.sign_in()
    token = maria.session["refresh_token"]
    made_up = token[:50] + ("A" if token[50] != "A" else "B") + token[51:]
    await maria.http.post("/login/logout", json={"refresh_token": made_up})
    assert (await maria.me()).status_code == 200


async def test_sign_out_with_both_tokens_ends_the_session_of_either(maria: User) -> None:
    """Whoever is told that he is signed out is signed out, also where the refresh token that came along was worthless."""
    await maria.activate()
    for refresh_token in (maria.session["refresh_token"], "crt_worthless"):
        await maria.sign_in()
        assert (await maria.ask("POST", "/login/logout", json={"refresh_token": refresh_token})).status_code == 204
        assert refused(await maria.me()) == ENDED


async def test_sign_out_wants_a_token(maria: User) -> None:
    assert refused(await maria.http.post("/login/logout")) == (401, "not_authenticated")
    assert refused(await maria.http.post("/login/logout", json={})) == (401, "not_authenticated")


async def test_the_list_of_sessions_names_devices_and_times(maria: User, clock: ManualClock) -> None:
    await maria.activate(device={"name": "Phone", "installation_id": "8f14e45f"})
    clock.advance(timedelta(minutes=5))
    laptop = maria.on_another_device()
    await laptop.sign_in(device={"name": "Laptop"})
    newest, oldest = await laptop.sessions()
    assert newest == {
        "id": newest["id"],
        "device_name": "Laptop",
        "shared": False,
        "signed_in_at": "2026-08-03T12:05:00Z",
        "last_used_at": "2026-08-03T12:05:00Z",
        "expires_at": "2026-08-17T12:05:00Z",
        "current": True,
    }
    assert (oldest["device_name"], oldest["current"]) == ("Phone", False)


async def test_a_lost_phone_is_signed_out_from_the_laptop(maria: User) -> None:
    await maria.activate(device={"name": "Phone"})
    laptop = maria.on_another_device()
    await laptop.sign_in()
    (phone,) = [session for session in await laptop.sessions() if not session["current"]]
    assert (await laptop.ask("DELETE", f"/me/sessions/{phone['id']}")).status_code == 204
    assert refused(await maria.me()) == ENDED
    assert refused(await maria.refresh()) == ENDED
    assert refused(await laptop.ask("DELETE", f"/me/sessions/{phone['id']}")) == (404, "not_found")
    assert len(await laptop.sessions()) == 1


async def test_d22_nobody_sees_or_ends_the_sessions_of_others(office: Office, maria: User) -> None:
    (rosa,) = await office.parents(1)
    await maria.activate()
    await rosa.activate()
    (session,) = await maria.sessions()
    assert session["id"] not in {mine["id"] for mine in await rosa.sessions()}
    assert refused(await rosa.ask("DELETE", f"/me/sessions/{session['id']}")) == (404, "not_found")
    assert refused(await rosa.ask("DELETE", f"/me/sessions/{uuid4()}")) == (404, "not_found")
    assert (await maria.me()).status_code == 200


async def test_d27_an_access_token_lasts_ten_minutes_and_no_second_more(maria: User, clock: ManualClock) -> None:
    await maria.activate()
    clock.advance(timedelta(seconds=599))
    assert (await maria.me()).status_code == 200
    clock.advance(timedelta(seconds=2))
    answer = await maria.me()
    assert refused(answer) == ENDED
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert (await maria.refresh()).status_code == 200
    assert (await maria.me()).status_code == 200


async def test_a_device_that_proves_itself_keeps_its_token_for_this_name_only(office: Office, maria: User) -> None:
    (rosa,) = await office.parents(1)
    await maria.activate()
    await rosa.activate()
    known = {"device_token": maria.session["device_token"]}
    assert (await maria.sign_in(device=known)).json()["device_token"] == known["device_token"]
    assert (await rosa.sign_in(device=known)).json()["device_token"] != known["device_token"]
    assert (await maria.sign_in()).json()["device_token"] != known["device_token"]
    for nonsense in ("cdt_", "cdt_AAAA", "\u00e4\u00f6\u00fc", maria.session["access_token"][:500]):
        assert (await maria.sign_in(device={"device_token": nonsense})).status_code == 200


async def test_the_language_of_the_account_can_be_changed(maria: User) -> None:
    await maria.activate()
    assert (await maria.ask("PATCH", "/me", json={"locale": "es-MX"})).json()["locale"] == "es-MX"
    assert (await maria.me()).json()["locale"] == "es-MX"
    answer = await maria.ask("PATCH", "/me", json={"locale": "x" * 40})
    assert refused(answer) == (422, "validation_failed")
