"""Colleagues come, change their part in the office, and go."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app.clock import ManualClock
from app.models import ActivationKey, Person, StaffMember
from app.portals import Portal
from app.services.clerk import StaffRole, operator_of
from app.services.office.staff_office import NewStaff
from app.settings import Settings
from tests.office.counter import account_of, actor
from tests.office.trail import written
from tests.support.desk import at_desk, pass_second_factor
from tests.support.office import Office
from tests.support.portal import User, faults, refused, serving

ADMIN, HELP_DESK = StaffRole.DISTRICT_ADMIN, StaffRole.HELP_DESK
FORBIDDEN, NOT_FOUND = (403, "forbidden"), (404, "not_found")
SAM = {"first_name": "Sam", "last_name": "Ortiz", "username": "SOrtiz26", "role": "help_desk"}
SECOND = timedelta(seconds=1)
IN_PERSON = {"channel": "in_person", "photo_id_checked": True}


async def add(admin: User, **words: object) -> dict[str, Any]:
    answer = await admin.ask("POST", "/admin/staff", json={**IN_PERSON, **words})
    assert answer.status_code == 201, answer.text
    added: dict[str, Any] = answer.json()
    return added


async def arrives(office: Office, added: dict[str, Any]) -> User:
    """The new colleague uses the key, and has passed the second factor."""
    colleague = User(office.server, office.district, Portal.STAFF, UUID(added["person_id"]), added["username"])
    colleague.key = added["activation_key"]
    answer = await colleague.activate()
    assert answer.status_code == 201, answer.text
    await pass_second_factor(colleague)
    return colleague


async def members(admin: User, **query: object) -> dict[str, Any]:
    answer = await admin.ask("GET", "/admin/staff", params=query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def roles(office: Office) -> Counter[str]:
    query = select(StaffMember.role).where(StaffMember.district_id == office.district)
    async with office.campus.database.reading() as connection:
        return Counter((await connection.execute(query)).scalars())


async def trail(office: Office) -> list[Any]:
    """What was written of staff, in order."""
    return await written(office, "office:staff:", "operator:staff:")


async def test_a_new_colleague_gets_a_key_that_brings_the_username(
    office: Office, dana: User, clock: ManualClock
) -> None:
    clock.advance(SECOND)
    high = await office.school("Jefferson High School")
    added = await add(dana, **SAM, school_ids=[str(high)])
    assert set(added) == {"person_id", "username", "role", "activation_key", "expires_at"}
    sam = User(office.server, office.district, Portal.STAFF, UUID(added["person_id"]), "sortiz26")
    sam.key = added["activation_key"]
    offer = (await sam.verify()).json()
    assert (offer["username"], offer["portal"], offer["first_name"]) == ("SOrtiz26", "staff", "Sam")
    assert ("/username", "username_fixed") in faults(await sam.activate(username="another1"))
    shown = (await dana.ask("GET", f"/admin/staff/{sam.person_id}")).json()
    assert "account_id" not in shown
    assert (shown["username"], shown["totp_set_up"]) == ("SOrtiz26", False)
    await arrives(office, added)
    page = await members(dana)
    assert [item["first_name"] for item in page["items"]] == ["Dana", "Sam"]
    (_, item) = page["items"]
    assert item["schools"] == [{"id": str(high), "name": "Jefferson High School"}]
    assert {"account_id", "last_signed_in_at", "added_at"} <= set(item)
    (event,) = await trail(office)
    assert (event.tag, event.person_id) == ("office:staff:added", sam.person_id)
    assert event.data == {"role": "help_desk", "schools": [str(high)]}
    assert event.actor == f"account:{dana.session['account']['id']}"
    await the_list_has_pages(dana, clock)


async def the_list_has_pages(dana: User, clock: ManualClock) -> None:
    for number in range(3):
        clock.advance(SECOND * (number % 2))
        await add(dana, **{**SAM, "first_name": f"Sam{number}", "username": f"sam{number}"}, channel="later")
    first = await members(dana, limit=3)
    second = await members(dana, limit=3, cursor=first["next_cursor"])
    shown = [item["first_name"] for item in first["items"] + second["items"]]
    assert (sorted(shown), "next_cursor" in second) == (["Dana", "Sam", "Sam0", "Sam1", "Sam2"], False)
    for cursor in ("x", "é", "WzEsMl0", "WzEsICJ4Il0", "Wy0xZTIwLCAieCJd"):
        assert ("/query/cursor", "cursor_invalid") in faults(
            await dana.ask("GET", "/admin/staff", params={"cursor": cursor})
        )


async def test_what_is_wrong_is_said_before_anything_is_written(office: Office, dana: User) -> None:
    high = str(await office.school("High"))
    elsewhere = await (await Office.open(office.server, "hall", "Hall County Schools")).school("Elsewhere")
    wrong: dict[tuple[str, str], dict[str, object]] = {
        ("/username", "username_needs_digit"): {**SAM, "username": "sortiz"},
        ("/photo_id_checked", "photo_id_not_checked"): {**SAM, "photo_id_checked": False},
        ("/channel", "unknown_value"): {**SAM, "channel": "phone"},
        ("/school_ids", "school_unknown"): {**SAM, "school_ids": [str(elsewhere)]},
        ("/school_ids", "schools_of_help_desk"): {**SAM, "role": "district_admin", "school_ids": [high]},
        ("/last_name", "required"): {**SAM, "last_name": None},
        ("/first_name", "unknown_field"): {**SAM, "person_id": str(uuid4())},
    }
    for fault, words in wrong.items():
        body = {name: value for name, value in {**IN_PERSON, **words}.items() if value is not None}
        assert fault in faults(await dana.ask("POST", "/admin/staff", json=body))
    assert await roles(office) == {"district_admin": 1}
    assert await trail(office) == []
    later = await add(dana, **SAM, channel="later", photo_id_checked=False)
    assert set(later) == {"person_id", "username", "role"}, "nobody looked at a photo ID"


async def test_a_username_is_one_persons(office: Office, dana: User) -> None:
    """Of an account, or kept for somebody whose key is not used yet; for the same person a new key replaces the old."""
    taken = (409, "username_taken")
    first = await add(dana, **SAM)
    for name in ("sortiz26", dana.username):
        words = {**SAM, **IN_PERSON, "username": name}
        assert refused(await dana.ask("POST", "/admin/staff", json=words)) == taken
    second = await add(dana, person_id=first["person_id"], username="sortiz26", role="district_admin")
    old = User(office.server, office.district, Portal.STAFF, UUID(first["person_id"]), "sortiz26")
    old.key = first["activation_key"]
    assert refused(await old.verify()) == (404, "activation_key_invalid")
    await arrives(office, second)
    assert await roles(office) == {"district_admin": 2}
    assert [event.tag for event in await trail(office)] == ["office:staff:added", "office:staff:changed"]


async def test_somebody_of_the_roster_must_be_staff_there(office: Office, dana: User) -> None:
    words = {"username": "teach26", "role": "help_desk", **IN_PERSON}
    teacher, parent = await office.staff_member("Theo Marsh"), (await office.parent()).person_id
    there = await (await Office.open(office.server, "hall", "Hall County Schools")).staff_member("Ada Hall")
    assert (await add(dana, **words, person_id=str(teacher)))["person_id"] == str(teacher)
    for person, refusal in ((parent, (409, "not_entitled")), (there, NOT_FOUND), (uuid4(), NOT_FOUND)):
        body = {**words, "username": "other26", "person_id": str(person)}
        assert refused(await dana.ask("POST", "/admin/staff", json=body)) == refusal
    assert await roles(office) == {"district_admin": 1, "help_desk": 1}


async def test_a_changed_part_holds_at_the_next_request(office: Office, dana: User) -> None:
    high = str(await office.school("High"))
    sam = await arrives(office, await add(dana, **SAM))
    path = f"/admin/staff/{sam.person_id}"
    assert refused(await sam.ask("GET", "/admin/staff")) == FORBIDDEN
    limited = await dana.ask("PATCH", path, json={"school_ids": [high]})
    assert [school["id"] for school in limited.json()["schools"]] == [high]
    promoted = await dana.ask("PATCH", path, json={"role": "district_admin"})
    assert (promoted.json()["role"], promoted.json()["schools"]) == ("district_admin", [])
    assert (await sam.ask("GET", "/admin/staff")).status_code == 200
    wrong = await dana.ask("PATCH", path, json={"school_ids": [high]})
    assert set(faults(wrong)) == {("/school_ids", "schools_of_help_desk")}
    assert (await dana.ask("PATCH", path, json={"role": "help_desk", "school_ids": [high]})).status_code == 200
    assert refused(await sam.ask("GET", "/admin/staff")) == FORBIDDEN
    events = await trail(office)
    assert [event.data for event in events[1:]] == [
        {"role": "help_desk", "schools": [high]},
        {"role": "district_admin", "schools": []},
        {"role": "help_desk", "schools": [high]},
    ]
    assert {event.tag for event in events[1:]} == {"office:staff:changed"}


async def test_who_is_removed_is_signed_out_at_once(office: Office, dana: User) -> None:
    """Whom the office entered does not come back before it says so; who is in the roster does, without a part in the office."""
    sam = await arrives(office, await add(dana, **SAM))
    words = {"username": "teach26", "role": "help_desk", "person_id": str(await office.staff_member("Theo Marsh"))}
    theo = await arrives(office, await add(dana, **words))
    unused = (await add(dana, **words))["activation_key"]
    for colleague in (sam, theo):
        assert (await dana.ask("DELETE", f"/admin/staff/{colleague.person_id}")).status_code == 204
        assert refused(await colleague.me()) == (401, "invalid_token")
        assert refused(await colleague.refresh()) == (401, "invalid_token")
    assert refused(await sam.sign_in()) == (403, "account_locked")
    assert (await theo.sign_in()).status_code == 200
    await pass_second_factor(theo)
    assert refused(await theo.ask("GET", "/admin/outbox")) == FORBIDDEN
    theo.key = unused
    assert refused(await theo.verify()) == (404, "activation_key_invalid")
    assert [item["first_name"] for item in (await members(dana))["items"]] == ["Dana"]
    assert refused(await dana.ask("GET", f"/admin/staff/{sam.person_id}")) == NOT_FOUND
    assert [event.tag for event in await trail(office)][-2:] == ["office:staff:removed"] * 2
    back = {"username": "sortiz26", "role": "help_desk", "person_id": str(sam.person_id)}
    await arrives(office, await add(dana, **back))
    assert await roles(office) == {"district_admin": 1, "help_desk": 1}


async def test_nobody_changes_or_removes_himself_or_what_is_elsewhere(office: Office, dana: User) -> None:
    """Another district's staff is not found, and stays as it is."""
    hall = await Office.open(office.server, "hall", "Hall County Schools")
    ada = await at_desk(hall, ADMIN, name="Ada Hall")
    for person, refusal in ((dana.person_id, FORBIDDEN), (ada.person_id, NOT_FOUND), (uuid4(), NOT_FOUND)):
        path = f"/admin/staff/{person}"
        assert refused(await dana.ask("PATCH", path, json={"role": "help_desk"})) == refusal
        assert refused(await dana.ask("DELETE", path)) == refusal
    body = {**IN_PERSON, "username": "dreed26", "role": "help_desk", "person_id": str(dana.person_id)}
    assert refused(await dana.ask("POST", "/admin/staff", json=body)) == FORBIDDEN
    assert refused(await dana.ask("GET", f"/admin/staff/{ada.person_id}")) == NOT_FOUND
    assert (await roles(office), await roles(hall)) == ({"district_admin": 1}, {"district_admin": 1})
    assert (await ada.ask("GET", "/admin/staff")).status_code == 200


async def test_it_is_for_admins_who_have_just_shown_who_they_are(office: Office, dana: User, hugo: User) -> None:
    early = await at_desk(office, ADMIN, name="Eve Early", stepped_up=False)
    for user, refusal in ((hugo, FORBIDDEN), (early, (401, "step_up_required"))):
        asked = [
            await user.ask("POST", "/admin/staff", json={**SAM, **IN_PERSON}),
            await user.ask("PATCH", f"/admin/staff/{dana.person_id}", json={}),
            await user.ask("DELETE", f"/admin/staff/{dana.person_id}"),
        ]
        assert [refused(answer) for answer in asked] == [refusal] * 3
    assert refused(await hugo.ask("GET", "/admin/staff")) == FORBIDDEN
    assert (await early.ask("GET", "/admin/staff")).status_code == 200


@pytest.mark.parametrize("how", ["DELETE", "PATCH"])
async def test_of_two_admins_who_take_each_others_part_away_one_stays(
    office: Office, settings: Settings, clock: ManualClock, how: str
) -> None:
    """At the same moment, at two servers."""
    async with serving(settings, clock) as there:
        for number in range(4):
            hall = await Office.open(office.server, f"hall{number}", "Hall County Schools")
            ada, ben = [await at_desk(hall, ADMIN, name=name) for name in ("Ada Hall", "Ben Hall")]
            body = {"json": {"role": "help_desk"}} if how == "PATCH" else {}
            answers = await asyncio.gather(
                ada.ask(how, f"/admin/staff/{ben.person_id}", **body),
                replace(ben, server=there).ask(how, f"/admin/staff/{ada.person_id}", **body),
            )
            assert Counter(answer.is_success for answer in answers) == {True: 1, False: 1}
            (loser,) = [answer for answer in answers if not answer.is_success]
            assert refused(loser) in {FORBIDDEN, (401, "invalid_token")}
            assert (await roles(hall))["district_admin"] == 1


@pytest.mark.parametrize("how", ["disable", "reset"])
async def test_of_two_admins_who_take_each_others_account_away_one_stays(
    office: Office, settings: Settings, clock: ManualClock, how: str
) -> None:
    """At the same moment, at two servers."""
    async with serving(settings, clock) as there:
        for number in range(4):
            hall = await Office.open(office.server, f"hall{number}", "Hall County Schools")
            ada, ben = [await at_desk(hall, ADMIN, name=name) for name in ("Ada Hall", "Ben Hall")]
            body = {"json": {"method": "key"}} if how == "reset" else {}
            answers = await asyncio.gather(
                ada.ask("POST", f"/admin/accounts/{account_of(ben)}/{how}", **body),
                replace(ben, server=there).ask("POST", f"/admin/accounts/{account_of(ada)}/{how}", **body),
            )
            assert Counter(answer.is_success for answer in answers) == {True: 1, False: 1}
            (loser,) = [answer for answer in answers if not answer.is_success]
            assert refused(loser) in {FORBIDDEN, (401, "invalid_token")}
            stays = ada if answers[0].is_success else ben
            assert (await stays.ask("GET", "/admin/staff")).status_code == 200


async def test_the_key_of_a_colleague_is_in_the_trail_with_who_gave_it(office: Office, dana: User) -> None:
    added = await add(dana, **SAM)
    (event,) = await written(office, "office:key:issued")
    assert (event.actor, str(event.person_id)) == (actor(dana), added["person_id"])
    assert event.data["channel"] == "in_person"


async def test_a_colleague_whose_account_is_switched_off_gets_no_part_before_it_is_on(
    office: Office, dana: User
) -> None:
    sam = await arrives(office, await add(dana, **SAM))
    switch = f"/admin/accounts/{account_of(sam)}"
    assert (await dana.ask("POST", f"{switch}/disable")).status_code == 204
    again = {"person_id": str(sam.person_id), "username": SAM["username"], "role": "district_admin", **IN_PERSON}
    answer = await dana.ask("POST", "/admin/staff", json=again)
    assert refused(answer) == (409, "not_entitled")
    assert "switched off" in answer.json()["detail"]
    assert (await roles(office))["help_desk"] == 1
    assert (await dana.ask("POST", f"{switch}/enable")).status_code == 204
    assert (await dana.ask("POST", "/admin/staff", json=again)).status_code == 201


async def test_a_username_that_waits_for_a_colleague_is_nobody_elses(office: Office, dana: User) -> None:
    added = await add(dana, **SAM)
    teacher = await office.user(await office.staff_member("Tia Moss"), Portal.STAFF)
    teacher.username = "sortiz26"
    assert refused(await teacher.activate()) == (409, "username_taken")
    teacher.username = "tmoss2026"
    assert (await teacher.activate()).status_code == 201
    await arrives(office, added)


async def test_of_those_who_use_a_key_while_it_is_taken_away_nobody_stays_in(
    office: Office, dana: User, settings: Settings, clock: ManualClock
) -> None:
    async with serving(settings, clock) as there:
        for milliseconds in (0, 4, 8, 16):
            added = await add(dana, **{**SAM, "username": f"sam{milliseconds}"})
            sam = User(there, office.district, Portal.STAFF, UUID(added["person_id"]), added["username"])
            sam.key = added["activation_key"]
            activating = asyncio.create_task(sam.activate())
            await asyncio.sleep(milliseconds / 1_000)
            assert (await dana.ask("DELETE", f"/admin/staff/{sam.person_id}")).status_code == 204
            if (await activating).is_success:
                assert refused(await sam.me()) == (401, "invalid_token")
            assert refused(await sam.sign_in())[0] in {401, 403}


async def test_an_operator_puts_in_the_first_and_takes_out_the_last(office: Office) -> None:
    """Who has a shell has the last word: nobody of the office can undo a wrong first admin."""
    staff = office.campus.staff_office
    clerk = operator_of(office.district)
    person = await office.staff_member("Theo Marsh")
    async with office.campus.database.transaction() as session:
        named = (await session.get_one(Person, person)).sourced_id
    await staff.add(clerk, NewStaff(ADMIN, "theo26", person=named))
    await staff.remove(clerk, person)
    assert await roles(office) == {}
    async with office.campus.database.transaction() as session:
        keys = list(await session.scalars(select(ActivationKey).where(ActivationKey.person_id == person)))
        assert [(key.username, key.revoked_at is not None) for key in keys] == [("theo26", True)]
        assert (await session.get_one(Person, person)).ended_at is None
    assert [(event.tag, event.actor) for event in await trail(office)] == [
        ("operator:staff:added", "operator"),
        ("operator:staff:removed", "operator"),
    ]
