"""What an owner sees of what happened to her account, and what nobody else sees of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from app.clock import ManualClock
from app.models import SignInSession
from app.services import audit
from tests.support.cursors import as_cursor
from tests.support.office import Office
from tests.support.portal import Server, User, faults, refused

NEW_PASSWORD = "Quiet harbour 17"
MOMENT = "2026-08-03T12:00:00Z"
MADE_UP = [
    "x", {}, [], [MOMENT], [MOMENT, 2, 3], ["1", 2], [1, 0], [MOMENT, True], [MOMENT, "0"], [MOMENT, 0.5], [MOMENT, -1],
    [MOMENT, 2**64], ["2026-08-03T12:00:00", 0], ["2026-08-03T14:00:00+02:00", 0], ["2026-08-03 12:00:00Z", 0],
    ["9999-12-31T23:59:59-12:00", 0], ["10000-01-01T00:00:00Z", 0],
]  # fmt: skip


async def activity(user: User, **query: object) -> dict[str, Any]:
    answer = await user.ask("GET", "/me/activity", params=query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def kinds(user: User) -> list[str]:
    return [item["kind"] for item in (await activity(user))["items"]]


async def test_an_owner_sees_sign_ins_and_security_events_newest_first(maria: User, clock: ManualClock) -> None:
    await maria.activate(device={"name": "Phone"})
    clock.advance(timedelta(minutes=1))
    await maria.sign_in(password="a guess", device={"name": "Mallory's"})
    clock.advance(timedelta(minutes=1))
    laptop = maria.on_another_device()
    await laptop.sign_in(device={"name": "Laptop"})
    clock.advance(timedelta(minutes=1))
    await laptop.sign_out()
    page = await activity(maria)
    ids = {item.pop("id") for item in page["items"]}
    assert len(ids) == 5
    assert page == {
        "items": [
            {"kind": "signed_out", "at": "2026-08-03T12:03:00Z", "device_name": "Laptop", "current": False},
            {"kind": "signed_in", "at": "2026-08-03T12:02:00Z", "device_name": "Laptop", "current": False},
            {"kind": "sign_in_refused", "at": "2026-08-03T12:01:00Z"},
            {"kind": "signed_in", "at": "2026-08-03T12:00:00Z", "device_name": "Phone", "current": True},
            {"kind": "activated", "at": "2026-08-03T12:00:00Z"},
        ]
    }


async def test_she_sees_what_she_and_the_office_changed(office: Office, maria: User) -> None:
    await maria.activate()
    body = {"current_password": maria.password, "password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    assert (await maria.ask("PUT", "/me/password", json=body)).status_code == 204
    address = {"current_password": NEW_PASSWORD, "email": "maria.lopez@mail.example.org"}
    assert (await maria.ask("PUT", "/me/recovery-email", json=address)).status_code == 202
    await office.unlock(maria)
    await office.disable(maria)
    await office.enable(maria)
    await maria.sign_in(password=NEW_PASSWORD)
    assert await kinds(maria) == [
        "signed_in", "enabled", "disabled", "unlocked", "recovery_email_changed", "password_changed", "signed_in", "activated",
    ]  # fmt: skip
    await office.reset(maria)
    maria.key = await office.key_for(maria.person_id, maria.portal)
    await maria.activate()
    assert (await kinds(maria))[:3] == ["signed_in", "activated", "started_over"]


async def test_a_session_that_the_service_ended_is_told_apart_from_one_that_was_signed_out(
    maria: User, clock: ManualClock
) -> None:
    """A refresh token that is used twice is in two hands."""
    await maria.activate()
    stolen = maria.session["refresh_token"]
    clock.advance(timedelta(minutes=1))
    await maria.refresh()
    await maria.refresh()
    assert refused(await maria.refresh(stolen)) == (401, "invalid_token")
    await maria.sign_in()
    assert await kinds(maria) == ["signed_in", "session_ended", "signed_in", "activated"]


async def test_events_of_links_and_switches_have_names(server: Server, maria: User, clock: ManualClock) -> None:
    await maria.activate()
    account = UUID(maria.session["account"]["id"])
    async with server.campus.database.transaction() as session:
        for action in ("account:linked", "account:unlinked", "account:of_no_concern"):
            audit.record(session, f"api:{action}", at=clock.now(), actor=audit.OPERATOR, account_id=account)
            await session.flush()
    assert (await kinds(maria))[:2] == ["unlinked", "linked"]


async def test_pages_hold_every_event_once_also_where_many_happened_at_one_moment(
    maria: User, clock: ManualClock
) -> None:
    await maria.activate()
    for _ in range(3):
        await maria.sign_in()
        await maria.sign_in()
        clock.advance(timedelta(microseconds=1))
    whole = (await activity(maria))["items"]
    assert len(whole) == 8
    for limit in (1, 2, 3, 7, 8):
        page = await activity(maria, limit=limit)
        pages = [page["items"]]
        while "next_cursor" in page:
            page = await activity(maria, limit=limit, cursor=page["next_cursor"])
            assert page["items"]
            pages.append(page["items"])
        assert [item for items in pages for item in items] == whole
        assert {len(items) for items in pages[:-1]} <= {limit}


async def test_a_page_keeps_its_place_while_newer_things_happen(maria: User, clock: ManualClock) -> None:
    await maria.activate()
    first = await activity(maria, limit=1)
    clock.advance(timedelta(seconds=1))
    await maria.sign_in()
    rest = await activity(maria, cursor=first["next_cursor"])
    assert [item["kind"] for item in first["items"] + rest["items"]] == ["signed_in", "activated"]


async def test_a_cursor_that_was_made_up_is_refused(maria: User) -> None:
    await maria.activate()
    for position in MADE_UP:
        answer = await maria.ask("GET", "/me/activity", params={"cursor": as_cursor(position)})
        assert set(faults(answer)) == {("/query/cursor", "cursor_invalid")}


async def test_the_first_and_the_last_moment_are_no_fault(maria: User) -> None:
    await maria.activate()
    first, last = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"
    for position, shown in ([first, 0], 0), ([last, 0], 2), ([last, 2**31 - 1], 0):
        assert len((await activity(maria, cursor=as_cursor(position)))["items"]) == shown


async def test_nobody_sees_anything_of_others(office: Office, maria: User) -> None:
    """Neither with another's session, nor without any, nor with a cursor from elsewhere."""
    (rosa,) = await office.parents(1)
    await maria.activate(device={"name": "Marias phone"})
    await maria.sign_in()
    cursor = (await activity(maria, limit=1))["next_cursor"]
    await rosa.activate()
    hers = {item["id"] for item in (await activity(maria))["items"]}
    for page in (await activity(rosa), await activity(rosa, cursor=cursor)):
        assert not hers & {item["id"] for item in page["items"]}
        assert "Maria" not in str(page)
    assert refused(await maria.http.get("/me/activity")) == (401, "not_authenticated")


async def test_what_a_refused_stranger_typed_is_not_shown(maria: User) -> None:
    await maria.activate()
    await maria.sign_in(password="Plant3dM4rk", device={"name": "Plant3dM4rk", "installation_id": "Plant3dM4rk"})
    answer = await maria.ask("GET", "/me/activity")
    assert answer.json()["items"][0]["kind"] == "sign_in_refused"
    assert "Plant3d" not in answer.text


async def test_an_event_outlives_its_session(server: Server, maria: User) -> None:
    await maria.activate(device={"name": "Phone"})
    first = maria.session["account"]["id"]
    async with server.campus.database.transaction() as session:
        await session.execute(delete(SignInSession).where(SignInSession.account_id == UUID(first)))
    await maria.sign_in(device={"name": "Laptop"})
    shown = [item.get("device_name") for item in (await activity(maria))["items"]]
    assert shown == ["Laptop", None, None]
