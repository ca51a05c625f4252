"""Notices that the office writes: on the login screen at once, changed, and taken away."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.clock import ManualClock
from app.models import Announcement, AuditEvent
from tests.support.desk import at_desk
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server, User, faults, refused

PATH = "/admin/announcements"
LINK = {"label": "How to register", "url": "https://www.jackson.example.org/register"}
NOBODYS = "0c5a2d6e-0000-4000-8000-000000000000"


async def announce(who: User, title: str, **words: Any) -> dict[str, Any]:
    answer = await who.ask("POST", PATH, json={"title": title, "body": "Read on.", **words})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def titles_of(who: User, *, limit: int = 20) -> list[list[str]]:
    """Page by page."""
    pages: list[list[str]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await who.ask("GET", PATH, params={"limit": limit, **cursor})).json()
        pages.append([notice["title"] for notice in page["items"]])
        if "next_cursor" not in page:
            return pages
        cursor = {"cursor": page["next_cursor"]}


async def test_a_notice_is_written_changed_and_taken_away(dana: User, server: Server, clock: ManualClock) -> None:
    screens = [await server.http.get("/districts/jackson")]

    async def shown() -> list[dict[str, Any]]:
        """What parents see now, which must be another page than before."""
        known = {"If-None-Match": screens[-1].headers["etag"]}
        screens.append(await server.http.get("/districts/jackson", headers=known))
        assert screens[-1].status_code == 200
        return list(screens[-1].json()["announcements"])

    notice = await announce(dana, " Snow day ", body="Stay at home.\nCall us.", links=[LINK])
    assert notice == {
        "id": notice["id"],
        "published_on": "2026-08-03",
        "title": "Snow day",
        "body": "Stay at home.\nCall us.",
        "links": [LINK],
    }
    assert await shown() == [notice]

    tomorrow = (clock.now() + timedelta(days=1)).isoformat()
    words = {"title": "Snow", "body": "Come back.", "visible_until": tomorrow, "published_on": "2026-08-01"}
    answer = await dana.ask("PUT", f"{PATH}/{notice['id']}", json=words)
    assert answer.json() == {**words, "id": notice["id"], "links": [], "visible_until": "2026-08-04T12:00:00Z"}
    assert [one["title"] for one in await shown()] == ["Snow"]
    assert (await dana.ask("PUT", f"{PATH}/{notice['id']}", json=words)).json() == answer.json()

    assert (await dana.ask("DELETE", f"{PATH}/{notice['id']}")).status_code == 204
    assert await shown() == []
    assert refused(await dana.ask("DELETE", f"{PATH}/{notice['id']}")) == (404, "not_found")
    async with server.campus.database.reading() as connection:
        events = await connection.execute(
            select(AuditEvent.tag, AuditEvent.data)
            .where(AuditEvent.tag.like("%:announcement:%"))
            .order_by(AuditEvent.id)
        )
        assert [(event.tag, event.data) for event in events] == [
            (f"office:announcement:{action}", {"announcement": notice["id"]})
            for action in ("published", "changed", "removed")
        ]


async def test_the_office_sees_those_of_the_past_and_of_the_future_page_by_page(
    dana: User, server: Server, clock: ManualClock
) -> None:
    now = clock.now()
    await announce(dana, "Over", published_on="2025-08-01", visible_until=(now - timedelta(days=1)).isoformat())
    await announce(dana, "Soon", published_on="2026-09-01", visible_from=(now + timedelta(days=1)).isoformat())
    for number in range(3):
        await announce(dana, f"Now {number}", published_on="2026-08-01")
    pages = await titles_of(dana, limit=2)
    assert [len(page) for page in pages] == [2, 2, 1]
    flat = [title for page in pages for title in page]
    assert (flat[0], sorted(flat[1:4]), flat[4]) == ("Soon", ["Now 0", "Now 1", "Now 2"], "Over")
    screen = (await server.http.get("/districts/jackson")).json()
    assert len(screen["announcements"]) == 3


async def test_the_login_screen_takes_no_more_than_it_can_show(office: Office) -> None:
    async with office.campus.database.transaction() as session:
        for number in range(101):
            day = date(2026, 8 if number else 7, 1)
            notice = Announcement(district_id="jackson", title=f"Notice {number}", body="b", published_on=day)
            session.add(notice)
    notices = (await office.server.http.get("/districts/jackson")).json()["announcements"]
    assert len(notices) == 100
    assert "Notice 0" not in {notice["title"] for notice in notices}


@sqlite_only
@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ({"title": ""}, ("/title", "too_short")),
        ({"title": "x" * 201}, ("/title", "too_long")),
        ({"title": "a\nb"}, ("/title", "wrong_format")),
        ({"body": " \n "}, ("/body", "too_short")),
        ({"body": "x" * 10_001}, ("/body", "too_long")),
        ({"body": "a\x00b"}, ("/body", "text_expected")),
        ({"links": [{"label": "x", "url": "javascript:alert(1)"}]}, ("/links/0/url", "web_address_expected")),
        ({"links": [{"label": "x", "url": "https://a.example/\x07"}]}, ("/links/0/url", "web_address_expected")),
        ({"links": [LINK] * 21}, ("/links", "too_many")),
        ({"published_on": "yesterday"}, ("/published_on", "date_expected")),
        ({"published_on": "1066-10-14"}, ("/published_on", "date_out_of_range")),
        ({"visible_from": "2026-08-03T12:00:00"}, ("/visible_from", "moment_expected")),
        ({"visible_from": "9999-12-31T23:59:59-12:00"}, ("/visible_from", "date_out_of_range")),
        ({"visible_from": "0001-01-01T00:00:00+12:00"}, ("/visible_from", "date_out_of_range")),
        (
            {"visible_from": "2026-08-03T12:00:00Z", "visible_until": "2026-08-03T08:00:00-04:00"},
            ("/visible_until", "end_before_beginning"),
        ),
        ({"district_id": "wake"}, ("/district_id", "unknown_field")),
    ],
)
async def test_what_cannot_be_announced(dana: User, words: dict[str, Any], fault: tuple[str, str]) -> None:
    answer = await dana.ask("POST", PATH, json={"title": "t", "body": "b", **words})
    assert list(faults(answer)) == [fault]
    assert await titles_of(dana) == [[]]


async def test_notices_are_an_admins_of_this_district(dana: User, hugo: User, server: Server) -> None:
    notice = await announce(dana, "Ours")
    words = {"title": "Theirs", "body": "b"}
    erin = await at_desk(await Office.open(server, "wake", "Wake County Schools", "NC"), name="Erin Cole")
    for who, refusal in ((hugo, (403, "forbidden")), (erin, (404, "not_found"))):
        assert refused(await who.ask("PUT", f"{PATH}/{notice['id']}", json=words)) == refusal
        assert refused(await who.ask("DELETE", f"{PATH}/{notice['id']}")) == refusal
    assert refused(await hugo.ask("POST", PATH, json=words)) == (403, "forbidden")
    assert refused(await hugo.ask("GET", PATH)) == (403, "forbidden")
    assert await titles_of(erin) == [[]]
    assert await titles_of(dana) == [["Ours"]]
    assert refused(await dana.ask("PUT", f"{PATH}/{NOBODYS}", json=words)) == (404, "not_found")
    for cursor in ("x", "WyJ4IiwgIngiXQ"):
        assert ("/query/cursor", "cursor_invalid") in faults(await dana.ask("GET", PATH, params={"cursor": cursor}))
