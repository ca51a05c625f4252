"""Guesses at a student's facts: five a day, ten in all, for a number that there is and for one that there is not."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from app.clock import ManualClock, SystemClock
from app.models import AuditEvent, GuessBudget
from app.settings import Settings
from tests.claiming.students import (
    ASKED,
    CLAIM_ON,
    CLAIMED,
    NOT_MATCHED,
    Student,
    change_person,
    new_student,
    reopen_claim,
)
from tests.guard.stranger import new_captcha
from tests.guard.test_parity import shape
from tests.recovery.statements import counting
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server, refused, serving
from tests.support.processes import server_processes
from tests.support.recovery import Post
from tests.support.served import NO_TLS, Answering

PER_DAY, IN_ALL = 5, 10


@pytest.fixture
async def ana(office: Office, post: Post) -> Student:
    await office.set(*CLAIM_ON)
    return await new_student(office, post)


async def guess(student: Student, times: int = 1, **changes: object) -> list[tuple[int, str]]:
    """So many wrong first names, each with a solved CAPTCHA."""
    return [refused(await with_captcha(student, first_name="Eva", **changes)) for _ in range(times)]


async def with_captcha(student: Student, **changes: object) -> httpx.Response:
    return await student.claim(captcha=await new_captcha(student, "claim"), **changes)


async def test_after_two_misses_a_captcha_is_asked_for(ana: Student) -> None:
    assert [refused(await ana.claim(first_name="Eva")) for _ in range(2)] == [NOT_MATCHED] * 2
    assert [refused(await ana.claim()) for _ in range(3)] == [ASKED] * 3
    assert refused(await ana.claim(captcha="unsolved")) == (403, "captcha_invalid")
    assert refused(await ana.claim(captcha=await new_captcha(ana, "login"))) == (403, "captcha_invalid")
    assert (await with_captcha(ana)).status_code == 200


async def test_five_misses_a_day_and_ten_in_all(office: Office, ana: Student, clock: ManualClock) -> None:
    clock.moment = datetime(2026, 8, 4, 3, 0, tzinfo=UTC)  # 11 in the evening in Georgia
    assert await guess(ana, PER_DAY) == [NOT_MATCHED] * PER_DAY
    assert refused(await with_captcha(ana)) == NOT_MATCHED, "right, but one too many"
    clock.advance(timedelta(minutes=59, seconds=59))
    assert refused(await with_captcha(ana)) == NOT_MATCHED
    clock.advance(timedelta(seconds=1))
    assert refused(await ana.claim()) == ASKED, "a new day takes no CAPTCHA off"
    assert (await with_captcha(ana)).status_code == 200
    assert await guess(ana, PER_DAY) == [NOT_MATCHED] * PER_DAY
    clock.advance(timedelta(days=400))
    assert refused(await with_captcha(ana)) == NOT_MATCHED, "only the office helps"
    assert await budgets(office) == [(IN_ALL, PER_DAY)]


async def test_the_office_s_reset_gives_every_guess_back(office: Office, ana: Student, clock: ManualClock) -> None:
    await ana.claims()
    for _ in range(2):
        await guess(ana, PER_DAY)
        clock.advance(timedelta(days=1))
    assert refused(await with_captcha(ana)) == NOT_MATCHED
    await reopen_claim(office, ana)
    ana.password = "Another meadow 43"
    await ana.claims()


async def test_right_facts_give_the_guess_back(office: Office, ana: Student) -> None:
    for _ in range(IN_ALL + 2):
        assert (await ana.claim()).status_code == 200
    assert await budgets(office) == [(0, 0)]
    await guess(ana)
    await ana.claims()
    assert await budgets(office) == [], "the claim ends the count"
    assert [refused(await ana.claim()) for _ in range(IN_ALL + 2)] == [CLAIMED] * (IN_ALL + 2)
    assert await budgets(office) == [(0, 0)]


async def test_every_spelling_of_a_number_shares_its_budget(office: Office, ana: Student) -> None:
    spellings = ["0123456", "123456", " 0123456", "0000123456", "12-34 56"]
    for spelling in spellings:
        assert await guess(ana, student_number=spelling) == [NOT_MATCHED]
    assert refused(await with_captcha(ana)) == NOT_MATCHED
    assert await budgets(office) == [(PER_DAY, PER_DAY)]


@sqlite_only
async def test_a_request_that_compares_nothing_costs_no_guess(office: Office, ana: Student) -> None:
    await office.set("claim.fields=birth_date")
    for _ in range(IN_ALL):
        assert (await ana.claim(first_name="Eva")).status_code == 422
        assert (await ana.claim(student_number="S0123456", birth_date="2014-11-13")).status_code == 422
    assert {total for total, _ in await budgets(office)} == {0}


async def test_which_fact_was_wrong_cannot_be_told(server: Server, office: Office, post: Post, ana: Student) -> None:
    """Nor whether there is such a number: the same answers, the same statements, the same rows."""
    await office.set("claim.fields=birth_date")
    claimed, new = (
        await new_student(office, post, number="20"),
        await new_student(office, post, number="30", is_new=True),
    )
    for student in (ana, claimed, new):
        await change_person(office, student.person_id, birth_date=datetime(2014, 11, 13, tzinfo=UTC).date())
    assert (await claimed.complete((await claimed.claim(birth_date="2014-11-13")).json()["ticket"])).status_code == 201
    right = {"birth_date": "2014-11-13"}
    kinds: dict[str, dict[str, str]] = {
        "the number": {**right, "student_number": "40"},
        "the first name": {**right, "first_name": "Eva"},
        "another one's last name": {**right, "student_number": "20", "last_name": "Diaz"},
        "the birth date of a new one": {"birth_date": "2014-11-14", "student_number": "30"},
        "everything": {"birth_date": "2014-11-14", "student_number": "50", "first_name": "E", "last_name": "D"},
    }
    traces = {
        kind: [await trace(server, office, ana, facts) for _ in range(PER_DAY + 2)] for kind, facts in kinds.items()
    }
    first = traces["the number"]
    assert [answer[0] for answer, *_ in first] == [404] * (PER_DAY + 2)
    assert [kind for kind, told in traces.items() if told != first] == []


async def trace(server: Server, office: Office, student: Student, facts: dict[str, str]) -> tuple[Any, list[str], int]:
    """What one wrong guess is told, the statements that it costs, and how many rows it leaves."""
    captcha = await new_captcha(student, "claim")
    before = await audited(office)
    with counting(server.campus.database) as statements:
        answer = await student.claim(captcha=captcha, **facts)
        return shape(answer), statements.take(), await audited(office) - before


async def audited(office: Office) -> int:
    async with office.campus.database.reading() as connection:
        return int((await connection.execute(select(func.count()).select_from(AuditEvent))).scalar_one())


async def test_d2_of_many_guesses_at_two_processes_no_more_than_the_budget_are_evaluated(
    settings: Settings, tmp_path: Path
) -> None:
    """Two without a CAPTCHA, then the rest of the day's five; of the others the right name is told the same."""
    async with serving(settings, SystemClock()) as server:
        office = await Office.open(server)
        await office.set(*CLAIM_ON)
        ana = await new_student(office, Post(server, []))
        captchas = [await new_captcha(ana, "claim") for _ in range(40)]
        with server_processes(settings, tmp_path, 2) as processes:
            async with AsyncExitStack() as stack:
                clients = [await stack.enter_async_context(client(process)) for process in processes]
                answers = await at_once(ana, clients, [{"first_name": "Eva"}] * 160)
                assert Counter(map(refused, answers)) == {NOT_MATCHED: 2, ASKED: 158}
                answers = await at_once(
                    ana, clients, [{"first_name": "Eva", "captcha": captcha} for captcha in captchas]
                )
                assert Counter(map(refused, answers)) == {NOT_MATCHED: 40}
        assert await budgets(office) == [(PER_DAY, PER_DAY)]
        async with office.campus.database.reading() as connection:
            told = await connection.execute(select(AuditEvent.data).where(AuditEvent.tag == "api:claim:refused"))
        assert Counter(row.data["reason"] for row in told) == {"not_matched": PER_DAY, "exhausted": 42 - PER_DAY}


def client(process: Answering) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=process.url, timeout=60, verify=NO_TLS)


async def at_once(
    student: Student, clients: list[httpx.AsyncClient], guesses: list[dict[str, str]]
) -> list[httpx.Response]:
    """All sent before the first answer comes, to one process after the other."""
    facts = {"district": student.district, "last_name": "Lopez", "student_number": student.number}
    posts = (
        clients[number % len(clients)].post("/activate/claim", json={**facts, **each})
        for number, each in enumerate(guesses)
    )
    return list(await asyncio.gather(*posts))


async def budgets(office: Office) -> list[tuple[int, int]]:
    """What was counted of each number: in all, and on its last day."""
    async with office.campus.database.reading() as connection:
        rows = await connection.execute(select(GuessBudget.total, GuessBudget.today).order_by(GuessBudget.total.desc()))
        return [(row.total, row.today) for row in rows]
