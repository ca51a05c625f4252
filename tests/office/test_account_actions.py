"""What the office does with an account: its owner notices at the very next request."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from app.clock import ManualClock
from app.portals import Portal
from app.services.clerk import StaffRole
from tests.office.counter import ENDED, FORBIDDEN, GONE, account_of, actor, does, seen, snapshot
from tests.office.trail import acts
from tests.support.authenticator import set_up
from tests.support.desk import at_desk
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import User, faults, refused
from tests.support.recovery import NEW_PASSWORD, Owner, Post, new_owner

IN_PERSON = {"method": "key", "channel": "in_person", "photo_id_checked": True}
WRONG = (401, "invalid_credentials")


async def kinds(user: User) -> list[str]:
    """What she sees of what happened to her account, newest first."""
    return [item["kind"] for item in (await user.ask("GET", "/me/activity")).json()["items"]]


async def test_an_account_that_is_switched_off_is_refused_at_the_next_request(
    office: Office, maria: User, hugo: User
) -> None:
    await maria.activate()
    phone = maria.on_another_device()
    await phone.sign_in()
    assert (await does(hugo, "disable", maria)).status_code == 204
    assert refused(await maria.me()) == ENDED
    assert refused(await phone.refresh()) == ENDED
    assert (await maria.sign_in()).json()["reason"] == "disabled"
    assert (await does(hugo, "enable", maria)).status_code == 204
    assert refused(await maria.me()) == ENDED, "what has ended stays ended"
    assert (await maria.sign_in()).status_code == 200
    assert (await kinds(maria))[:4] == ["signed_in", "enabled", "sign_in_refused", "disabled"]
    assert [(tag, by) for tag, by, _ in await acts(office, "account")] == [
        ("office:account:disabled", actor(hugo)),
        ("office:account:enabled", actor(hugo)),
    ]


async def test_an_unlock_lets_her_try_her_own_password_again(office: Office, maria: User, hugo: User) -> None:
    await maria.activate()
    for _ in range(3):
        assert refused(await maria.on_another_device().sign_in(password="Wrong guess 1")) == WRONG
    assert refused(await maria.on_another_device().sign_in()) == (403, "captcha_required")
    assert (await seen(hugo, maria))["ladder"] == {"step": "captcha", "tries": 3}
    assert (await does(hugo, "unlock", maria)).status_code == 204
    assert (await maria.on_another_device().sign_in()).status_code == 200
    assert [tag for tag, _, _ in await acts(office, "account")] == ["office:account:unlocked"]


async def test_a_reset_by_mail_takes_everything_and_sends_a_link(
    office: Office, post: Post, clock: ManualClock, hugo: User
) -> None:
    maria = await new_owner(office, post)
    clock.advance(timedelta(minutes=1))
    answer = await does(hugo, "reset", maria, method="mail")
    assert answer.json() == {"method": "mail", "address_masked": "m***@m***.org"}
    assert refused(await maria.me()) == ENDED
    assert refused(await maria.sign_in()) == WRONG, "the old password is off"
    item = await seen(hugo, maria)
    assert (item["reasons"], item["ladder"]["tries"], item["live_sessions"]) == (["no_password"], 1, 0)
    assert item["mails"][0]["kind"] == "password_reset"
    assert item["mails"][0]["state"] == "waiting"
    token = (await post.one("/reset-password")).token()
    assert faults(await maria.reset(token, maria.password)), "the password that was taken off is remembered"
    assert (await maria.reset(token)).status_code == 204
    assert await maria.signs_in_with(NEW_PASSWORD)
    states = {mail["kind"]: mail["state"] for mail in (await seen(hugo, maria))["mails"]}
    assert (states["password_reset"], states["confirm_recovery_email"]) == ("sent", "sent")
    assert [(tag, data) for tag, _, data in await acts(office, "account")] == [
        ("office:account:reset", {"method": "mail"})
    ]


async def test_a_link_from_before_the_reset_opens_nothing(office: Office, post: Post, hugo: User) -> None:
    maria = await new_owner(office, post)
    before = await maria.reset_link()
    assert (await does(hugo, "reset", maria, method="key")).status_code == 200
    assert refused(await maria.reset(before)) == (410, "reset_link_invalid")


async def test_without_a_confirmed_address_nothing_is_mailed_and_nothing_changes(
    office: Office, maria: User, hugo: User
) -> None:
    await maria.activate(recovery_email="maria@mail.example.org")
    before = await snapshot(office)
    assert refused(await does(hugo, "reset", maria, method="mail")) == (409, "no_address")
    assert await snapshot(office) == before
    assert (await maria.me()).status_code == 200


async def test_a_key_is_shown_to_whoever_looked_at_a_photo_id(office: Office, maria: User, hugo: User) -> None:
    account = (await maria.activate()).json()["account"]
    shown = (await does(hugo, "reset", maria, **IN_PERSON)).json()
    assert sorted(shown) == ["activation_key", "expires_at", "method"]
    assert refused(await maria.sign_in()) == WRONG
    key = (await seen(hugo, maria))["key"]
    assert (key["state"], key["channel"]) == ("live", "in_person")
    again = await maria.activate(
        activation_key=shown["activation_key"], password=NEW_PASSWORD, password_confirm=NEW_PASSWORD
    )
    assert again.json()["account"] == account, "the same account"
    assert (await seen(hugo, maria))["key"]["state"] == "used"
    tags = {tag: data for tag, _, data in await acts(office, "account", "key")}
    assert tags["office:account:reset"] == {"method": "key"}
    assert (tags["office:key:issued"]["channel"], tags["office:key:issued"]["photo_id_checked"]) == ("in_person", True)
    assert shown["activation_key"] not in str(tags)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"channel": "in_person"}, ("/photo_id_checked", "photo_id_not_checked")),
        ({"channel": "in_person", "photo_id_checked": False}, ("/photo_id_checked", "photo_id_not_checked")),
        ({"channel": "letter", "photo_id_checked": True}, ("/channel", "channel_not_here")),
        ({"channel": "email", "photo_id_checked": True}, ("/channel", "channel_not_here")),
        ({"channel": "phone", "photo_id_checked": True}, ("/channel", "unknown_value")),
    ],
)
@sqlite_only
async def test_a_key_is_shown_in_no_other_way(
    office: Office, maria: User, hugo: User, body: dict[str, object], fault: tuple[str, str]
) -> None:
    await maria.activate()
    before = await snapshot(office)
    assert list(faults(await does(hugo, "reset", maria, method="key", **body))) == [fault]
    assert await snapshot(office) == before
    assert (await maria.me()).status_code == 200


@sqlite_only
async def test_without_a_channel_no_key_is_made(maria: User, hugo: User) -> None:
    await maria.activate()
    assert (await does(hugo, "reset", maria, method="key")).json() == {"method": "key"}
    assert refused(await maria.me()) == ENDED
    item = await seen(hugo, maria)
    assert item["key"]["state"] == "used"
    assert "issue_key" in item["can_do"]


async def test_no_key_for_somebody_who_may_not_enter(office: Office, maria: User, hugo: User) -> None:
    await maria.activate()
    await office.take_portal_away(maria)
    before = await snapshot(office)
    assert refused(await does(hugo, "reset", maria, **IN_PERSON)) == (409, "not_entitled")
    assert await snapshot(office) == before


async def test_a_student_may_claim_once_more_where_the_district_offers_it(
    office: Office, maria: User, hugo: User
) -> None:
    ana = await office.user(await office.student("Ana Diaz", number="0123456"), Portal.STUDENT)
    await ana.activate()
    await maria.activate()
    assert list(faults(await does(hugo, "reset", maria, method="claim"))) == [("/method", "method_not_for_portal")]
    assert refused(await does(hugo, "reset", ana, method="claim")) == (403, "feature_disabled")
    assert (await ana.me()).status_code == 200
    await office.set("features.claim=true")
    assert "reset_claim" in (await seen(hugo, ana))["can_do"]
    assert (await does(hugo, "reset", ana, method="claim")).json() == {"method": "claim"}
    assert refused(await ana.me()) == ENDED
    assert [data for _, _, data in await acts(office, "account")] == [{"method": "claim"}]


@sqlite_only
async def test_what_is_switched_off_stays_off_through_a_reset(maria: User, hugo: User) -> None:
    await maria.activate()
    await does(hugo, "disable", maria)
    key = (await does(hugo, "reset", maria, **IN_PERSON)).json()["activation_key"]
    item = await seen(hugo, maria)
    assert (item["status"], item["reasons"]) == ("disabled", ["disabled", "no_password"])
    assert not (await maria.activate(activation_key=key)).is_success


async def test_a_reset_leaves_the_authenticator_alone(office: Office, dana: User) -> None:
    colleague = await at_desk(office, StaffRole.HELP_DESK, name="Ines Roy")
    await set_up(colleague)
    assert (await does(dana, "reset", colleague, method="key")).status_code == 200
    item = await seen(dana, colleague)
    assert item["totp"] == {"set_up": True}
    assert "replace_totp" in item["can_do"]


async def test_a_reset_wants_a_step_up(office: Office, maria: User) -> None:
    await maria.activate()
    late = await at_desk(office, StaffRole.HELP_DESK, stepped_up=False)
    assert refused(await does(late, "reset", maria, **IN_PERSON)) == (401, "step_up_required")
    assert (await maria.me()).status_code == 200
    assert (await does(late, "unlock", maria)).status_code == 204, "an unlock shows and takes nothing"


async def test_nobody_starts_his_own_account_over(office: Office, dana: User) -> None:
    before = await snapshot(office)
    for what, body in (("disable", {}), ("enable", {}), ("reset", {"method": "key"})):
        assert refused(await does(dana, what, dana, **body)) == FORBIDDEN
    assert await snapshot(office) == before
    assert not {"disable", "reset_key", "reset_mail", "issue_key"} & set((await seen(dana, dana))["can_do"])


async def test_what_lies_outside_is_not_found_and_does_not_change(office: Office, dana: User) -> None:
    """Another school, another district, a colleague: for whom the help desk has no business with them."""
    north, south = await office.school("North"), await office.school("South")
    there = await office.guardian("Maria Lopez", [await office.student("Ana Lopez", school=south)])
    maria = await office.user(there, Portal.PARENT)
    await maria.activate()
    elsewhere = await Office.open(office.server, "kent", "Kent Schools", "DE")
    stranger = await elsewhere.parent("Maria Moss", children=["Eva Moss"])
    await stranger.activate()
    northerner = await at_desk(office, StaffRole.HELP_DESK, name="Noel North", schools=[north])
    before = await snapshot(office)
    outside = [(northerner, maria), (northerner, dana), (northerner, stranger), (dana, stranger)]
    for clerk, user in outside:
        for what, body in (("unlock", {}), ("disable", {}), ("enable", {}), ("reset", IN_PERSON)):
            assert refused(await does(clerk, what, user, **body)) == GONE
        assert refused(await clerk.ask("GET", f"/admin/accounts/{account_of(user)}")) == GONE
    assert await snapshot(office) == before
    southerner = await at_desk(office, StaffRole.HELP_DESK, name="Sam South", schools=[south])
    assert (await does(southerner, "disable", maria)).status_code == 204
    assert (await does(dana, "disable", southerner)).status_code == 204, "a colleague is the admin's business"


async def test_an_unlock_ends_the_wait_of_the_authenticator_too(office: Office, dana: User, clock: ManualClock) -> None:
    colleague = await at_desk(office, StaffRole.HELP_DESK, name="Ines Roy")
    app = await set_up(colleague)
    for _ in range(5):
        assert (await colleague.ask("POST", "/me/step-up", json={"totp": app.wrong_code()})).status_code == 403
    assert (await colleague.ask("POST", "/me/step-up", json={"totp": app.next_code()})).status_code == 429
    item = await seen(dana, colleague)
    assert item["reasons"] == ["totp_waiting"]
    assert "unlock" in item["can_do"]
    assert (await does(dana, "unlock", colleague)).status_code == 204
    item = await seen(dana, colleague)
    assert (item["reasons"], "unlock" in item["can_do"]) == ([], False)
    clock.advance(timedelta(minutes=1))
    assert (await colleague.ask("POST", "/me/step-up", json={"totp": app.next_code()})).status_code == 200


async def test_two_clerks_at_once_leave_one_key_and_one_state(
    office: Office, maria: User, hugo: User, dana: User
) -> None:
    await maria.activate()
    both = await asyncio.gather(
        does(hugo, "reset", maria, **IN_PERSON),
        does(dana, "reset", maria, **IN_PERSON),
        does(hugo, "disable", maria),
        does(dana, "unlock", maria),
    )
    assert [answer.status_code for answer in both] == [200, 200, 204, 204]
    item = await seen(hugo, maria)
    assert (item["status"], item["live_sessions"], item["key"]["state"]) == ("disabled", 0, "live")
    assert Counter(tag for tag, _, _ in await acts(office, "account")) == {
        "office:account:reset": 2,
        "office:account:disabled": 1,
        "office:account:unlocked": 1,
    }
    await office.enable(maria)
    keys = [answer.json()["activation_key"] for answer in both[:2]]
    assert Counter([(await maria.verify(activation_key=key)).status_code for key in keys]) == {200: 1, 404: 1}


async def test_a_switched_session_ends_with_the_account_that_it_came_from(office: Office, post: Post) -> None:
    """Somebody signed in to Kent and switched to Sussex; Kent's office switches the account off."""
    kent = await Office.open(office.server, "kent", "Kent Schools", "DE")
    sussex = await Office.open(office.server, "sussex", "Sussex Schools", "DE")
    here, there = Owner.of(await kent.parent(), post), Owner.of(await sussex.parent(), post)
    for login in (here, there):
        await login.activate()
    code = (await here.ask("POST", "/districts/link/codes")).json()["code"]
    assert (await there.ask("POST", "/districts/link", json={"code": code})).status_code == 201
    switched = there.on_another_device()
    switched.session = (await here.ask("POST", f"/districts/link/{account_of(there)}/switch")).json()
    assert (await switched.me()).status_code == 200
    clerk = await at_desk(kent, StaffRole.HELP_DESK)
    assert (await does(clerk, "disable", here)).status_code == 204
    assert refused(await switched.me()) == ENDED
    assert (await there.me()).status_code == 200, "what is another district's stays"
