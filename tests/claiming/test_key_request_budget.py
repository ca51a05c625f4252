"""How often facts of one student may be guessed: five times a day, ten times in all, however many guess at once (D2, D9)."""

import asyncio
import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from app.clock import ManualClock, SystemClock
from app.settings import Settings
from tests.claiming.families import Family, accept_requests, look_into, states
from tests.guard.crowd import raw, released_together
from tests.guard.stranger import ASKED
from tests.office.keys import live
from tests.office.trail import written
from tests.support.addresses import next_address
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import faults, refused, serving
from tests.support.processes import server_processes
from tests.support.recovery import Post

NOT_MATCHED = (404, "key_request_not_matched")
WRONG = {"ssn_last4": "0000"}
DAY = timedelta(days=1)


@pytest.fixture
async def family(office: Office) -> Family:
    await accept_requests(office)
    return await Family.at(office, "Maria Lopez")


@pytest.fixture
async def shown(office: Office) -> Family:
    return await show_keys(office)


async def test_d9_of_two_hundred_guesses_at_two_processes_five_are_evaluated(
    settings: Settings, tmp_path: Path
) -> None:
    """Two hundred of the ten thousand that four digits can be, all sent before the first answer comes."""
    behind_a_proxy = Settings.model_validate(
        {**settings.model_dump(exclude_unset=True), "trusted_proxies": ["127.0.0.1"]}
    )
    async with serving(behind_a_proxy, SystemClock()) as server:
        shown = await show_keys(await Office.open(server))
        with server_processes(behind_a_proxy, tmp_path, 2) as processes:
            told = await released_together(processes, [guess_of(shown, digits) for digits in range(200)])
        assert Counter(told) == {404: 200}
        assert await reasons(shown.office) == {"not_matched": 5, "exhausted": 195}
        assert refused(await shown.ask()) == NOT_MATCHED, "the right digits come too late"
        assert await live(shown.office, shown.guardians[0]) == 0


async def show_keys(office: Office) -> Family:
    """A family of a district that shows keys on the screen, where a guess is told whether it was right."""
    await accept_requests(office, "key_request.delivery=display")
    family = await Family.at(office, "Maria Lopez")
    return family.asking(**family.facts, guardian_first_name="Maria", guardian_last_name="Lopez")


def guess_of(family: Family, digits: int) -> bytes:
    """From an address of its own."""
    body = {"district": family.office.district, **family.facts, "ssn_last4": f"{digits:04}"}
    return raw("POST", "/activate/key-requests", json.dumps(body).encode(), forwarded_for=next_address())


async def reasons(office: Office) -> Counter[str]:
    """Why requests were refused, as the audit trail has it."""
    return Counter(event.data["reason"] for event in await written(office, "api:key_request:refused"))


async def test_d9_parallel_guesses_at_one_process_do_not_overtake_the_budget(shown: Family) -> None:
    """However the number is written; a number that nobody has is counted alike."""
    spellings = ["0123456", "123456", " 0123-456", "000123456"]
    for numbers in (spellings, ["9876543", "09876543", "98 765 43", "9876-543"]):
        guesses = (shown.ask(**WRONG, student_number=number) for number in numbers * 5)
        assert set(map(refused, await asyncio.gather(*guesses))) == {NOT_MATCHED}
    assert await reasons(shown.office) == {"not_matched": 10, "exhausted": 30}


@sqlite_only
async def test_five_a_day_ten_in_all_then_only_the_office(shown: Family, clock: ManualClock) -> None:
    for evaluated in (5, 10, 10, 10):
        for guess in (*[WRONG] * 7, {}):
            assert refused(await shown.ask(**guess)) == NOT_MATCHED
        assert (await reasons(shown.office))["not_matched"] == evaluated
        clock.advance(DAY)
    assert await live(shown.office, shown.guardians[0]) == 0


@sqlite_only
async def test_the_day_of_a_budget_ends_at_the_districts_midnight(shown: Family, clock: ManualClock) -> None:
    """In Georgia it is eight in the morning."""
    for _ in range(5):
        assert refused(await shown.ask(**WRONG)) == NOT_MATCHED
    clock.advance(timedelta(hours=16) - timedelta(seconds=1))
    assert refused(await shown.ask()) == NOT_MATCHED
    clock.advance(timedelta(seconds=1))
    assert (await shown.ask()).status_code == 200


@sqlite_only
async def test_right_facts_and_faults_of_typing_cost_no_guess(shown: Family) -> None:
    for _ in range(12):
        assert (await shown.ask()).status_code == 200
    for _ in range(12):
        assert faults(await shown.ask(ssn_last4="123-45-6789"))
    for _ in range(4):
        assert refused(await shown.ask(**WRONG)) == NOT_MATCHED
    assert (await shown.ask()).status_code == 200
    assert refused(await shown.ask(**WRONG)) == NOT_MATCHED
    assert refused(await shown.ask()) == NOT_MATCHED


@sqlite_only
async def test_by_mail_the_worker_gives_right_guesses_back(family: Family, post: Post, clock: ManualClock) -> None:
    """Until it comes by they count, and the fact that they do shows nowhere."""
    for _ in range(3):
        for _ in range(4):
            assert (await family.ask()).status_code == 202
        await look_into(family.office)
    assert (await states(family.office)).count("mailed") == 5
    clock.advance(DAY)
    for _ in range(5):
        assert (await family.ask(**WRONG)).status_code == 202
    assert (await family.ask()).status_code == 202
    await post.deliver()
    clock.advance(DAY)
    for _ in range(5):
        await family.ask(**WRONG)
    clock.advance(DAY)
    await family.ask()
    await look_into(family.office)
    assert (await states(family.office)).count("nobody") == 12, "also the two right ones that came too late"


@sqlite_only
async def test_the_budgets_of_districts_and_students_are_their_own(shown: Family) -> None:
    ben = await Family.at(shown.office, "Maria Lopez", student="Ben Lopez", number="222")
    wake = await show_keys(await Office.open(shown.office.server, "wake", "Wake County Schools", "NC"))
    for _ in range(6):
        assert refused(await shown.ask(**WRONG)) == NOT_MATCHED
    named = {**shown.facts, "student_number": "222"}
    assert (await ben.asking(**named).ask()).status_code == 200
    assert (await wake.ask()).status_code == 200


@sqlite_only
async def test_the_sixth_from_one_address_in_ten_minutes_wants_a_captcha(family: Family, clock: ManualClock) -> None:
    """Whatever the others were about, right or wrong; a request without it costs no guess."""
    at_home = family.coming_from("192.0.2.77")
    for number in range(5):
        assert (await at_home.ask(student_number=f"77{number}")).status_code == 202
    for _ in range(20):
        assert refused(await at_home.ask()) == ASKED
    assert (await at_home.ask_with_captcha()).status_code == 202
    assert (await family.coming_from("192.0.2.78").ask()).status_code == 202
    assert await look_into(family.office) == 7
    assert await states(family.office) == ["mailed"] * 2 + ["nobody"] * 5
    clock.advance(timedelta(minutes=10))
    assert (await at_home.ask()).status_code == 202


@sqlite_only
async def test_keys_on_the_screen_count_for_their_address_too(shown: Family) -> None:
    at_home = shown.coming_from("192.0.2.79")
    for _ in range(5):
        assert (await at_home.ask()).status_code == 200
    assert refused(await at_home.ask()) == ASKED
    assert (await at_home.ask_with_captcha()).status_code == 200
