"""An authenticator app for parents and students who want one: from setting it up to losing it, and what brings them back in."""

from datetime import timedelta
from uuid import UUID

import pytest

from app.clock import ManualClock
from app.portals import Portal
from tests.support.authenticator import set_up
from tests.support.desk import at_desk
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.passkeys import Phone, add, begin, register, sign_in, step_up
from tests.support.portal import refused
from tests.support.recovery import DISPUTE, NEW_PASSWORD, RESET, Owner, Post

REQUIRED, STEP_UP, FORBIDDEN = (403, "totp_required"), (401, "step_up_required"), (403, "forbidden")
INVALID, GONE = (403, "passkey_invalid"), (404, "not_found")


async def test_a_parent_sets_it_up_signs_in_with_it_and_turns_it_off(
    maria: Owner, post: Post, clock: ManualClock
) -> None:
    assert (await maria.ask("GET", "/me/totp")).json() == {"set_up": False, "recovery_codes_left": 0}
    assert refused(await maria.ask("DELETE", "/me/totp")) == GONE
    app = await set_up(maria)
    codes = maria.session["recovery_codes"]
    clock.advance(timedelta(minutes=1))
    elsewhere = maria.on_another_device()
    assert refused(await elsewhere.sign_in()) == REQUIRED
    assert (await elsewhere.sign_in(totp=app.next_code())).status_code == 200
    assert (await maria.on_another_device().sign_in(totp=codes[0])).status_code == 200
    shown = (await maria.ask("GET", "/me/totp")).json()
    assert shown == {"set_up": True, "set_up_at": "2026-08-03T12:00:00Z", "recovery_codes_left": 9}
    await post.deliver()
    assert refused(await maria.ask("DELETE", "/me/totp")) == STEP_UP
    assert refused(await step_up(maria, password=maria.password)) == REQUIRED, "a password is no proof of the app"
    assert (await step_up(maria, totp=codes[1])).status_code == 200
    assert (await maria.ask("DELETE", "/me/totp")).status_code == 204
    assert [mail.message["Subject"] for mail in await post.deliver()] == [
        "Jackson County Schools: a recovery code was used",
        "Jackson County Schools: the authenticator app was turned off",
    ]
    assert (await maria.on_another_device().sign_in()).status_code == 200
    activity = [item["kind"] for item in (await maria.ask("GET", "/me/activity")).json()["items"]]
    assert [kind for kind in activity if kind.startswith("totp")] == ["totp_removed", "totp_set_up"]
    again = await set_up(maria)
    assert refused(await maria.on_another_device().sign_in(totp=codes[2])) == (403, "totp_invalid")
    assert again.secret != app.secret


async def test_a_student_has_one_too_and_staff_cannot_turn_theirs_off(office: Office, post: Post) -> None:
    student = await office.student("Ana Lopez", number="0123456")
    ana = Owner.of(await office.user(student, Portal.STUDENT), post)
    assert (await ana.activate()).status_code == 201
    app = await set_up(ana)
    assert refused(await ana.on_another_device().sign_in()) == REQUIRED
    assert (await step_up(ana, totp=app.next_code())).status_code == 200
    assert (await ana.ask("DELETE", "/me/totp")).status_code == 204
    dana = await at_desk(office)
    assert refused(await dana.ask("DELETE", "/me/totp")) == FORBIDDEN


async def test_a_reset_by_mail_leaves_app_and_passkeys_and_says_so_before(maria: Owner, clock: ManualClock) -> None:
    """Whoever has the mailbox has no second factor; and an owner who forgot the password keeps her phone's passkey."""
    phone = await register(maria)
    link = await maria.reset_link()
    assert (await maria.check(link)).json()["asks_for_code"] is False
    app = await set_up(maria)
    clock.advance(timedelta(minutes=1))
    assert (await maria.check(link)).json()["asks_for_code"] is True
    assert (await maria.reset(link)).status_code == 204
    elsewhere = maria.on_another_device()
    assert refused(await elsewhere.sign_in()) == REQUIRED
    assert (await elsewhere.sign_in(totp=app.next_code())).status_code == 200
    assert (await sign_in(maria.on_another_device(), phone)).status_code == 200


@pytest.mark.parametrize("portal", [Portal.PARENT, Portal.STAFF])
async def test_it_was_not_me_takes_the_passkeys_and_what_a_stranger_has_set_up(
    office: Office, post: Post, portal: Portal
) -> None:
    """Else a stranger who knew the password would keep the owner out. Of staff the app stays: a mailbox does not open the office."""
    person = await office.staff_member("Dana Reed") if portal is Portal.STAFF else (await office.parent()).person_id
    dana = Owner.of(await office.user(person, portal), post)
    assert (await dana.activate()).status_code == 201
    await dana.own_address()
    stranger = dana.on_another_device()
    assert (await stranger.sign_in()).status_code == 200
    await post.deliver()
    app = await set_up(stranger)
    dispute = (await post.one(DISPUTE)).token(DISPUTE)
    assert (await step_up(stranger, totp=app.next_code())).status_code == 200
    phone = Phone()
    assert (await add(stranger, phone.create(await begin(stranger)))).status_code == 201
    await post.deliver()
    assert (await dana.dispute(dispute)).status_code == 204
    assert refused(await sign_in(stranger, phone)) == INVALID
    assert (await dana.reset((await post.one(RESET)).token())).status_code == 204
    answer = await dana.on_another_device().sign_in()
    assert (answer.status_code if portal is Portal.PARENT else refused(answer)) in (200, REQUIRED)
    assert answer.is_success is (portal is Portal.PARENT)


async def test_an_app_from_before_what_is_disputed_stays(maria: Owner, post: Post, clock: ManualClock) -> None:
    app = await set_up(maria)
    clock.advance(timedelta(hours=1))
    await maria.refresh()
    await post.deliver()
    assert (await maria.change_password()).status_code == 204
    assert (await maria.dispute((await post.one(DISPUTE)).token(DISPUTE))).status_code == 204
    assert (await maria.reset((await post.one(RESET)).token(), "Steady lantern 88")).status_code == 204
    assert refused(await maria.on_another_device().sign_in()) == REQUIRED
    assert (await maria.on_another_device().sign_in(totp=app.next_code())).status_code == 200


async def test_the_office_brings_back_who_lost_phone_and_codes(maria: Owner, office: Office) -> None:
    """Face to face: with a key the account begins anew, without app and passkeys. The help desk sees that it has them."""
    phone = await register(maria)
    await set_up(maria)
    hugo = await at_desk(office, name="Hugo Park")
    (found,) = (await hugo.ask("GET", "/admin/accounts", params={"q": maria.username})).json()["items"]
    assert (found["totp"], found["passkeys"]) == ({"set_up": True}, 1)
    assert "replace_totp" in found["can_do"]
    reset = {"method": "key", "channel": "in_person", "photo_id_checked": True}
    given = (await hugo.ask("POST", f"/admin/accounts/{found['id']}/reset", json=reset)).json()
    assert refused(await sign_in(maria.on_another_device(), phone)) == INVALID, "a reset takes the passkeys at once"
    maria.key = given["activation_key"]
    assert (await maria.activate(password=NEW_PASSWORD, password_confirm=NEW_PASSWORD)).status_code == 201
    assert (await maria.ask("GET", "/me/totp")).json()["set_up"] is False
    assert (await maria.ask("GET", "/me/passkeys")).json() == {"items": []}


@sqlite_only
async def test_a_passkey_proves_once_more_who_somebody_is(maria: Owner) -> None:
    """In place of the password, and of the app; with a passkey of the account's own, in the session that asked."""
    assert refused(await maria.ask("POST", "/me/step-up/options")) == GONE
    phone = await register(maria)
    elsewhere = maria.on_another_device()
    assert (await sign_in(elsewhere, phone)).status_code == 200
    assert refused(await elsewhere.ask("POST", "/me/passkeys/options")) == STEP_UP, "signing in is no step-up"
    options = (await elsewhere.ask("POST", "/me/step-up/options")).json()["public_key"]
    assert [known["id"] for known in options["allowCredentials"]] == [phone.get(options)["id"]]
    assert refused(await step_up(maria, passkey=phone.get(options))) == INVALID, "it was asked of the other session"
    assert (await step_up(elsewhere, passkey=phone.get(options))).status_code == 200
    assert refused(await step_up(elsewhere, passkey=phone.get(options))) == (410, "ticket_invalid")
    assert (await elsewhere.ask("POST", "/me/passkeys/options")).status_code == 200
    options = (await elsewhere.ask("POST", "/me/step-up/options")).json()["public_key"]
    lying = phone.get(options)
    lying["response"]["signature"] = phone.get({**options, "challenge": "AAAA"})["response"]["signature"]
    assert refused(await step_up(elsewhere, passkey=lying)) == INVALID
    assert refused(await step_up(elsewhere, passkey=phone.get(options))) == (410, "ticket_invalid")


async def test_erasing_an_account_erases_its_passkeys(maria: Owner, office: Office) -> None:
    phone = await register(maria)
    await office.campus.accounts.erase(office.operator, UUID(maria.session["account"]["id"]))
    assert refused(await sign_in(maria.on_another_device(), phone)) == INVALID
