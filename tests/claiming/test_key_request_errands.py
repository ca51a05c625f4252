"""What becomes of a request for a key after the answer: the worker's part, and the office's."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import ManualClock
from app.models import GuessBudget, OutboxMail
from app.portals import Portal
from app.services.clerk import StaffRole
from app.services.districts import OpenDistrict
from app.services.key_mail import KeyMail
from tests.claiming.families import NUMBER, Family, accept_requests, close, greeted, look_into, queue, rows, states
from tests.office.keys import give_address, live, order
from tests.office.trail import written
from tests.support.desk import at_desk
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import User, faults, refused
from tests.support.recovery import Post

SECOND = timedelta(seconds=1)


@pytest.fixture
async def family(office: Office) -> Family:
    await accept_requests(office)
    return await Family.at(office, "Maria Lopez", "Juan Lopez")


async def test_two_workers_handle_each_request_once(family: Family, post: Post) -> None:
    others, _ = await with_keys(family.office)
    assert [(await each.ask()).status_code for each in (family, *others)] == [202] * 5
    handled = await asyncio.gather(*(look_into(family.office) for _ in range(4)))
    assert sum(handled) == 5
    assert await states(family.office) == ["mailed"] * 5
    assert greeted(await post.deliver()) == ["Juan", "Maria", *["Pat"] * 4]
    assert len(await written(family.office, "worker:key:issued")) == 6


async def test_several_requests_for_one_student_leave_each_guardian_one_key(family: Family, post: Post) -> None:
    """However many workers look into them; a mail whose key was replaced meanwhile is not sent."""
    for _ in range(2):
        assert (await family.ask()).status_code == 202
    await asyncio.gather(*(look_into(family.office) for _ in range(3)))
    assert [await live(family.office, guardian) for guardian in family.guardians] == [1, 1]
    assert greeted(await post.deliver()) == ["Juan", "Maria"]
    assert await post.outcomes() == Counter(sent=2, superseded=2)


async def test_a_worker_that_dies_in_the_middle_leaves_the_request_as_it_was(family: Family, post: Post) -> None:
    """Nothing of it counts: no key, no mail, no guess given back; the next worker does all of it."""
    office = family.office
    assert (await family.ask()).status_code == 202
    before = [await rows(office, table) for table in (OutboxMail, GuessBudget)]
    errands = office.campus.key_request_errands
    dying = replace(errands, key_mail=Dying(errands.key_mail.digests, errands.key_mail.quotas))
    with pytest.raises(ConnectionAbortedError):
        await dying.run_one()
    assert await states(office) == ["new"]
    assert [await rows(office, table) for table in (OutboxMail, GuessBudget)] == before
    assert [await live(office, guardian) for guardian in family.guardians] == [0, 0]
    assert await look_into(office) == 1
    assert greeted(await post.deliver()) == ["Juan", "Maria"]


class Dying(KeyMail):
    """Is gone when the first of two keys is made and its mail promised."""

    async def admits(self, session: AsyncSession, district: OpenDistrict, address: str, now: datetime) -> bool:
        if await session.scalar(select(func.count()).select_from(OutboxMail)):
            raise ConnectionAbortedError
        return await super().admits(session, district, address, now)


async def test_whoever_activates_at_that_moment_gets_no_second_key(office: Office) -> None:
    """In either order there is an account or a key for one, and never both."""
    await accept_requests(office)
    families, parents = await with_keys(office)
    for family in families:
        await family.ask()
    activations = asyncio.gather(*(parent.activate() for parent in parents))
    await asyncio.gather(activations, *(look_into(office) for _ in range(2)))
    for parent, answer in zip(parents, activations.result(), strict=True):
        assert (answer.status_code == 201) is (await live(office, parent.person_id) == 0)


async def test_whoever_activates_at_that_moment_is_shown_no_second_key(office: Office) -> None:
    await accept_requests(office, "key_request.delivery=display")
    families, parents = await with_keys(office)
    named = {"guardian_first_name": "Pat", "guardian_last_name": "Stone"}
    activations = asyncio.gather(*(parent.activate() for parent in parents))
    requests = asyncio.gather(*(family.ask(**named) for family in families))
    for parent, activated, shown in zip(parents, await activations, await requests, strict=True):
        assert sorted([activated.is_success, shown.is_success]) == [False, True]
        assert await live(office, parent.person_id) == shown.is_success


async def with_keys(office: Office) -> tuple[list[Family], list[User]]:
    """Families whose letter came in the end."""
    families = [
        await Family.at(office, "Pat Stone", student="Sam Stone", number=f"77{n}", address=f"{n}@home.example")
        for n in range(4)
    ]
    return families, [await office.user(family.guardians[0], Portal.PARENT) for family in families]


@sqlite_only
async def test_where_no_mail_can_go_the_request_waits_for_the_office(family: Family, hugo: User, post: Post) -> None:
    """Without an address: the help desk sees who could have a key, hands one over in person, and closes the request."""
    office = family.office
    await give_address(office, None, *family.guardians)
    for _ in range(2):
        assert (await family.ask()).status_code == 202
    assert await post.deliver() == []
    (waiting,) = await queue(hugo, state="waiting")
    assert waiting == {
        "id": waiting["id"],
        "student_id": str(family.student),
        "first_name": "Ana",
        "last_name": "Lopez",
        "student_number": NUMBER,
        "requested_at": waiting["requested_at"],
        "state": "waiting",
        "keys": 0,
        "guardians": [
            {"person_id": str(person), "first_name": name, "last_name": "Lopez", "has_address": False}
            for person, name in sorted(zip(family.guardians, ("Maria", "Juan"), strict=True))
        ],
    }
    assert (await order(hugo, family.guardians[0])).status_code == 201
    assert (await close(hugo, waiting["id"])).status_code == 204
    assert refused(await close(hugo, waiting["id"], "declined")) == (409, "key_request_closed")
    (handled,) = await queue(hugo)
    assert (handled["state"], handled["guardians"]) == ("handled", [])
    assert handled["handled_at"]
    (event,) = await written(office, "office:key_request:handled")
    assert (event.person_id, event.data) == (family.student, {"request": waiting["id"]})
    assert [event.data["keys"] for event in await written(office, "worker:key_request:waiting")] == [0]


@sqlite_only
async def test_the_office_hears_of_families_that_have_all_they_can_have(
    family: Family, hugo: User, post: Post, clock: ManualClock
) -> None:
    """Every guardian has an account, or none may see the student; a family that left in the meantime gets nothing."""
    office = family.office
    for guardian in family.guardians:
        assert (await (await office.user(guardian, Portal.PARENT)).activate()).status_code == 201
    await post.deliver()
    hidden = await Family.at(office, student="Eve Stone", number="88")
    rosa = await office.guardian("Rosa Diaz", [])
    await give_address(office, "rosa@home.example", rosa)
    await office.relate(rosa, hidden.student, portal=False)
    sibling = await office.student("Tom Stone", number="99")
    gone = await Family.at(office, "Pat Stone", student="Sam Stone", number="77", address="pat@home.example")
    await office.relate(gone.guardians[0], sibling)
    for each in (family, hidden, gone):
        assert (await each.ask()).status_code == 202
        clock.advance(SECOND)
    await office.end(gone.student)
    assert await post.deliver() == []
    waiting = await queue(hugo, state="waiting")
    assert [(each["first_name"], each["guardians"]) for each in waiting] == [("Sam", []), ("Eve", []), ("Ana", [])]


@sqlite_only
async def test_the_help_desk_sees_requests_of_its_schools_only(
    office: Office, hugo: User, dana: User, clock: ManualClock
) -> None:
    await accept_requests(office)
    north, south = await office.school("North High"), await office.school("South High")
    for number, (name, school) in enumerate((("Ana Lopez", north), ("Sam Stone", south), ("Eve Young", north))):
        family = await Family.at(office, student=name, number=f"77{number}", school=school)
        await family.ask()
        clock.advance(SECOND)
    await look_into(office)
    nora = await at_desk(office, StaffRole.HELP_DESK, name="Nora North", schools=[north])
    assert [each["first_name"] for each in await queue(nora)] == ["Eve", "Ana"]
    for clerk in (hugo, dana):
        assert [each["first_name"] for each in await queue(clerk)] == ["Eve", "Sam", "Ana"]
    (sams,) = [each["id"] for each in await queue(dana) if each["first_name"] == "Sam"]
    for unknown in (sams, str(uuid4())):
        assert refused(await close(nora, unknown)) == (404, "not_found")
    stranger = await at_desk(await Office.open(office.server, "wake", "Wake County Schools", "NC"), name="Will Wake")
    assert await queue(stranger) == []
    assert refused(await close(stranger, sams)) == (404, "not_found")
    assert set(faults(await close(dana, sams, "waiting"))) == {("/outcome", "unknown_value")}
    assert (await close(dana, sams, "declined")).status_code == 204
    assert [each["first_name"] for each in await queue(dana, state="waiting")] == ["Eve", "Ana"]


@sqlite_only
async def test_the_list_comes_in_pages_and_only_to_staff(
    office: Office, hugo: User, maria: User, clock: ManualClock
) -> None:
    await accept_requests(office)
    for number in range(5):
        await (await Family.at(office, student=f"Child Nr{number}", number=f"77{number}")).ask()
        clock.advance(SECOND)
    await look_into(office)
    seen: list[str] = []
    page = {"next_cursor": ""}
    while "next_cursor" in page:
        after = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
        page = (await hugo.ask("GET", "/admin/key-requests", params={"limit": 2, **after})).json()
        seen += [each["last_name"] for each in page["items"]]
    assert seen == ["Nr4", "Nr3", "Nr2", "Nr1", "Nr0"]
    assert (await maria.activate()).status_code == 201
    assert refused(await maria.ask("GET", "/admin/key-requests")) == (403, "forbidden")
    assert refused(await close(maria, str(uuid4()))) == (403, "forbidden")


async def test_of_clerks_who_close_at_once_one_does(family: Family, hugo: User, dana: User) -> None:
    await give_address(family.office, None, *family.guardians)
    await family.ask()
    await look_into(family.office)
    (waiting,) = await queue(hugo)
    answers = await asyncio.gather(*(close(clerk, waiting["id"]) for clerk in (hugo, dana) * 3))
    assert sorted(answer.status_code for answer in answers) == [204, *[409] * 5]
    assert len(await written(family.office, "office:key_request:handled")) == 1
