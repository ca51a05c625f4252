"""Rosters that the office uploads: the whole or nothing, with a report that says where the faults are."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from uuid import uuid4
from zipfile import ZIP_DEFLATED, ZipFile

import httpx
import pytest
import uvicorn
from sqlalchemy import select, update

from app.clock import ManualClock
from app.models import AuditEvent, Enrollment, Person
from app.services.clerk import Clerk
from app.services.roster import ReceivedZip, RosterImport, RosterReport
from app.settings import Settings
from tests.office.counter import actor
from tests.roster.packages import Changes, Package
from tests.roster.test_shared_sets import SETS, present
from tests.support.desk import at_desk, pass_second_factor
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import BASE_URL, Server, User, faults, refused, serving

PATH = "/admin/rosters"
ZIP = {"Content-Type": "application/zip"}


@pytest.fixture
async def dana(dana: User) -> User:
    """As an operator added her: no roster knows her."""
    await by_office(dana)
    return dana


@pytest.fixture
def package(tmp_path: Path) -> Package:
    """Maria and her daughter Ana, a teacher, and eight other students."""
    package = Package(tmp_path / "package").student("ana", agents="maria").adult("maria")
    package.adult("tom", role="teacher", orgs="school")
    for number in range(8):
        package.student(f"student-{number}")
    return package


async def by_office(member: User) -> None:
    async with member.server.campus.database.transaction() as session:
        await session.execute(update(Person).where(Person.id == member.person_id).values(by_office=True))


async def upload(who: User, content: bytes | AsyncIterator[bytes], **options: Any) -> httpx.Response:
    return await who.ask("POST", PATH, headers=ZIP, content=content, params=options)


async def accepted(who: User, content: bytes | AsyncIterator[bytes], **options: Any) -> dict[str, Any]:
    """The upload that was looked at, whatever came of it."""
    answer = await upload(who, content, **options)
    assert answer.status_code == 201, answer.text
    assert (await who.ask("GET", f"{PATH}/{answer.json()['id']}")).json() == answer.json()
    return dict(answer.json())


async def uploads(who: User) -> list[dict[str, Any]]:
    return list((await who.ask("GET", PATH)).json()["items"])


async def live_people(server: Server) -> set[str]:
    """The first names of those who are in the roster now."""
    async with server.campus.database.reading() as connection:
        return set(await connection.scalars(select(Person.first_name).where(Person.ended_at.is_(None))))


def without(package: Package, *sourced_ids: str) -> Package:
    package.tables["users"] = [row for row in package.tables["users"] if row["sourcedId"] not in sourced_ids]
    package.tables["demographics"] = [
        row for row in package.tables["demographics"] if row["sourcedId"] not in sourced_ids
    ]
    return package


async def test_a_dry_run_the_import_and_the_same_again(
    dana: User, server: Server, package: Package, clock: ManualClock
) -> None:
    content = package.zip().read_bytes()
    dry = await accepted(dana, content, dry_run=True)
    assert (dry["outcome"], dry["dry_run"], dry["report"]["created"]["students"]) == ("dry_run", True, 9)
    assert await live_people(server) == {"Dana"}

    clock.advance(timedelta(minutes=1))
    done = await accepted(dana, content)
    assert (done["outcome"], done["dry_run"]) == ("imported", False)
    assert (done["uploaded_at"], done["finished_at"]) == ("2026-08-03T12:01:00Z", "2026-08-03T12:01:00Z")
    assert done["uploaded_by"] == dana.session["account"]["id"]
    counts = {"schools": 1, "students": 9, "guardians": 1, "staff": 1, "relationships": 1, "others": 0}
    assert done["report"]["created"] == counts
    assert (done["report"]["errors"], done["report"]["errors_total"]) == ([], 0)
    assert {"Ana", "Maria", "Tom", "Dana"} <= await live_people(server)

    clock.advance(timedelta(minutes=1))
    again = await accepted(dana, content)
    assert (again["outcome"], again["report"]["unchanged"]) == ("unchanged", counts)
    assert [one["outcome"] for one in await uploads(dana)] == ["unchanged", "imported", "dry_run"]
    async with server.campus.database.reading() as connection:
        imports = select(AuditEvent.tag, AuditEvent.actor, AuditEvent.data).where(AuditEvent.tag.like("%roster%"))
        (event,) = (await connection.execute(imports)).all()
    assert (event.tag, event.actor) == ("office:roster:imported", actor(dana))
    assert event.data["created"]["students"] == 9


async def test_faults_are_told_with_their_places_and_nothing_is_written(
    dana: User, server: Server, package: Package
) -> None:
    package.tables["users"][0]["enabledUser"] = "perhaps"
    refusal = await accepted(dana, package.zip().read_bytes())
    assert refusal["outcome"] == "refused"
    assert refusal["report"]["errors"] == [
        {
            "file": "users.csv",
            "row": 2,
            "column": "enabledUser",
            "code": "bad_boolean",
            "advice": "The value must be true or false.",
        }
    ]
    spanish = await dana.ask("GET", f"{PATH}/{refusal['id']}", headers={"Accept-Language": "es-US"})
    assert spanish.json()["report"]["errors"][0]["advice"] == "El valor debe ser true o false."
    assert spanish.headers["Content-Language"] == "es"
    for content in (b"", b"PK\x03\x04 but not really", b"x" * 100_000):
        (fault,) = (await accepted(dana, content))["report"]["errors"]
        assert (fault["file"], fault["code"], "row" in fault) == ("roster.zip", "not_a_zip", False)
    assert await live_people(server) == {"Dana"}


async def test_who_was_added_by_the_office_survives_and_does_not_count(
    dana: User, hugo: User, server: Server, package: Package
) -> None:
    """Without the two of the office three of eleven would leave, with them three of thirteen: 27.3 and 23.1 percent."""
    await by_office(hugo)
    await accepted(dana, package.zip().read_bytes())
    smaller = without(package, "student-0", "student-1", "student-2").zip().read_bytes()
    refusal = await accepted(dana, smaller, allow_ending=25)
    assert [fault["code"] for fault in refusal["report"]["errors"]] == ["too_many_ended"]
    assert refusal["report"]["ended"]["students"] == 3
    assert refusal["report"]["ended"]["staff"] == 0
    assert [(one["sourced_id"], one["ended"]["students"]) for one in refusal["report"]["by_school"]] == [("school", 3)]
    done = await accepted(dana, smaller, allow_ending=28)
    assert (done["outcome"], done["report"]["ended"]["students"]) == ("imported", 3)
    assert {"Dana", "Hugo", "Tom"} <= await live_people(server)
    assert (await hugo.me()).status_code == 200


async def test_students_of_a_first_import_may_count_as_new(dana: User, server: Server, package: Package) -> None:
    await accepted(dana, package.zip().read_bytes(), as_new=True)
    async with server.campus.database.reading() as connection:
        assert set(await connection.scalars(select(Person.in_first_import))) == {False}


async def test_an_upload_may_be_strict(dana: User, package: Package) -> None:
    package.tables["users"][0]["status"] = "active"
    content = package.zip().read_bytes()
    strict = await accepted(dana, content, strict=True)
    assert (strict["outcome"], [fault["code"] for fault in strict["report"]["errors"]]) == (
        "refused",
        ["lifecycle_in_bulk"],
    )
    assert (await accepted(dana, content))["outcome"] == "imported"


async def test_changes_are_uploaded_too_and_no_report_repeats_a_value(
    dana: User, server: Server, package: Package, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The mark stands in every cell that can hold it: once in a good package, once where it makes a dozen faults and warnings."""
    caplog.set_level("DEBUG", logger="app")
    mark = "Zwetschge"
    await accepted(dana, package.zip().read_bytes())
    names = {"givenName": mark, "familyName": mark, "identifier": mark, "email": f"{mark}@example.test"}
    good = Changes(tmp_path / "good").student("ben", agents="maria", **names).gone("users", "tom")
    bad = Changes(tmp_path / "bad").student("eve", agents=mark, orgs=mark, born=mark, enabledUser=mark, userIds=mark)
    bad.adult("joe", role=mark, password=mark, email=mark, status=mark, dateLastModified=mark)
    bad.row("users", sourcedId=f"{mark} !", **{mark: mark})

    answers = [
        await accepted(dana, changes.zip().read_bytes(), strict=strict)
        for changes in (good, bad)
        for strict in (False, True)
    ]

    reports = [answer["report"] for answer in answers]
    assert [bool(report["errors"]) for report in reports] == [False, False, True, True]
    assert (reports[0]["created"]["students"], reports[0]["ended"]["staff"]) == (1, 1)
    assert mark in await live_people(server)
    async with server.campus.database.reading() as connection:
        events = [str(row) for row in await connection.execute(select(AuditEvent.__table__))]
    assert mark not in f"{answers}{events}{caplog.text}"


async def test_one_upload_of_a_district_at_a_time(dana: User, office: Office, package: Package) -> None:
    content = package.zip().read_bytes()
    wake = await Office.open(office.server, "wake", "Wake County Schools", "NC")
    erin = await at_desk(wake, name="Erin Cole")
    await by_office(erin)
    gate = GatedImport.before(office.server)
    first = asyncio.create_task(upload(dana, content))
    await gate.reached.wait()
    assert refused(await upload(dana, content)) == (409, "in_progress")
    elsewhere = asyncio.create_task(upload(erin, content))
    gate.opened.set()
    assert [answer.json()["outcome"] for answer in (await first, await elsewhere)] == ["imported", "imported"]
    assert (await accepted(dana, content))["outcome"] == "unchanged"
    assert len(await uploads(dana)) == 2


async def test_of_many_who_begin_at_once_no_two_import_at_once(dana: User, server: Server, package: Package) -> None:
    """Whoever is not refused comes after the one before."""
    content = package.zip().read_bytes()
    answers = await asyncio.gather(*(upload(dana, content) for _ in range(5)))
    outcomes = Counter(answer.json().get("outcome") or refused(answer) for answer in answers)
    assert outcomes["imported"] == 1
    assert outcomes.keys() <= {"imported", "unchanged", (409, "in_progress")}
    assert len(await live_people(server)) == 12


async def test_a_process_that_is_lost_leaves_a_row_and_blocks_for_five_minutes_only(
    dana: User, server: Server, package: Package, clock: ManualClock
) -> None:
    content = package.zip().read_bytes()
    gate = GatedImport.before(server)
    lost = asyncio.create_task(upload(dana, content))
    await gate.reached.wait()
    lost.cancel()
    with pytest.raises(asyncio.CancelledError):
        await lost
    gate.opened.set()
    (row,) = await uploads(dana)
    assert set(row) == {"id", "uploaded_at", "uploaded_by", "dry_run"}
    assert (await dana.ask("GET", f"{PATH}/{row['id']}")).json() == row
    assert await live_people(server) == {"Dana"}
    assert refused(await upload(dana, content)) == (409, "in_progress")
    clock.advance(timedelta(minutes=5))
    await pass_second_factor(dana)
    assert (await accepted(dana, content))["outcome"] == "imported"


async def test_what_breaks_on_our_side_is_said_and_blocks_nobody(dana: User, office: Office, package: Package) -> None:
    content = package.zip().read_bytes()
    await office.lose_table(Enrollment)
    for _ in range(2):
        assert refused(await upload(dana, content)) == (500, "internal_error")
    assert [one["outcome"] for one in await uploads(dana)] == ["failed", "failed"]
    assert await live_people(office.server) == {"Dana"}


async def test_the_import_goes_on_when_the_client_hangs_up(dana: User, server: Server, package: Package) -> None:
    content = package.zip().read_bytes()
    gate = GatedImport.before(server)
    async with listening(server) as port:
        async with sending(port, dana, content, len(content)):
            await gate.reached.wait()
        gate.opened.set()
    assert [one["outcome"] for one in await uploads(dana)] == ["imported"]
    assert "Maria" in await live_people(server)


async def test_half_an_upload_is_none(dana: User, server: Server, package: Package) -> None:
    content = package.zip().read_bytes()
    before = await unanswered(server)
    async with listening(server) as port, sending(port, dana, content[:500], len(content)):
        pass
    assert await unanswered(server) != before
    assert await uploads(dana) == []
    assert (await accepted(dana, content))["outcome"] == "imported"


async def test_only_zips_as_large_as_the_operator_allows(settings: Settings, clock: ManualClock) -> None:
    read = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 10_000
            yield b"x" * 10_000

    limited = settings.model_copy(update={"max_roster_bytes": 200_000})
    async with serving(limited, clock) as server:
        dana = await at_desk(await Office.open(server))
        assert refused(await upload(dana, b"x" * 200_001)) == (413, "payload_too_large")
        assert refused(await upload(dana, pieces())) == (413, "payload_too_large")
        assert read < 400_000
        assert (await upload(dana, b"x" * 200_000)).status_code == 201
        for media_type in ("application/json", "application/octet-stream", "multipart/form-data; boundary=x"):
            answer = await dana.ask("POST", PATH, headers={"Content-Type": media_type}, content=b"{}")
            assert refused(answer) == (415, "unsupported_media_type")
            assert answer.json()["detail"] == "Send the body as application/zip."
        assert refused(await dana.ask("POST", PATH)) == (415, "unsupported_media_type")
        for path in ("/me", "/admin/district"):
            answer = await dana.ask("PATCH", path, headers=ZIP, content=b"x")
            assert refused(answer) == (415, "unsupported_media_type")
        assert ("/query/allow_ending", "too_large") in faults(await upload(dana, b"x", allow_ending=101))
        assert len(await uploads(dana)) == 1


@sqlite_only
def test_the_specification_shows_the_file(office: Office) -> None:
    operation = office.server.app.openapi()["paths"][PATH]["post"]
    schema = {"type": "string", "format": "binary", "maxLength": 50_000_000}
    assert operation["requestBody"]["content"] == {"application/zip": {"schema": schema}}
    assert "400" not in operation["responses"]
    assert {"401", "403", "409", "413", "415", "422"} <= set(operation["responses"])


async def test_rosters_are_an_admins_of_this_district_after_a_step_up(
    dana: User, hugo: User, server: Server, package: Package
) -> None:
    done = await accepted(dana, package.zip().read_bytes(), dry_run=True)
    assert refused(await hugo.ask("GET", PATH)) == (403, "forbidden")
    assert refused(await hugo.ask("GET", f"{PATH}/{done['id']}")) == (403, "forbidden")
    assert refused(await upload(hugo, b"x")) == (403, "forbidden")
    wake = await Office.open(server, "wake", "Wake County Schools", "NC")
    erin = await at_desk(wake, name="Erin Cole", stepped_up=False)
    assert refused(await upload(erin, b"x")) == (401, "step_up_required")
    assert await uploads(erin) == []
    for stranger in (done["id"], str(uuid4())):
        assert refused(await erin.ask("GET", f"{PATH}/{stranger}")) == (404, "not_found")
    assert ("/query/cursor", "cursor_invalid") in faults(await dana.ask("GET", PATH, params={"cursor": "WzEsICJ4Il0"}))


async def test_the_list_goes_on_page_by_page(dana: User, clock: ManualClock) -> None:
    made = []
    for _ in range(5):
        made.append((await accepted(dana, b"x"))["id"])
        clock.advance(timedelta(milliseconds=1))
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for size in (2, 2, 1):
        page = (await dana.ask("GET", PATH, params={"limit": 2, **cursor})).json()
        assert len(page["items"]) == size
        seen += [item["id"] for item in page["items"]]
        cursor = {"cursor": page.get("next_cursor", "")}
    assert seen == made[::-1]
    assert cursor == {"cursor": ""}


@pytest.mark.parametrize("name", present("edfi-grandbend-v1.1", "edfi-grandbend-v1.2"))
async def test_a_whole_district_comes_in(dana: User, name: str, tmp_path: Path) -> None:
    zipped = tmp_path / "roster.zip"
    with ZipFile(zipped, "w", ZIP_DEFLATED) as archive:
        for file in (SETS / name).glob("*.csv"):
            archive.write(file, file.name)
    done = await accepted(dana, zipped.read_bytes())
    assert done["report"]["created"] == {
        "schools": 3,
        "students": 960,
        "guardians": 1873,
        "staff": 62,
        "relationships": 1872,
        "others": 0,
    }


async def unanswered(server: Server) -> str:
    """How many uploads have ended without an answer, as the operator sees it."""
    lines = (await server.http.get("/metrics")).text.splitlines()
    return "".join(line for line in lines if f'route="{PATH}",status="0"' in line and "_total" in line)


@asynccontextmanager
async def listening(server: Server) -> AsyncIterator[int]:
    """The same app behind a real socket; gives its port, and ends when all requests have."""
    listener = uvicorn.Server(uvicorn.Config(server.app, lifespan="off", log_config=None))
    with socket.create_server(("127.0.0.1", 0)) as bound:
        running = asyncio.create_task(listener.serve([bound]))
        try:
            yield int(bound.getsockname()[1])
        finally:
            listener.should_exit = True
            await running


@asynccontextmanager
async def sending(port: int, who: User, content: bytes, length: int) -> AsyncIterator[None]:
    """Sends this much of a body of `length` as soon as the service wants it, and hangs up at the end of the block."""
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: {BASE_URL.rpartition('/')[2]}\r\nContent-Type: application/zip\r\n"
        f"Authorization: Bearer {who.session['access_token']}\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head.encode())
    assert b"100" in await reader.readline()
    writer.write(content)
    await writer.drain()
    yield
    writer.close()
    await writer.wait_closed()


@dataclass(frozen=True)
class GatedImport(RosterImport):
    """Has received the zip, and imports it when the gate is opened."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def before(cls, server: Server) -> Self:
        """The imports of this server come to the gate from now on."""
        campus = server.campus
        gate = cls(campus.database, campus.clock, campus.digests)
        uploads = replace(campus.roster_uploads, roster_import=gate)
        server.app.state.campus = replace(campus, roster_uploads=uploads)
        return gate

    async def run(self, clerk: Clerk, source: Path | ReceivedZip, **options: Any) -> RosterReport:
        self.reached.set()
        await self.opened.wait()
        return await super().run(clerk, source, **options)
