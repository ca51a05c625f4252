"""The login screen of a district: what an app shows before anybody has signed in."""

from datetime import timedelta
from functools import partial

import pytest

from app.clock import ManualClock
from app.models import District
from app.services.clerk import operator_of
from app.services.office.announcements import Notice
from tests.support.office import Office
from tests.support.portal import Server, faults, refused

HOUR = timedelta(hours=1)


async def test_a_new_district_shows_the_defaults(office: Office) -> None:
    answer = await office.server.http.get("/districts/jackson")
    assert answer.json() == {
        "id": "jackson",
        "name": "Jackson County Schools",
        "state": "GA",
        "city": "Jefferson",
        "timezone": "America/New_York",
        "portals": ["parent", "student"],
        "languages": ["en", "es"],
        "announcements": [],
        "features": {
            "activation": True,
            "password_reset": True,
            "username_recovery": True,
            "key_request": False,
            "claim": False,
            "challenge_questions": False,
            "linking": False,
            "push": True,
            "sso": False,
        },
        "closed_features": [],
        "password_policy": {"min_length": 8, "max_length": 128, "alphanumeric": False, "strong": False, "history": 5},
        "username_policy": {"min_length": 4, "max_length": 32},
        "key_request": {"fields": ["birth_date"], "delivery": "email"},
        "claim": {"fields": []},
        "sso": [],
        "support": {},
        "status": "open",
    }


async def test_what_the_office_changes_shows_at_the_next_request(server: Server, office: Office) -> None:
    await office.set(
        "portals=parent",
        "languages=en,es,hmn",
        "features.claim=true",
        "password_policy.min_length=6",
        "password_policy.strong=true",
        "username_policy.max_length=20",
        "support.phone=404-802-1000",
        "support.email=help@jackson.example.org",
        "support.ticket.label=Let's Talk",
        "support.ticket.url=https://talk.example.org",
    )
    screen = (await server.http.get("/districts/jackson")).json()
    assert screen["portals"] == ["parent"]
    assert screen["languages"] == ["en", "es", "hmn"]
    assert screen["features"]["claim"] is True
    assert (screen["password_policy"]["min_length"], screen["password_policy"]["strong"]) == (6, True)
    assert screen["username_policy"]["max_length"] == 20
    assert screen["support"] == {
        "phone": "404-802-1000",
        "email": "help@jackson.example.org",
        "ticket": {"label": "Let's Talk", "url": "https://talk.example.org"},
    }


async def test_linking_is_offered_only_where_the_state_allows_it(server: Server) -> None:
    for district, state, offered in (("wake", "NC", True), ("dover", "DE", True), ("fulton", "GA", False)):
        office = await Office.open(server, district, district.title(), state)
        assert (await server.http.get(f"/districts/{district}")).json()["features"]["linking"] is offered
        await office.set("features.linking=false")
        assert (await server.http.get(f"/districts/{district}")).json()["features"]["linking"] is False


async def test_announcements_appear_from_one_moment_until_another_newest_first(
    server: Server, office: Office, clock: ManualClock
) -> None:
    now = clock.now()
    announce = partial(office.campus.announcements.publish, operator_of("jackson"))
    link = {"label": "How to register", "url": "https://www.jackson.example.org/register"}
    await announce(Notice("Always", "b", [link], published_on=now.date() - timedelta(days=30)))
    await announce(Notice("Soon", "b", visible_from=now + HOUR, visible_until=now + 2 * HOUR))

    async def titles() -> list[str]:
        screen = (await server.http.get("/districts/jackson")).json()
        return [notice["title"] for notice in screen["announcements"]]

    assert await titles() == ["Always"]
    clock.advance(HOUR)
    assert await titles() == ["Soon", "Always"]
    clock.advance(HOUR - timedelta(seconds=1))
    assert await titles() == ["Soon", "Always"]
    clock.advance(timedelta(seconds=1))
    assert await titles() == ["Always"]
    (notice,) = (await server.http.get("/districts/jackson")).json()["announcements"]
    assert notice == {
        "id": notice["id"],
        "published_on": "2026-07-04",
        "title": "Always",
        "body": "b",
        "links": [link],
    }


async def test_one_district_shows_nothing_of_another(office: Office) -> None:
    wake = await Office.open(office.server, "wake", "Wake County Schools", "NC")
    await wake.campus.announcements.publish(operator_of("wake"), Notice("Snow day", "Stay at home."))
    await wake.set("password_policy.min_length=12")
    screen = (await office.server.http.get("/districts/jackson")).json()
    assert screen["announcements"] == []
    assert screen["password_policy"]["min_length"] == 8


async def test_maintenance_shows_with_its_end_and_ends_by_itself(
    server: Server, office: Office, clock: ManualClock
) -> None:
    await office.set("maintenance_until=2026-08-03T08:30:00-04:00")
    screen = (await server.http.get("/districts/jackson")).json()
    assert (screen["status"], screen["until"]) == ("maintenance", "2026-08-03T12:30:00Z")
    clock.advance(timedelta(minutes=30))
    screen = (await server.http.get("/districts/jackson")).json()
    assert screen["status"] == "open"
    assert "until" not in screen


async def test_a_district_that_nobody_opened_is_an_entry_and_no_more(server: Server) -> None:
    async with server.campus.database.transaction() as session:
        session.add(District(id="4700148", name="Shelby County Schools", state="TN", name_words="shelby"))
    screen = (await server.http.get("/districts/4700148")).json()
    assert screen["portals"] == []
    assert set(screen["features"].values()) == {False}
    key = {"district": "4700148", "activation_key": "F7KQ2-9XWMA-RT4BH-6YPCN-3ZD8V"}
    assert refused(await server.http.post("/activate/verify", json=key)) == (404, "district_not_found")
    who = {"district": "4700148", "portal": "parent", "username": "maria2026", "password": "wrong"}
    assert refused(await server.http.post("/login", json=who)) == (404, "district_not_found")


async def test_a_district_that_is_not_there(server: Server) -> None:
    for absent in ("nowhere", "JACKSON", "%20", "..%2f", "\u00e4"):
        assert refused(await server.http.get(f"/districts/{absent}")) in {
            (404, "district_not_found"),
            (404, "not_found"),
        }
    assert {pointer for pointer, _ in faults(await server.http.get("/districts/%00"))} == {"/path/district_id"}
    assert {pointer for pointer, _ in faults(await server.http.get("/districts/" + "x" * 65))} == {"/path/district_id"}


@pytest.mark.parametrize("path", ["/districts", "/districts/jackson"])
async def test_an_app_that_knows_the_page_gets_no_body_until_it_changes(
    server: Server, office: Office, path: str
) -> None:
    first = await server.http.get(path)
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "public, no-cache"
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = await server.http.get(path, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
    assert (await server.http.get(path, headers={"If-None-Match": '"other"'})).json() == first.json()
    await office.set("portals=parent")
    changed = await server.http.get(path, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag
