"""The audit trail of a district: who may read it, what a page holds, what leaves as CSV; and that nobody rewrites it."""

import csv
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.clock import ManualClock
from app.database import Database
from app.services import audit
from app.services.clerk import StaffRole, operator_of
from app.services.office.audit_trail import EXPORT_PAGE, AuditFilter
from tests.linking.families import Region, link
from tests.office.counter import every
from tests.office.trail import events, page_of, tags
from tests.support.desk import at_desk
from tests.support.office import Office
from tests.support.portal import User, faults, refused

EXPORT = "/admin/audit-events/export"


async def happen(office: Office, *what: str, data: dict[str, object] | None = None) -> None:
    """Things that an operator did, at this moment."""
    async with office.campus.database.transaction() as session:
        for tag in what:
            now = office.campus.clock.now()
            audit.record(session, tag, at=now, actor=audit.OPERATOR, district_id=office.district, data=data)


def rows_in(csv_text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(csv_text.splitlines()))


async def test_events_are_found_by_person_account_actor_tag_and_time(
    office: Office, dana: User, maria: User, clock: ManualClock
) -> None:
    noon = clock.now()
    clock.advance(timedelta(minutes=1))
    await maria.activate()
    clock.advance(timedelta(minutes=1))
    await maria.sign_in(password="a guess")
    await office.disable(maria)
    account = maria.session["account"]["id"]
    life = ["api:account:activated", "api:session:started", "api:session:refused", "operator:account:disabled"]
    assert await tags(dana, account_id=account) == life
    assert (await tags(dana, person_id=str(maria.person_id)))[-4:] == life
    assert await tags(dana, actor=f"account:{account}") == life[:2]
    assert await tags(dana, actor="anonymous") == life[2:3]
    assert await tags(dana, tag="operator:account:") == life[3:]
    assert await tags(dana, tag="operator:account", account_id=account) == life[3:]
    assert await tags(dana, tag="api:session:_efused") == []
    later = (noon + timedelta(minutes=2)).isoformat()
    assert await tags(dana, account_id=account, since=later) == life[2:]
    assert await tags(dana, account_id=account, until=later) == life[:2]
    (refusal,) = await events(dana, actor="anonymous")
    assert refusal.pop("id")
    assert refusal == {
        "at": "2026-08-03T12:02:00Z",
        "tag": "api:session:refused",
        "actor": "anonymous",
        "account_id": account,
        "person_id": str(maria.person_id),
        "data": {"portal": "parent", "reason": "invalid_credentials", "tries": 1},
    }


async def test_who_saw_and_changed_what_of_one_student_is_told_together(dana: User, maria: User) -> None:
    """Also what was done to somebody else's right to see the student."""
    (ana,) = [row["id"] for row in await every(dana, "/admin/people", q="Ana")]
    (sees,) = [row["id"] for row in await every(dana, "/admin/relationships", person_id=ana)]
    assert (await dana.ask("GET", f"/admin/people/{ana}")).status_code == 200
    assert (await dana.ask("GET", f"/admin/people/{maria.person_id}")).status_code == 200
    changed = await dana.ask("PATCH", f"/admin/relationships/{sees}", json={"portal": False})
    assert changed.status_code == 200, changed.text
    about = await tags(dana, student_id=ana, tag="office:")
    assert about == ["office:person:viewed", "office:relationship:portal_off"]
    assert await tags(dana, person_id=ana, tag="office:") == about[:1]
    rows = rows_in((await dana.ask("GET", EXPORT, params={"student_id": ana, "tag": "office:"})).text)
    assert [row["tag"] for row in rows] == ["office:audit:exported", *reversed(about)]
    by_dana = await tags(dana, actor=f"account:{dana.session['account']['id']}", tag="office:person:")
    assert by_dana == ["office:person:viewed"] * 2


async def test_what_cannot_be_asked_for_is_refused(dana: User) -> None:
    wrong = {
        "cursor": ("x", "é", ""),
        "actor": ("Maria", "account:1"),
        "tag": ("a%", "a:b:c:d", "A"),
        "since": ("2026-08-03T12:00:00", "yesterday", "0001-01-01T00:00:00+12:00"),
        "until": ("9999-12-31T23:59:59-12:00",),
        "person_id": ("1",),
        "limit": ("0", "101"),
    }
    for name, values in wrong.items():
        for value in values:
            answer = await dana.ask("GET", "/admin/audit-events", params={name: value})
            assert [pointer for pointer, _ in faults(answer)] == [f"/query/{name}"]


async def test_pages_stay_where_they_are_while_more_happens(office: Office, dana: User) -> None:
    """All of it at one moment."""
    await happen(office, *(f"operator:story:{place}" for place in "abcdefg"))
    first = await page_of(dana, tag="operator:story:", limit=3)
    await happen(office, "operator:story:late")
    second = await page_of(dana, tag="operator:story:", limit=3, cursor=first["next_cursor"])
    await happen(office, "operator:story:later")
    third = await page_of(dana, tag="operator:story:", limit=3, cursor=second["next_cursor"])
    shown = [event["tag"][-1] for page in (first, second, third) for event in page["items"]]
    assert (shown, "next_cursor" in third) == (list("gfedcba"), False)
    ids = [UUID(event["id"]) for page in (first, second, third) for event in page["items"]]
    assert len(set(ids)) == len(ids)
    assert [event["id"] for event in await events(dana, tag="operator:story:")][2:] == [str(each) for each in ids]


async def test_it_is_for_admins_of_the_district_only(office: Office, dana: User, hugo: User) -> None:
    hall = await Office.open(office.server, "hall", "Hall County Schools")
    ada = await at_desk(hall, StaffRole.DISTRICT_ADMIN, name="Ada Hall", stepped_up=False)
    await happen(office, "operator:story:here")
    assert await tags(dana, tag="operator:story:") == ["operator:story:here"]
    assert await tags(ada, tag="operator:story:") == []
    assert await tags(ada, person_id=str(dana.person_id)) == []
    assert await tags(ada, account_id=dana.session["account"]["id"]) == []
    assert await tags(dana, person_id=str(uuid4())) == []
    for path in ("/admin/audit-events", EXPORT):
        assert refused(await hugo.ask("GET", path)) == (403, "forbidden")
    assert refused(await ada.ask("GET", EXPORT)) == (401, "step_up_required")


async def test_an_export_is_what_the_list_shows_and_an_event_itself(dana: User, maria: User) -> None:
    await maria.activate()
    account = maria.session["account"]["id"]
    answer = await dana.ask("GET", EXPORT, params={"account_id": account})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    rows = rows_in(answer.text)
    shown = await events(dana, account_id=account)
    for name in ("id", "at", "tag", "actor", "account_id", "person_id"):
        assert [row[name] for row in rows] == [event.get(name, "") for event in shown]
    exported = await events(dana, tag="office:audit:exported")
    assert [event["actor"] for event in exported] == [f"account:{dana.session['account']['id']}"]
    assert len(rows_in((await dana.ask("GET", EXPORT)).text)) == len(await events(dana, limit=100))


async def test_no_cell_of_an_export_is_a_formula(office: Office, dana: User) -> None:
    """The trail holds no text that people typed; a spreadsheet is given no chance all the same."""
    for sign in "=+-@\t\r":
        await happen(office, f"{sign}cmd:story:odd")
    rows = rows_in((await dana.ask("GET", EXPORT)).text.replace("\r\n", "\n").replace("\r", "<CR>"))
    odd = [row["tag"] for row in rows if "story" in row["tag"]]
    assert odd == [f"'{sign}cmd:story:odd" for sign in ("<CR>", "\t", "@", "-", "+", "=")]


async def test_a_long_export_holds_a_thousand_events_at_a_time(office: Office) -> None:
    count = 2 * EXPORT_PAGE + 1
    await happen(office, *["operator:story:again"] * count)
    wanted = AuditFilter(tag="operator:story:")
    pages = await office.campus.audit_trail.export(operator_of(office.district), wanted)
    sizes, ids = [], set()
    async for page in pages:
        sizes.append(len(page))
        ids |= {item.id for item in page}
    assert sizes == [EXPORT_PAGE, EXPORT_PAGE, 1]
    assert len(ids) == count


async def test_the_database_itself_keeps_the_trail_as_it_is(office: Office) -> None:
    """Whoever may write to it: neither a fault of ours nor a query that somebody smuggled in rewrites what happened."""
    database = office.campus.database
    before = await count_of(database)
    assert before > 0
    statements = ["UPDATE audit_events SET actor = 'nobody'", "DELETE FROM audit_events"]
    for statement in [*statements, *([] if database.is_sqlite else ["TRUNCATE audit_events"])]:
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.transaction() as session:
                await session.execute(text(statement))
        assert await count_of(database) == before


async def count_of(database: Database) -> int:
    async with database.reading() as connection:
        return int(
            (await connection.execute(text("SELECT count(*) FROM audit_events WHERE actor <> 'nobody'"))).scalar_one()
        )


async def test_each_district_reads_of_its_own_accounts_when_one_loses_access(region: Region) -> None:
    """She had switched from Wake to Kent: Kent reads that she was signed out there, and nobody's name of Wake."""
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    await wake.switched_to(kent)
    admins = [await at_desk(login.office) for login in (wake, kent)]
    await wake.office.take_portal_away(wake)
    (here,), (there,) = [
        await events(admin, tag=f"{by}:account:signed_out")
        for admin, by in zip(admins, ("operator", "worker"), strict=True)
    ]
    assert (here["account_id"], here["actor"]) == (wake.account_id, "operator")
    assert (there["account_id"], there["actor"]) == (kent.account_id, "worker")
    assert here["data"] == there["data"] == {"sessions": 1, "reason": "no_access"}
