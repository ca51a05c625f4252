"""Signing in: what the right password opens, and what a wrong one costs and tells (D6, D7, D8, D37)."""

from datetime import timedelta

import pytest

from app.clock import ManualClock
from app.portals import Portal
from tests.support.office import Office
from tests.support.portal import Server, User, refused

AWKWARD_PASSWORDS = ["", "x", "\U0001f600" * 128]


async def test_the_right_password_opens_a_new_session_each_time(maria: User) -> None:
    await maria.activate()
    phone, laptop = maria.on_another_device(), maria.on_another_device()
    for device, name in ((phone, "Phone"), (laptop, "Laptop")):
        answer = await device.sign_in(device={"name": name})
        assert answer.status_code == 200
        assert answer.json()["status"] == "signed_in"
        assert (await device.me()).json() == answer.json()["account"]
    assert phone.session["refresh_token"] != laptop.session["refresh_token"]
    assert {session.get("device_name") for session in await laptop.sessions()} == {None, "Phone", "Laptop"}


async def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(maria: User) -> None:
    await maria.activate()
    wrong_password, wrong_name = await maria.sign_in(password="wrong"), await maria.sign_in(username="nobody1")
    assert refused(wrong_password) == refused(wrong_name) == (401, "invalid_credentials")
    without_id = [{**answer.json(), "request_id": ""} for answer in (wrong_password, wrong_name)]
    assert without_id[0] == without_id[1]
    assert wrong_password.headers.keys() == wrong_name.headers.keys()


async def test_d6_whoever_is_asked_for_exactly_one_password_is_verified(
    server: Server, office: Office, maria: User
) -> None:
    """Unknown, wrong portal, switched off, without a password, no access: one verification each, and the same refusal."""
    disabled, unset, outside = await office.parents(3)
    for user in (maria, disabled, unset, outside):
        await user.activate()
    await office.disable(disabled)
    await office.reset(unset)
    await office.take_portal_away(outside)
    stories = [
        (maria, {}),
        (maria, {"username": "nobody1"}),
        (maria, {"username": ""}),
        (maria, {"portal": "student"}),
        (maria, {"portal": "staff"}),
        (disabled, {}),
        (unset, {}),
        (outside, {}),
    ]
    for user, changes in stories:
        before = await server.hashes_computed()
        answer = await user.sign_in(**{"password": "wrong password", **changes})
        assert refused(answer) == (401, "invalid_credentials")
        assert await server.hashes_computed() == before + 1, changes


async def test_d6_a_wrong_district_is_a_public_fact_and_costs_no_hash(server: Server, maria: User) -> None:
    await maria.activate()
    before = await server.hashes_computed()
    assert refused(await maria.sign_in(district="nowhere")) == (404, "district_not_found")
    assert await server.hashes_computed() == before


async def test_d6_the_same_name_in_another_district_is_somebody_else(server: Server, maria: User) -> None:
    wake = await Office.open(server, "wake", "Wake County Schools", "NC")
    other = await wake.parent("Maria Lopez", children=["Otto Lopez"])
    await maria.activate(username="lopez1")
    await other.activate(username="lopez1", password="Quiet harbour 17", password_confirm="Quiet harbour 17")
    assert refused(await maria.sign_in(district="wake", username="lopez1")) == (401, "invalid_credentials")
    assert (await maria.sign_in(username="lopez1")).json()["account"]["district"]["id"] == "jackson"


async def test_d7_an_empty_or_longest_password_is_verified_like_any_other(
    server: Server, office: Office, maria: User
) -> None:
    """D37 with it: an account without a password is opened by none of them."""
    await maria.activate()
    (unset,) = await office.parents(1)
    await unset.activate()
    await office.reset(unset)
    for username in (maria.username, unset.username, "nobody1"):
        for password in AWKWARD_PASSWORDS:
            before = await server.hashes_computed()
            answer = await maria.sign_in(username=username, password=password)
            assert refused(answer) == (401, "invalid_credentials")
            assert await server.hashes_computed() == before + 1


async def test_d33_a_longer_password_is_refused_before_any_hash(server: Server, maria: User) -> None:
    await maria.activate()
    before = await server.hashes_computed()
    for length in (129, 30_000):
        for answer in (
            await maria.sign_in(password="x" * length),
            await maria.activate(password="x" * length, password_confirm="x" * length),
        ):
            assert answer.status_code == 422
            assert {"/password"} <= {error["pointer"] for error in answer.json()["errors"]}
    assert await server.hashes_computed() == before


async def test_a_password_is_good_for_as_long_as_its_owner_likes(maria: User, clock: ManualClock) -> None:
    await maria.activate()
    clock.advance(timedelta(days=1_000))
    answer = await maria.sign_in()
    assert answer.status_code == 200
    assert "change_password" not in answer.json()["next_steps"]


async def test_a_portal_that_the_district_does_not_have_is_closed(office: Office) -> None:
    student = await office.user(await office.student("Zed Young"), Portal.STUDENT)
    await student.activate()
    await office.set("portals=parent")
    assert refused(await student.sign_in()) == (403, "feature_disabled")
    await office.set("portals=parent,student")
    assert (await student.sign_in()).status_code == 200


async def test_staff_always_have_their_door(office: Office) -> None:
    tess = await office.user(await office.staff_member("Tess Teach"), Portal.STAFF)
    await office.set("portals=parent")
    assert (await tess.activate()).status_code == 201
    assert (await tess.sign_in()).status_code == 200


async def test_during_maintenance_nobody_signs_in_and_everybody_is_told_until_when(office: Office, maria: User) -> None:
    await maria.activate()
    await office.set("maintenance_until=2026-08-03T12:10:00Z")
    answer = await maria.sign_in()
    assert refused(answer) == (503, "maintenance")
    assert answer.headers["retry-after"] == "600"
    assert answer.json()["retry_after"] == 600
    assert (await maria.me()).status_code == 200, "who is signed in stays signed in"


@pytest.mark.parametrize("portal", ["admin", "PARENT", "", None, 1])
async def test_there_is_no_other_portal(maria: User, portal: object) -> None:
    answer = await maria.sign_in(portal=portal)
    assert refused(answer) == (422, "validation_failed")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/portal"]
