"""A clerk hands a key over to one person: in person, by letter; looks at the keys that there are, and takes one back."""

from datetime import timedelta
from uuid import uuid4

import pytest

from app.clock import ManualClock
from app.models import StaffMember
from app.portals import Portal
from app.services.clerk import StaffRole
from tests.office.counter import actor
from tests.office.keys import ALL_STATES, KEYS, keys_of, order, shown_key, states
from tests.office.trail import written
from tests.support.desk import at_desk, give_role, pass_second_factor
from tests.support.office import Office
from tests.support.portal import Server, User, faults, refused


async def test_whoever_stands_at_the_desk_with_a_photo_id_gets_a_key_that_opens(
    office: Office, maria: User, hugo: User
) -> None:
    old = maria.key
    answer = await order(hugo, maria.person_id)
    key = answer.json()
    assert answer.status_code == 201
    assert set(key) == {"id", "person_id", "portal", "channel", "expires_at", "activation_key"}
    assert (key["person_id"], key["portal"], key["channel"]) == (str(maria.person_id), "parent", "in_person")
    assert refused(await maria.verify()) == (404, "activation_key_invalid"), "the key before opens nothing any more"
    maria.key = key["activation_key"]
    assert old != maria.key
    assert (await maria.activate()).status_code == 201
    assert await states(hugo, maria.person_id) == ["revoked", "used"]
    (issued,) = await written(office, "office:key:issued")
    assert (issued.actor, issued.person_id) == (actor(hugo), maria.person_id)
    assert issued.data == {"key": key["id"], "portal": "parent", "channel": "in_person", "photo_id_checked": True}


@pytest.mark.parametrize("claim", [{}, {"photo_id_checked": False}], ids=["nothing said", "not checked"])
async def test_without_a_photo_id_no_key_is_shown_and_nothing_changes(
    office: Office, maria: User, hugo: User, claim: dict[str, object]
) -> None:
    body = {"person_id": str(maria.person_id), "channel": "in_person", **claim}
    answer = await hugo.ask("POST", KEYS, json=body)
    assert faults(answer) == {("/photo_id_checked", "photo_id_not_checked"): {}}
    assert (await maria.verify()).status_code == 200
    assert await written(office, "office:key:issued") == []


async def test_there_is_no_phone_channel(maria: User, hugo: User) -> None:
    assert ("/channel", "unknown_value") in faults(await order(hugo, maria.person_id, "phone", photo_id_checked=True))


async def test_showing_a_key_wants_a_step_up_of_the_last_five_minutes(
    maria: User, hugo: User, clock: ManualClock
) -> None:
    clock.advance(timedelta(minutes=5))
    await hugo.refresh()
    assert refused(await order(hugo, maria.person_id)) == (401, "step_up_required")
    await pass_second_factor(hugo)
    assert (await order(hugo, maria.person_id)).status_code == 201


async def test_a_letter_shows_its_key_to_nobody(maria: User, hugo: User) -> None:
    answer = await order(hugo, maria.person_id, "letter", photo_id_checked=True)
    assert answer.status_code == 201
    assert "activation_key" not in answer.json()
    assert refused(await maria.verify()) == (404, "activation_key_invalid"), "the letter is in its place"
    (waiting,) = await keys_of(hugo, person_id=str(maria.person_id), state="live")
    assert (waiting["channel"], "batch_id" in waiting) == ("letter", False)


async def test_a_key_for_somebody_with_an_account_starts_it_over(maria: User, hugo: User) -> None:
    await maria.activate()
    maria.key, maria.password = await shown_key(hugo, maria.person_id), "Quiet harbour 17"
    again = maria.on_another_device()
    answer = await again.activate()
    assert answer.json()["account"]["id"] == maria.session["account"]["id"]
    assert (await maria.me()).status_code == 401


async def test_who_may_enter_several_portals_gets_the_key_of_the_one_that_is_named(
    office: Office, dana: User, hugo: User
) -> None:
    child = await office.student("Ana Lopez")
    both = await office.guardian("Maria Lopez", [child], is_staff=True)
    assert faults(await order(dana, both)) == {("/portal", "portal_needed"): {"portals": "parent, staff"}}
    assert (await order(dana, both, portal="staff")).json()["portal"] == "staff"
    assert (await order(dana, child)).json()["portal"] == "student"
    assert (await order(hugo, both)).json()["portal"] == "parent", "the only one that is his to issue"
    assert refused(await order(dana, both, portal="student")) == (409, "not_entitled")


async def test_keys_of_colleagues_are_the_admins_and_nobody_issues_his_own(
    office: Office, dana: User, hugo: User
) -> None:
    ted = await office.staff_member("Ted Stone")
    for named in ({}, {"portal": "staff"}):
        assert refused(await order(hugo, ted, **named)) == (404, "not_found")
    assert (await order(dana, ted)).json()["portal"] == "staff"
    for clerk in (dana, hugo):
        assert refused(await order(clerk, clerk.person_id, portal="staff")) == (403, "forbidden")
    (ours,) = await keys_of(dana, person_id=str(ted))
    assert await keys_of(hugo, person_id=str(ted)) == []
    assert refused(await hugo.ask("DELETE", f"{KEYS}/{ours['id']}")) == (404, "not_found")


async def test_a_colleagues_key_brings_the_username_that_was_chosen(office: Office, dana: User) -> None:
    ted = await office.staff_member("Ted Stone")
    await give_role(office, ted, StaffRole.HELP_DESK)
    async with office.campus.database.transaction() as session:
        member = await session.get_one(StaffMember, ted)
        member.username = "ted2026"
    key = await shown_key(dana, ted)
    assert (await office.visitor(ted, key, Portal.STAFF).verify()).json()["username"] == "ted2026"


async def test_who_may_not_enter_gets_no_key(office: Office, maria: User, hugo: User) -> None:
    await office.take_portal_away(maria)
    for named in ({}, {"portal": "parent"}):
        assert refused(await order(hugo, maria.person_id, **named)) == (409, "not_entitled")
    gone = await office.student("Ana Stone")
    await office.end(gone)
    assert refused(await order(hugo, gone)) == (409, "not_entitled")
    await office.set("portals=student")
    await office.give_portal_back(maria)
    assert refused(await order(hugo, maria.person_id, portal="parent")) == (403, "feature_disabled")
    assert refused(await order(hugo, maria.person_id)) == (409, "not_entitled")
    assert await written(office, "office:key:issued") == []


async def test_a_key_does_not_switch_an_account_on(office: Office, maria: User, hugo: User) -> None:
    await maria.activate()
    await office.disable(maria)
    answer = await order(hugo, maria.person_id)
    assert refused(answer) == (409, "not_entitled")
    assert "switched off" in answer.json()["detail"]


async def test_people_of_other_districts_and_schools_are_not_there(server: Server, office: Office) -> None:
    north, south = await office.school("North"), await office.school("South")
    nina = await at_desk(office, StaffRole.HELP_DESK, name="Nina North", schools=[north])
    here, there = await office.student("Ana Lopez", school=north), await office.student("Ben Stone", school=south)
    elsewhere = await (await Office.open(server, "clarke", "Clarke County")).student("Cal Reed")
    assert (await order(nina, here)).status_code == 201
    for person in (there, elsewhere, uuid4()):
        assert refused(await order(nina, person)) == (404, "not_found")
    await office.key_for(there, Portal.STUDENT)
    assert [key["person"]["id"] for key in await keys_of(nina)] == [str(here)]


async def test_the_list_tells_everything_but_the_key(
    office: Office, hugo: User, dana: User, clock: ManualClock
) -> None:
    used, _, revoked, fresh = [await office.parent(f"{name} Lopez") for name in ("Una", "Eva", "Rita", "Lisa")]
    await used.activate()
    clock.advance(timedelta(days=89))
    revoked.key, fresh.key = await office.key_for(revoked.person_id, Portal.PARENT), ""
    clock.advance(timedelta(days=1, hours=1))
    for clerk in (hugo, dana):
        await clerk.sign_in()
        await pass_second_factor(clerk)
    fresh.key = await shown_key(hugo, fresh.person_id)
    newest = (await keys_of(dana, person_id=str(revoked.person_id)))[0]
    assert (await hugo.ask("DELETE", f"{KEYS}/{newest['id']}")).status_code == 204
    seen = {state: await keys_of(hugo, state=state, portal="parent", limit=1) for state in ALL_STATES}
    names = {state: sorted(key["person"]["first_name"] for key in keys) for state, keys in seen.items()}
    assert names == {"live": ["Lisa"], "used": ["Una"], "expired": ["Eva"], "revoked": ["Lisa", "Rita", "Rita"]}
    (live,) = seen["live"]
    assert set(live) == {"id", "person", "portal", "channel", "issued_at", "expires_at", "state"}
    whole = await hugo.ask("GET", KEYS, params={"limit": 100})
    assert fresh.key not in whole.text
    assert "digest" not in whole.text
    moments = [key["issued_at"] for key in whole.json()["items"]]
    assert moments == sorted(moments, reverse=True)
    assert ("/query/cursor", "cursor_invalid") in faults(await hugo.ask("GET", KEYS, params={"cursor": "WzEsIDJd"}))


async def test_a_key_that_was_taken_back_opens_nothing(office: Office, maria: User, hugo: User) -> None:
    maria.key = await shown_key(hugo, maria.person_id)
    (key,) = await keys_of(hugo, state="live", person_id=str(maria.person_id))
    assert (await hugo.ask("DELETE", f"{KEYS}/{key['id']}")).status_code == 204
    assert refused(await maria.activate()) == (404, "activation_key_invalid")
    assert refused(await hugo.ask("DELETE", f"{KEYS}/{key['id']}")) == (409, "key_not_live")
    assert refused(await hugo.ask("DELETE", f"{KEYS}/{uuid4()}")) == (404, "not_found")
    (revoked,) = await written(office, "office:key:revoked")
    assert (revoked.actor, revoked.person_id) == (actor(hugo), maria.person_id)
    assert revoked.data == {"key": key["id"], "portal": "parent"}


async def test_a_key_that_was_used_cannot_be_taken_back(maria: User, hugo: User) -> None:
    await maria.activate()
    (key,) = await keys_of(hugo, person_id=str(maria.person_id))
    assert refused(await hugo.ask("DELETE", f"{KEYS}/{key['id']}")) == (409, "key_not_live")
    assert (await maria.me()).status_code == 200
