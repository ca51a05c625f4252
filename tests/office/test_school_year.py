"""What the school has switched on: areas of the app and notifications, by district and by school, with the dates of a school year."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.clock import ManualClock
from app.models import AuditEvent
from app.portals import Portal
from app.services.clerk import StaffRole
from tests.support.desk import at_desk
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server, User, faults, refused

SUMMER = {"reason": "summer", "closes_on": "2026-06-01", "back_on": "2026-08-10"}
GRADING = {"reason": "grading", "closes_on": "2026-08-01", "back_on": "2026-08-12", "areas": ["grades", "report_cards"]}


async def menu(who: User) -> dict[str, dict[str, Any]]:
    """What the app shows, by area."""
    answer = await who.ask("GET", "/me/menu")
    assert answer.status_code == 200, answer.text
    assert answer.json()["timezone"] == "America/New_York"
    return {item["area"]: item for item in (*answer.json()["items"], answer.json()["notifications"])}


async def change(admin: User, path: str, **body: Any) -> dict[str, Any]:
    """As an admin who has just looked."""
    seen = {"If-Match": (await admin.ask("GET", path)).headers["etag"]}
    answer = await admin.ask("PATCH", path, json=body, headers=seen)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def change_district(admin: User, **areas: Any) -> dict[str, Any]:
    return await change(admin, "/admin/district", areas=areas)


async def change_school(admin: User, school: UUID, **areas: Any) -> dict[str, Any]:
    return await change(admin, f"/admin/schools/{school}/areas", **areas)


async def signed_in(office: Office, person: UUID, portal: Portal) -> User:
    user = await office.user(person, portal)
    assert (await user.activate()).status_code == 201
    return user


async def test_a_guardian_sees_what_her_childrens_schools_have_on(office: Office, dana: User) -> None:
    high, middle = [await office.school(name) for name in ("Jefferson High", "East Middle")]
    ana, ben = await office.student("Ana Lopez", school=high), await office.student("Ben Lopez", school=middle)
    hidden = await office.student("Cora Lopez", school=middle)
    guardian = await office.guardian("Maria Lopez", [ana, ben])
    await office.relate(guardian, hidden, portal=False)
    maria = await signed_in(office, guardian, Portal.PARENT)
    shown = await menu(maria)
    assert list(shown) == [
        *(
            "today",
            "calendar",
            "schedule",
            "attendance",
            "assignments",
            "grades",
            "report_cards",
            "documents",
            "messages",
        ),
        *("fees", "meals", "health", "behavior", "transportation", "household", "notifications"),
    ]
    everything = {"area": "grades", "on": True, "students": [str(ana), str(ben)], "closed": []}
    assert shown["grades"] == everything

    await change_school(dana, high, closures=[GRADING])
    await change_school(dana, middle, off={"parent": ["fees"]})
    shown = await menu(maria)
    assert shown["grades"] == {
        "area": "grades",
        "on": True,
        "students": [str(ben)],
        "closed": [
            {
                "student_id": str(ana),
                "school": {"id": str(high), "name": "Jefferson High"},
                "reason": "grading",
                "back_on": "2026-08-12",
                "back_at": "2026-08-12T04:00:00Z",
            }
        ],
    }
    school = {"id": str(middle), "name": "East Middle"}
    assert shown["fees"]["closed"] == [{"student_id": str(ben), "school": school, "reason": "switched_off"}]
    assert shown["schedule"]["students"] == [str(ana), str(ben)]

    await change_district(dana, off={"parent": ["grades"]})
    assert (await menu(maria))["grades"]["on"] is False, "what the district has off, no school can switch on"
    await change_district(dana, off={"parent": []})
    await change_school(dana, high, closures=[])
    assert (await menu(maria))["grades"] == everything


async def test_students_and_staff_see_the_areas_of_their_own_schools(office: Office, dana: User) -> None:
    high, middle = [await office.school(name) for name in ("Jefferson High", "East Middle")]
    ana, theo = await office.student("Ana Lopez", school=high), await office.staff_member("Theo Marsh")
    for person in (ana, theo):
        await office.enroll(person, middle, is_primary=False)
    student, teacher = await signed_in(office, ana, Portal.STUDENT), await signed_in(office, theo, Portal.STAFF)
    assert {"fees", "household"} & set(await menu(student)) == set()
    await change_school(dana, middle, off={"staff": ["messages"]}, closures=[SUMMER])
    staff = await menu(teacher)
    assert list(staff)[:2] == ["today", "calendar"]
    assert (staff["today"]["on"], staff["today"]["students"], staff["messages"]["on"]) == (True, [], False)
    (closed,) = staff["messages"]["closed"]
    assert (closed["reason"], closed["school"]["name"], "student_id" in closed) == (
        "switched_off",
        "East Middle",
        False,
    )
    assert (await menu(student))["grades"]["students"] == [str(ana)], "on at one of his two schools"
    await change_school(dana, high, closures=[{**SUMMER, "back_on": "2026-08-20"}])
    (closed,) = (await menu(student))["grades"]["closed"]
    assert (closed["school"]["name"], closed["back_on"]) == ("East Middle", "2026-08-10"), "the one that is back first"
    no_school = await signed_in(office, await office.student("Ned Noschool"), Portal.STUDENT)
    assert (await menu(no_school))["grades"]["on"] is True


async def test_closures_follow_the_districts_wall_clock(office: Office, clock: ManualClock) -> None:
    """It is August 3, eight in the morning in Georgia."""
    high, all_year = [await office.school(name) for name in ("Jefferson High", "Open All Year")]
    ana, ben = await office.student("Ana Lopez", school=high), await office.student("Ben Lopez", school=all_year)
    maria = await signed_in(office, await office.guardian("Maria Lopez", [ana, ben]), Portal.PARENT)
    await office.campus.school_desk.set(office.operator, str(all_year), ["own_calendar=true"])
    await office.set("areas.closures=summer 2026-06-01..2026-08-10,grading 2026-08-07T15:00..2026-08-12 grades")

    async def back(area: str) -> tuple[int, str | None]:
        """For how many children it is on, and when it is back for Ana."""
        item = (await menu(maria))[area]
        return len(item["students"]), item["closed"][0].get("back_on") if item["closed"] else None

    async def wait_until(at: str) -> None:
        clock.moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
        assert (await maria.sign_in()).status_code == 200

    assert await back("schedule") == (1, "2026-08-10")
    assert await back("grades") == (1, "2026-08-12"), "the grading follows upon the summer"
    assert await back("notifications") == (2, None)
    await wait_until("2026-08-10T03:59:59")
    assert await back("schedule") == (1, "2026-08-10")
    await wait_until("2026-08-10T04:00:00")
    assert (await back("schedule"), await back("grades")) == ((2, None), (1, "2026-08-12"))

    winter = "break 2026-10-31T15:30..2026-11-02"  # the clocks go back between
    await office.set(f"areas.closures={winter}")
    for at, on in {"10-31T19:29": 2, "10-31T19:30": 1, "11-02T04:59": 1, "11-02T05:00": 2}.items():
        await wait_until(f"2026-{at}")
        assert (await back("schedule"))[0] == on, at
    await office.campus.school_desk.set(office.operator, str(all_year), ["own_calendar="])
    await office.set(f"areas.closures=other 2026-11-01..,{winter}")
    item = (await menu(maria))["schedule"]
    assert (item["on"], "back_on" in item, {closed["reason"] for closed in item["closed"]}) == (False, False, {"other"})
    await office.set(f"areas.closures={winter.replace('11-02', '11-09')}")
    assert (await menu(maria))["schedule"]["back_on"] == "2026-11-09"


async def test_features_are_closed_for_a_time(office: Office, dana: User, server: Server, clock: ManualClock) -> None:
    await office.set("features.claim=true")
    claim = {"district": "jackson", "last_name": "Lopez", "first_name": "Ana", "student_number": "1"}
    until = {"feature": "claim", "closes_on": "2026-06-01", "back_on": "2026-08-03", "back_time": "09:00"}
    await change(
        dana, "/admin/district", feature_closures=[until, {"feature": "key_request", "closes_on": "2026-06-01"}]
    )
    answer = await server.http.post("/activate/claim", json=claim, headers={"Accept-Language": "es"})
    assert (refused(answer), answer.json()["back_on"]) == ((403, "feature_disabled"), "2026-08-03")
    assert answer.json()["detail"].startswith("Su escuela")
    screen = (await server.http.get("/districts/jackson")).json()
    assert screen["closed_features"] == [{"feature": "claim", "back_on": "2026-08-03"}]
    assert screen["features"]["claim"] is False
    clock.moment = datetime(2026, 8, 3, 13, tzinfo=UTC)
    assert refused(await server.http.post("/activate/claim", json=claim)) == (404, "claim_not_matched")
    screen = (await server.http.get("/districts/jackson")).json()
    assert (screen["closed_features"], screen["features"]["claim"]) == ([], True)


async def test_an_admin_changes_what_he_has_seen(office: Office, dana: User) -> None:
    """And the help desk of a school looks at its school, and at no other."""
    high, middle = [await office.school(name) for name in ("Jefferson High", "East Middle")]
    path = f"/admin/schools/{high}/areas"
    hugo = await at_desk(office, StaffRole.HELP_DESK, name="Hugo Park", schools=[high])
    assert (await hugo.ask("GET", path)).headers["etag"] == '"0"'
    assert refused(await hugo.ask("GET", f"/admin/schools/{middle}/areas")) == (404, "not_found")
    body = {"off": {"parent": ["fees"]}}
    assert refused(await dana.ask("PATCH", path, json=body)) == (428, "precondition_required")
    for etag, outcome in {'"0"': '"1"', '"1"': '"1"'}.items():
        answer = await dana.ask("PATCH", path, json=body, headers={"If-Match": etag})
        assert (answer.status_code, answer.headers["etag"]) == (200, outcome)
    assert refused(await dana.ask("PATCH", path, json={}, headers={"If-Match": '"0"'})) == (412, "precondition_failed")
    areas = {
        "off": {"parent": ["fees"], "student": [], "staff": []},
        "closures": [],
        "own_calendar": False,
        "version": 1,
    }
    assert (await hugo.ask("GET", path)).json() == areas
    assert (await hugo.ask("GET", "/admin/schools")).json()["items"] == [
        {"id": str(high), "name": "Jefferson High", "areas": areas}
    ]
    names: list[str] = []
    cursor: dict[str, str] = {}
    while not names or cursor:
        page = (await dana.ask("GET", "/admin/schools", params={"limit": 1, **cursor})).json()
        names += [school["name"] for school in page["items"]]
        cursor = {"cursor": page["next_cursor"]} if "next_cursor" in page else {}
    assert names == ["East Middle", "Jefferson High"]
    async with office.campus.database.reading() as connection:
        query = select(AuditEvent.data).where(AuditEvent.tag == "office:school:changed")
        assert [event.data for event in await connection.execute(query)] == [
            {"school": str(high), "changed": ["off.parent"]}
        ]


async def test_an_operator_writes_closures_as_text(office: Office) -> None:
    school = await office.school("Jefferson High")
    ana = await office.student("Ana Lopez", school=school)
    maria = await signed_in(office, await office.guardian("Maria Lopez", [ana]), Portal.PARENT)
    await office.set("areas.closures=summer 2026-06-01..2026-08-10,grading 2026-08-07T15:00..2026-08-12 grades parent")
    assert (await menu(maria))["grades"]["back_on"] == "2026-08-12"
    await office.campus.school_desk.set(
        office.operator, "Jefferson High", ["own_calendar=true", "off.parent=meals,fees"]
    )
    shown = await menu(maria)
    assert [area for area, item in shown.items() if not item["on"]] == ["fees", "meals"]
    await office.set("areas.closures=")
    await office.campus.school_desk.set(office.operator, "Jefferson High", ["own_calendar=", "off.parent="])
    assert all(item["on"] for item in (await menu(maria)).values())


@sqlite_only
@pytest.mark.parametrize(
    ("closure", "fault"),
    [
        ({}, ("/closures/0/closes_on", "required")),
        ({"closes_on": "soon"}, ("/closures/0/closes_on", "date_expected")),
        ({"closes_on": "1999-12-31"}, ("/closures/0/closes_on", "date_out_of_range")),
        ({"closes_on": "2026-06-01", "closes_time": "24:00"}, ("/closures/0/closes_time", "wrong_format")),
        ({"closes_on": "2026-06-01", "back_on": "2026-06-01"}, ("/closures/0", "back_before_closing")),
        ({"closes_on": "2026-06-01", "areas": ["chess"]}, ("/closures/0/areas/0", "unknown_value")),
        ({"closes_on": "2026-06-01", "portals": []}, ("/closures/0/portals", "too_few")),
        ({"closes_on": "2026-06-01", "reason": "snow"}, ("/closures/0/reason", "unknown_value")),
        ({"closes_on": "2026-06-01", "feature": "claim"}, ("/closures/0/feature", "unknown_field")),
    ],
)
async def test_a_closure_that_cannot_be_meant_is_refused(
    office: Office, dana: User, closure: dict[str, Any], fault: tuple[str, str]
) -> None:
    school = await office.school("Jefferson High")
    everything = {"If-Match": "*"}
    answer = await dana.ask("PATCH", f"/admin/schools/{school}/areas", json={"closures": [closure]}, headers=everything)
    assert list(faults(answer)) == [fault]
    answer = await dana.ask("PATCH", "/admin/district", json={"areas": {"closures": [closure]}}, headers=everything)
    assert list(faults(answer)) == [(f"/areas{fault[0]}", fault[1])]
