"""Issuing keys to hundreds, with printers that fail and two clerks at once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, select

from app.clock import ManualClock
from app.composition import Campus, open_campus
from app.errors import ActivationKeyInvalid
from app.models import ActivationKey, Person, Relationship
from app.portals import Portal
from app.services.keys import BATCH, IssuedKey
from app.settings import Settings
from tests.cli.grand_bend import keys_in
from tests.support.shell import Shell

ID = "gb"
PARENTS = BATCH + 40


class Printer:
    """Takes batches until it has none left to take."""

    def __init__(self, batches: int = 1_000) -> None:
        self.printed: list[IssuedKey] = []
        self.lost: list[IssuedKey] = []
        self._batches = batches

    async def deliver(self, keys: Sequence[IssuedKey]) -> None:
        await asyncio.sleep(0.01)
        if self._batches == 0:
            self.lost.extend(keys)
            raise OSError("no paper")
        self._batches -= 1
        self.printed.extend(keys)

    @property
    def people(self) -> set[UUID]:
        return {key.person_id for key in self.printed}


@pytest.fixture
async def campus(settings: Settings, clock: ManualClock) -> AsyncIterator[Campus]:
    """Grand Bend with so many parents that their keys make two batches."""
    async with open_campus(settings, clock=clock) as campus:
        words = {"name": "Grand Bend ISD", "state": "TX", "timezone": "America/Chicago"}
        await campus.district_office.add(district_id=ID, **words)
        await add_parents(campus, PARENTS)
        yield campus


async def test_batches_before_a_failure_count_and_the_failing_one_does_not(campus: Campus) -> None:
    broken = Printer(batches=1)
    with pytest.raises(OSError, match="no paper"):
        await issue(campus, broken)
    assert (len(broken.printed), len(broken.lost)) == (BATCH, PARENTS - BATCH)
    assert await live_keys(campus) == BATCH
    assert (await campus.activation.verify(ID, broken.printed[-1].activation_key)).portal == Portal.PARENT
    with pytest.raises(ActivationKeyInvalid):
        await campus.activation.verify(ID, broken.lost[0].activation_key)


async def test_after_a_failure_only_the_others_get_a_key(campus: Campus) -> None:
    broken, repaired = Printer(batches=1), Printer()
    with pytest.raises(OSError, match="no paper"):
        await issue(campus, broken)
    assert await issue(campus, repaired) == PARENTS - BATCH
    assert len(broken.people | repaired.people) == PARENTS
    assert broken.people & repaired.people == set()


async def test_two_clerks_at_once_give_nobody_two_keys(campus: Campus, settings: Settings, clock: ManualClock) -> None:
    """As in two processes: each has its own connections."""
    first, second = Printer(), Printer()
    async with open_campus(settings, clock=clock) as other:
        numbers = await asyncio.gather(issue(campus, first), issue(other, second))
    assert sum(numbers) == len(first.printed) + len(second.printed) == PARENTS
    assert len(first.people | second.people) == PARENTS
    assert await live_keys(campus) == PARENTS


async def test_two_clerks_who_replace_one_key_leave_one_that_opens(
    campus: Campus, settings: Settings, clock: ManualClock
) -> None:
    printer = Printer()
    async with AsyncExitStack() as others:
        desks = [campus, await others.enter_async_context(open_campus(settings, clock=clock))]
        replacing = (desk.key_issue.replace(ID, "guardian-7", Portal.PARENT, printer.deliver) for desk in desks * 5)
        await asyncio.gather(*replacing)
    assert await live_keys(campus) == 1
    assert [await opens(campus, key) for key in printer.printed].count(True) == 1


async def test_a_long_issue_tells_how_far_it_is(campus: Campus) -> None:
    told: list[tuple[int, int]] = []

    def listen(done: int, whole: int) -> None:
        told.append((done, whole))

    await campus.key_issue.issue(ID, Printer().deliver, portals=[Portal.PARENT], progress=listen)
    assert told == [(done, PARENTS) for done in (0, BATCH, PARENTS)]


async def test_keys_that_expired_are_renewed_and_others_are_not(campus: Campus, clock: ManualClock) -> None:
    early, late = Printer(batches=1), Printer()
    with pytest.raises(OSError, match="no paper"):
        await issue(campus, early)
    clock.advance(timedelta(days=60))
    await issue(campus, Printer())
    clock.advance(timedelta(days=30))
    assert await issue(campus, late) == BATCH
    assert late.people == early.people


async def test_two_processes_print_each_parent_once(campus: Campus, settings: Settings, tmp_path: Path) -> None:
    secret = settings.secret_keys[0].get_secret_value()
    shell = Shell(tmp_path, {"CAMPUS_DATABASE_URL": settings.database_url, "CAMPUS_SECRET_KEYS": secret})
    words = ("keys", "issue", "--district", ID, "--portal", "parent", "--csv")
    clerks = [shell.start(*words, file) for file in ("first.csv", "second.csv")]
    ends = [await asyncio.to_thread(clerk.finish) for clerk in clerks]
    assert [(end.code, end.err) for end in ends] == [(0, ""), (0, "")]
    keys = [*keys_in(tmp_path / "first.csv"), *keys_in(tmp_path / "second.csv")]
    assert len({key["person_id"] for key in keys}) == len(keys) == PARENTS == await live_keys(campus)


async def issue(campus: Campus, printer: Printer) -> int:
    return await campus.key_issue.issue(ID, printer.deliver, portals=[Portal.PARENT])


async def opens(campus: Campus, key: IssuedKey) -> bool:
    try:
        await campus.activation.verify(ID, key.activation_key)
    except ActivationKeyInvalid:
        return False
    return True


async def live_keys(campus: Campus) -> int:
    live = (ActivationKey.used_at.is_(None), ActivationKey.revoked_at.is_(None))
    async with campus.database.reading() as connection:
        return (await connection.execute(select(func.count()).select_from(ActivationKey).where(*live))).scalar_one()


async def add_parents(campus: Campus, count: int) -> None:
    """Each with a child in the roster."""
    families = [(uuid4(), uuid4()) for _ in range(count)]
    guardians = [
        person(campus, guardian, f"guardian-{n}", is_guardian=True) for n, (guardian, _) in enumerate(families)
    ]
    students = [person(campus, student, f"student-{n}", is_student=True) for n, (_, student) in enumerate(families)]
    flags = dict.fromkeys(("guardian", "mailing", "portal", "messenger"), True)
    relationships = [
        {
            "id": uuid4(),
            "district_id": ID,
            "guardian_id": guardian,
            "student_id": student,
            "relation": "parent",
            **flags,
        }
        for guardian, student in families
    ]
    async with campus.database.transaction() as session:
        await session.execute(insert(Person), guardians)
        await session.execute(insert(Person), students)
        await session.execute(insert(Relationship), relationships)


def person(campus: Campus, person_id: UUID, sourced_id: str, **flags: bool) -> dict[str, object]:
    names = {"first_name": sourced_id.title(), "last_name": "Lopez", "first_seen_at": campus.clock.now()}
    return {"id": person_id, "district_id": ID, "sourced_id": sourced_id, **names, **flags}
