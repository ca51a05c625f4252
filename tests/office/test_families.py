"""People of the roster and their families, as the office finds and changes them."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

from app.clock import ManualClock
from app.portals import Portal
from app.services.clerk import StaffRole
from tests.office.counter import (
    ENDED,
    FORBIDDEN,
    GONE,
    account_of,
    relationship_of,
    set_portal,
    snapshot,
    without_account,
)
from tests.office.trail import acts
from tests.support.desk import at_desk
from tests.support.office import Office
from tests.support.portal import User, faults, refused
from tests.support.recovery import Owner, Post


async def listed(clerk: User, what: str, **query: object) -> list[dict[str, Any]]:
    answer = await clerk.ask("GET", f"/admin/{what}", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_people_are_shown_with_their_doors_and_schools(office: Office, maria: User, hugo: User) -> None:
    north = await office.school("North")
    eva = await office.student("Eva Diaz", number="77", school=north)
    rosa = await office.user(await office.guardian("Rosa Diaz", [eva], is_staff=True), Portal.PARENT)
    await rosa.activate()
    shown = {person["first_name"]: person for person in await listed(hugo, "people", q="diaz")}
    assert shown["Eva"] == {
        "id": str(eva),
        "first_name": "Eva",
        "last_name": "Diaz",
        "student_number": "77",
        "kinds": ["student"],
        "schools": [{"id": str(north), "name": "North"}],
        "in_roster": True,
        "enabled": True,
        "portals": [{"portal": "student", "may_enter": True, "reason": "no_key"}],
    }
    assert shown["Rosa"]["kinds"] == ["guardian", "staff"]
    (door,) = shown["Rosa"]["portals"]
    assert (door["account_id"], door["username"], door["key"]["state"]) == (account_of(rosa), rosa.username, "used")
    assert "reason" not in door
    (waiting,) = await listed(hugo, "people", q="lopez", kind="guardian")
    assert [(door["portal"], door["reason"]) for door in waiting["portals"]] == [("parent", "never_activated")]
    one = await hugo.ask("GET", f"/admin/people/{maria.person_id}")
    assert one.json() == waiting


async def test_an_admin_sees_the_staff_door_too(office: Office, dana: User) -> None:
    await office.guardian("Rosa Diaz", [await office.student("Eva Diaz")], is_staff=True)
    (rosa,) = await listed(dana, "people", q="diaz", kind="guardian")
    assert [door["portal"] for door in rosa["portals"]] == ["parent", "staff"]


async def test_people_of_other_schools_and_districts_are_not_there(office: Office, maria: User) -> None:
    north, south = await office.school("North"), await office.school("South")
    ann = await office.student("Ann Lee", school=north)
    bob = await office.student("Bob Lee", school=south)
    await office.guardian("Una Lee", [ann])
    sol = await office.guardian("Sol Lee", [bob])
    noel = await at_desk(office, StaffRole.HELP_DESK, name="Noel North", schools=[north])
    assert sorted(person["first_name"] for person in await listed(noel, "people", q="lee")) == ["Ann", "Una"]
    assert [each["student"]["first_name"] for each in await listed(noel, "relationships", q="lee")] == ["Ann"]
    kent = await Office.open(office.server, "kent", "Kent Schools", "DE")
    stranger = await at_desk(kent)
    assert await listed(stranger, "people", q="lee") == []
    for clerk, person in ((noel, sol), (noel, bob), (noel, maria.person_id), (stranger, ann), (noel, uuid4())):
        assert refused(await clerk.ask("GET", f"/admin/people/{person}")) == GONE
        assert await listed(clerk, "relationships", person_id=str(person)) == []
    admin = await at_desk(kent, name="Dora Moss")
    before = await snapshot(office)
    assert refused(await set_portal(admin, await relationship_of(office, sol, bob), portal=False)) == GONE
    assert await snapshot(office) == before


async def test_a_family_is_found_from_either_end(office: Office, maria: User, hugo: User) -> None:
    await office.guardian("Paul Berg", [await office.student("Pia Lopez", number="5")])
    everybody = [
        (each["guardian"]["first_name"], each["student"]["first_name"]) for each in await listed(hugo, "relationships")
    ]
    assert sorted(everybody) == [("Maria", "Ana"), ("Maria", "Ben"), ("Paul", "Pia")]
    assert everybody[0] == ("Paul", "Pia"), "by the guardian's last name"
    assert len(await listed(hugo, "relationships", q="maria")) == 2
    assert [each["guardian"]["last_name"] for each in await listed(hugo, "relationships", q="5")] == ["Berg"]
    mine = await listed(hugo, "relationships", person_id=str(maria.person_id))
    flags = {name: mine[0][name] for name in ("relation", "legal_guardian", "mailing", "portal", "messenger")}
    assert flags == {"relation": "parent", "legal_guardian": True, "mailing": True, "portal": True, "messenger": True}


async def test_pages_of_people_and_families_leave_nobody_out(office: Office, hugo: User) -> None:
    await office.parents(5)
    for what in ("people", "relationships"):
        whole = [item["id"] for item in await listed(hugo, what, limit=100)]
        paged: list[str] = []
        query: dict[str, object] = {"limit": 2}
        while True:
            page = (await hugo.ask("GET", f"/admin/{what}", params=query)).json()
            paged += [item["id"] for item in page["items"]]
            if "next_cursor" not in page:
                break
            query["cursor"] = page["next_cursor"]
        assert paged == whole, what
        answer = await hugo.ask("GET", f"/admin/{what}", params={"cursor": "WzFd"})
        assert list(faults(answer)) == [("/query/cursor", "cursor_invalid")]


async def test_the_last_portal_flag_off_ends_what_she_has_open(
    office: Office, post: Post, dana: User, clock: ManualClock
) -> None:
    eva, ivo = await office.student("Eva Diaz"), await office.student("Ivo Diaz")
    rosa = Owner.of(await office.user(await office.guardian("Rosa Diaz", [eva, ivo]), Portal.PARENT), post)
    await rosa.activate()
    first, last = [await relationship_of(office, rosa.person_id, child) for child in (eva, ivo)]
    answer = await set_portal(dana, first, portal=False)
    assert (answer.status_code, answer.json()["portal"], answer.json()["student"]["first_name"]) == (200, False, "Eva")
    assert await rosa.students() == ["Ivo"]
    assert (await set_portal(dana, last, portal=False)).status_code == 200
    assert refused(await rosa.me()) == ENDED
    assert refused(await rosa.refresh()) == ENDED
    assert (await rosa.sign_in()).json()["reason"] == "no_portal_access"
    assert (await set_portal(dana, last, portal=False)).status_code == 200, "twice changes nothing"
    clock.advance(timedelta(minutes=1))
    assert (await set_portal(dana, last, portal=True)).status_code == 200
    assert refused(await rosa.me()) == ENDED, "what has ended stays ended"
    assert (await rosa.sign_in()).status_code == 200
    events = await acts(office, "relationship")
    assert [(tag, data["student"]) for tag, _, data in events] == [
        ("office:relationship:portal_off", str(eva)),
        ("office:relationship:portal_off", str(ivo)),
        ("office:relationship:portal_on", str(ivo)),
    ]
    assert {actor for _, actor, _ in events} == {f"account:{account_of(dana)}"}


async def test_a_session_that_was_switched_to_elsewhere_ends_with_the_flag_too(office: Office, post: Post) -> None:
    kent = await Office.open(office.server, "kent", "Kent Schools", "DE")
    sussex = await Office.open(office.server, "sussex", "Sussex Schools", "DE")
    child = await kent.student("Eva Diaz")
    here = Owner.of(await kent.user(await kent.guardian("Rosa Diaz", [child]), Portal.PARENT), post)
    there = Owner.of(await sussex.parent(), post)
    for login in (here, there):
        await login.activate()
    code = (await here.ask("POST", "/districts/link/codes")).json()["code"]
    assert (await there.ask("POST", "/districts/link", json={"code": code})).status_code == 201
    switched = there.on_another_device()
    switched.session = (await here.ask("POST", f"/districts/link/{account_of(there)}/switch")).json()
    assert (await switched.me()).status_code == 200
    admin = await at_desk(kent)
    assert (await set_portal(admin, await relationship_of(office, here.person_id, child), portal=False)).is_success
    assert refused(await switched.me()) == ENDED
    assert (await there.me()).status_code == 200


async def test_only_an_admin_switches_the_flag_and_nothing_but_the_flag(
    office: Office, maria: User, dana: User, hugo: User
) -> None:
    (ana, *_) = await listed(hugo, "relationships", person_id=str(maria.person_id))
    before = await snapshot(office)
    assert refused(await set_portal(hugo, ana["id"], portal=False)) == FORBIDDEN
    assert refused(await set_portal(dana, str(uuid4()), portal=False)) == GONE
    for field in ("mailing", "legal_guardian", "guardian", "ended_at"):
        answer = await dana.ask("PATCH", f"/admin/relationships/{ana['id']}", json={"portal": False, field: False})
        assert list(faults(answer)) == [(f"/{field}", "unknown_field")]
    assert await snapshot(office) == before


async def test_a_child_that_is_shown_again_lets_her_have_a_key(office: Office, dana: User) -> None:
    child = await office.student("Eva Diaz")
    rosa = await office.guardian("Rosa Diaz", [])
    await office.relate(rosa, child, portal=False)
    assert await without_account(dana, "rosa") == {("Rosa", "parent"): "no_portal_access"}
    await set_portal(dana, await relationship_of(office, rosa, child), portal=True)
    assert await without_account(dana, "rosa") == {("Rosa", "parent"): "no_key"}


async def test_two_admins_who_switch_one_flag_at_once_leave_one_event(office: Office, maria: User, dana: User) -> None:
    await maria.activate()
    ines = await at_desk(office, name="Ines Roy")
    (ana, *_) = await listed(dana, "relationships", person_id=str(maria.person_id))
    both = await asyncio.gather(*(set_portal(clerk, ana["id"], portal=False) for clerk in (dana, ines)))
    assert [answer.status_code for answer in both] == [200, 200]
    assert [tag for tag, _, _ in await acts(office, "relationship")] == ["office:relationship:portal_off"]
