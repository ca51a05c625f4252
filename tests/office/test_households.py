"""Households: a guardian says that hers is right or what would be, the office accepts or declines, and nothing changes silently."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.clock import ManualClock
from app.mail.senders import MemorySender
from app.models import AuditEvent, HouseholdRequest
from app.portals import Portal
from app.services.clerk import StaffRole
from app.settings import Settings
from tests.support.desk import at_desk
from tests.support.engines import sqlite_only
from tests.support.hash_pools import quick_hashes
from tests.support.office import Office
from tests.support.portal import Server, User, faults, refused, serving
from tests.support.recovery import Mail, Owner, Post, posting
from tests.support.secret_keys import with_new_key

OAK = {"street": "12 Oak Lane", "city": "Jefferson", "state": "GA", "postal_code": "30549"}
ELM = {**OAK, "street": "7 Elm Street, Apt 3"}
HOME = {"address": OAK, "phones": ["706-555-0134"], "emails": ["maria.lopez@example.org"]}
MOVED = {**HOME, "address": ELM}
HOUSEHOLDS, REQUESTS, VERIFICATIONS = "/admin/households", "/admin/household-requests", "/me/household/verifications"


@dataclass(frozen=True)
class Family:
    """Maria and Jorge live apart; Ana has a home at both, Ben only at Maria's, whose portal does not show him."""

    ana: UUID
    ben: UUID
    maria: User
    jorge: User
    home: dict[str, Any]


@pytest.fixture
async def family(office: Office, dana: User) -> Family:
    ana, ben = await office.student("Ana Lopez"), await office.student("Ben Lopez")
    maria, jorge = [
        await office.user(await office.guardian(name, [ana]), Portal.PARENT) for name in ("Maria Lopez", "Jorge Ruiz")
    ]
    await office.relate(maria.person_id, ben, portal=False)
    for parent in (maria, jorge):
        assert (await parent.activate()).status_code == 201
    home = await enter(dana, HOME, maria.person_id, ana, ben)
    await enter(dana, {"phones": ["404-555-0199"]}, jorge.person_id, ana)
    return Family(ana, ben, maria, jorge, home)


async def enter(admin: User, facts: dict[str, Any], *members: UUID) -> dict[str, Any]:
    answer = await admin.ask("POST", HOUSEHOLDS, json={**facts, "member_ids": [str(member) for member in members]})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def homes(parent: User) -> list[dict[str, Any]]:
    answer = await parent.ask("GET", "/me/household")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def says(parent: User, correction: dict[str, Any] | None = None, **changes: Any) -> Any:
    """Of the household that her app shows her."""
    (home,) = await homes(parent)
    outcome = "correction" if correction else "still_right"
    body = {"household_id": home["id"], "version": home["version"], "outcome": outcome}
    headers = changes.pop("headers", {})
    more = {"correction": correction} if correction else {}
    return await parent.ask("POST", VERIFICATIONS, json={**body, **more, **changes}, headers=headers)


async def corrects(parent: User, correction: dict[str, Any]) -> str:
    answer = await says(parent, correction)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def waiting(clerk: User) -> list[dict[str, Any]]:
    return list((await clerk.ask("GET", REQUESTS, params={"state": "waiting"})).json()["items"])


async def accept(clerk: User, request: str, version: int = 1) -> Any:
    return await clerk.ask("POST", f"{REQUESTS}/{request}/accept", json={"household_version": version})


def subjects(mails: Sequence[Mail]) -> Counter[str]:
    return Counter(str(mail.message["Subject"]).partition(": ")[2] for mail in mails)


async def test_a_guardian_says_that_all_is_still_right(family: Family, dana: User, office: Office) -> None:
    (home,) = await homes(family.maria)
    student = {"id": str(family.ana), "first_name": "Ana", "last_name": "Lopez"}
    assert home == {**HOME, "id": family.home["id"], "version": 1, "students": [student]}
    answer = await says(family.maria)
    said = {"household_id": home["id"], "asked_at": "2026-08-03T12:00:00Z", "state": "verified"}
    assert (answer.status_code, answer.json()) == (201, {"id": answer.json()["id"], **said})
    assert (await homes(family.maria))[0]["verified_at"] == "2026-08-03T12:00:00Z"
    assert await waiting(dana) == []
    async with office.campus.database.reading() as connection:
        query = select(AuditEvent.data).where(AuditEvent.tag == "api:household:verified")
        assert [event.data for event in await connection.execute(query)] == [
            {"household": home["id"], "request": answer.json()["id"]}
        ]


async def test_a_guardian_sees_her_own_home_and_only_with_a_child_whom_the_portal_shows_her(
    family: Family, dana: User, office: Office
) -> None:
    """Ana has two homes. Neither parent learns anything of the other's."""
    (his,) = await homes(family.jorge)
    assert (his["phones"], [student["first_name"] for student in his["students"]]) == (["404-555-0199"], ["Ana"])
    hers = {"household_id": family.home["id"], "version": 1, "outcome": "still_right"}
    assert refused(await family.jorge.ask("POST", VERIFICATIONS, json=hers)) == (404, "not_found")
    await enter(dana, HOME, family.maria.person_id, family.ben)
    assert len(await homes(family.maria)) == 1, "the other one is only Ben's, whom she does not see"
    childless = await office.user(await office.guardian("Rita Roe", [family.ana]), Portal.PARENT)
    assert (await childless.activate()).status_code == 201
    assert await homes(childless) == []
    student = await office.user(family.ana, Portal.STUDENT)
    assert (await student.activate()).status_code == 201
    assert refused(await student.ask("GET", "/me/household")) == (403, "forbidden")
    await office.set("areas.off.parent=household")
    assert refused(await family.maria.ask("GET", "/me/household")) == (403, "feature_disabled")
    await office.set("areas.off.parent=", "areas.closures=break 2026-08-01..2026-08-05 household")
    for method, path in (("GET", "/me/household"), ("POST", VERIFICATIONS)):
        answer = await family.maria.ask(method, path, json=hers if method == "POST" else None)
        assert (refused(answer), answer.json()["back_on"]) == ((403, "feature_disabled"), "2026-08-05")


async def test_the_office_accepts_a_correction_and_everybody_concerned_is_told(
    family: Family, hugo: User, dana: User, office: Office, post: Post
) -> None:
    await corrects(family.maria, {**HOME, "phones": []})
    request = await corrects(family.maria, MOVED)
    (home,) = await homes(family.maria)
    assert (home["address"], home["last_request"]["correction"]) == (OAK, MOVED), "nothing has changed yet"
    (asked,) = await waiting(hugo)
    assert (asked["id"], asked["first_name"], asked["changes"]) == (request, "Maria", ["address"])
    assert (asked["current"], asked["wanted"]) == (HOME, MOVED)
    assert refused(await accept(hugo, request, version=2)) == (412, "precondition_failed")

    grandma = await office.user(await office.guardian("Rosa Lopez", [family.ana]), Portal.PARENT)
    assert (await grandma.activate()).status_code == 201
    for parent in (grandma, family.maria, family.jorge):
        await Owner.of(parent, post).own_address(f"{parent.username}@home.example")
    members = [family.maria.person_id, grandma.person_id, family.ana]
    body = {**HOME, "member_ids": [str(member) for member in members]}
    assert (await dana.ask("PUT", f"{HOUSEHOLDS}/{home['id']}", json=body, headers={"If-Match": '"1"'})).is_success
    assert (await accept(hugo, request, version=2)).status_code == 204
    mails = await post.deliver()
    assert subjects(mails) == {"your household was corrected": 1, "your household was changed": 1}
    assert not [mail for mail in mails if "Elm" in mail.everything]
    for parent in (family.maria, grandma):
        (home,) = await homes(parent)
        assert (home["address"], home["version"], home["verified_at"]) == (ELM, 3, "2026-08-03T12:00:00Z")
    (home,) = await homes(family.maria)
    assert (home["last_request"]["state"], "correction" in home["last_request"]) == ("accepted", False)
    assert refused(await accept(hugo, request, version=3)) == (409, "household_request_closed")
    async with office.campus.database.reading() as connection:
        left = await connection.scalars(select(HouseholdRequest.facts))
        assert list(left) == [{}, {}], "of what was wanted nothing is kept"
        trail = await connection.execute(select(AuditEvent.tag, AuditEvent.data))
        told = [event for event in trail if "household" in event.tag]
        assert {event.tag for event in told} >= {"api:household_request:opened", "office:household_request:accepted"}
        assert not [event for event in told if "Elm" in str(event.data) or "555-0134" in str(event.data)]


async def test_the_office_declines_and_says_why(family: Family, hugo: User, post: Post) -> None:
    await Owner.of(family.maria, post).own_address()
    request = await corrects(family.maria, MOVED)
    answer = await hugo.ask("POST", f"{REQUESTS}/{request}/decline", json={"reason": "proof_needed"})
    assert answer.status_code == 204
    mail = await post.one()
    assert subjects([mail]) == {"your correction was not accepted": 1}
    assert "proof of your address" in mail.text
    (home,) = await homes(family.maria)
    assert (home["address"], home["last_request"]["state"], home["last_request"]["reason"]) == (
        OAK,
        "declined",
        "proof_needed",
    )
    answer = await hugo.ask("POST", f"{REQUESTS}/{request}/decline", json={})
    assert refused(answer) == (409, "household_request_closed")


async def test_what_changed_since_she_looked_is_not_verified(family: Family, dana: User) -> None:
    body = {**MOVED, "member_ids": [str(family.maria.person_id), str(family.ana)]}
    path = f"{HOUSEHOLDS}/{family.home['id']}"
    assert refused(await dana.ask("PUT", path, json=body)) == (428, "precondition_required")
    answer = await dana.ask("PUT", path, json=body, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.headers["etag"], answer.json()["address"]) == (200, '"2"', ELM)
    assert refused(await says(family.maria, version=1)) == (412, "precondition_failed")
    assert refused(await dana.ask("PUT", path, json=body, headers={"If-Match": '"1"'})) == (412, "precondition_failed")
    assert list(faults(await says(family.maria, MOVED))) == [("/correction", "nothing_corrected")]


async def test_a_help_desk_of_one_school_works_for_its_families(family: Family, dana: User, office: Office) -> None:
    high, middle = [await office.school(name) for name in ("Jefferson High", "East Middle")]
    await office.enroll(family.ana, high)
    request = await corrects(family.maria, MOVED)
    eve = await at_desk(office, StaffRole.HELP_DESK, name="Eve East", schools=[middle])
    assert await waiting(eve) == []
    assert refused(await accept(eve, request)) == (404, "not_found")
    assert (await eve.ask("GET", HOUSEHOLDS)).json()["items"] == []
    hope = await at_desk(office, StaffRole.HELP_DESK, name="Hope High", schools=[high])
    assert [asked["id"] for asked in await waiting(hope)] == [request]
    shown = (await hope.ask("GET", HOUSEHOLDS, params={"person_id": family.maria.person_id})).json()["items"]
    assert [[member["first_name"] for member in home["members"]] for home in shown] == [["Ana", "Maria"]]
    pages = [await dana.ask("GET", HOUSEHOLDS, params={"limit": 1})]
    pages.append(await dana.ask("GET", HOUSEHOLDS, params={"limit": 1, "cursor": pages[0].json()["next_cursor"]}))
    assert len({page.json()["items"][0]["id"] for page in pages}) == 2
    assert "next_cursor" not in pages[1].json()


async def test_a_correction_that_is_sent_twice_is_one(
    family: Family, hugo: User, settings: Settings, clock: ManualClock
) -> None:
    key = {"Idempotency-Key": "correction-1"}
    first, again = [await says(family.maria, MOVED, headers=key) for _ in range(2)]
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert len(await waiting(hugo)) == 1
    answer = await says(family.maria, {**MOVED, "phones": []}, headers=key)
    assert refused(answer) == (422, "idempotency_key_reused")
    assert (await accept(hugo, first.json()["id"])).status_code == 204
    late = await says(family.maria, MOVED, headers=key, version=1)
    async with serving(with_new_key(settings), clock) as another:
        there = await says(replace(family.maria, server=another), MOVED, headers=key, version=1)
    assert [(answer.status_code, answer.json()["state"]) for answer in (late, there)] == [(201, "accepted")] * 2


@pytest.fixture
async def there(settings: Settings, clock: ManualClock, post: Post) -> AsyncIterator[Server]:
    """Another server with the same database."""
    async with posting(settings, clock, MemorySender(post.messages)) as server:
        server.http.event_hooks = post.server.http.event_hooks
        with quick_hashes(server):
            yield server


async def test_of_two_who_do_the_same_at_once_one_does_it(
    family: Family, hugo: User, dana: User, there: Server, clock: ManualClock
) -> None:
    """Over two servers: a correction under one Idempotency-Key, then two clerks, of whom one accepts and one declines."""
    maria, dana = replace(family.maria, server=there), replace(dana, server=there)
    for number, moved in enumerate((MOVED, HOME, MOVED)):
        key = {"Idempotency-Key": f"correction-{number}"}
        clock.advance(timedelta(seconds=1))
        answers = await asyncio.gather(*(says(parent, moved, headers=key) for parent in (family.maria, maria)))
        made = {answer.json()["id"] for answer in answers if answer.is_success}
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len(made) == 1
        (asked,) = await waiting(hugo)
        (request,) = made
        decisions = await asyncio.gather(
            accept(hugo, request, asked["household_version"]),
            dana.ask("POST", f"{REQUESTS}/{request}/decline", json={}),
        )
        assert sorted(answer.status_code for answer in decisions) == [204, 409]
        (home,) = await homes(family.maria)
        accepted = decisions[0].is_success
        assert home["last_request"]["state"] == ("accepted" if accepted else "declined")
        assert (home["address"] == moved["address"]) is accepted
        if not accepted:
            clock.advance(timedelta(seconds=1))
            request = await corrects(family.maria, moved)
            assert (await accept(hugo, request, home["version"])).status_code == 204


@sqlite_only
@pytest.mark.parametrize(
    ("correction", "fault"),
    [
        ({"address": {**OAK, "state": "Georgia"}}, ("/correction/address/state", "too_long")),
        ({"address": {**OAK, "postal_code": "3054"}}, ("/correction/address/postal_code", "wrong_format")),
        ({"address": {**OAK, "street": " "}}, ("/correction/address/street", "too_short")),
        ({"address": {**OAK, "street": "12\nOak"}}, ("/correction/address/street", "text_expected")),
        ({"address": {"street": "12 Oak Lane"}}, ("/correction/address/city", "required")),
        ({"phones": ["call me"]}, ("/correction/phones/0", "wrong_format")),
        ({"phones": ["706-555-0134"] * 11}, ("/correction/phones", "too_many")),
        ({"emails": ["maria at home"]}, ("/correction/emails/0", "wrong_format")),
    ],
)
async def test_a_correction_that_cannot_be_meant_is_refused(
    maria: User, correction: dict[str, Any], fault: tuple[str, str]
) -> None:
    assert (await maria.activate()).status_code == 201
    body = {"household_id": str(maria.person_id), "version": 1, "outcome": "correction", "correction": correction}
    assert next(iter(faults(await maria.ask("POST", VERIFICATIONS, json=body)))) == fault
    answer = await maria.ask("POST", VERIFICATIONS, json={**body, "outcome": "still_right", "correction": HOME})
    assert list(faults(answer)) == [("", "outcome_and_correction")]
