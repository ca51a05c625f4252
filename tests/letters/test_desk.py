"""Letters at the office's desk: a batch as PDF, and one person's letter that was ordered by itself."""

from collections.abc import AsyncIterator

import pytest

from app.clock import ManualClock
from app.services.clerk import StaffRole
from app.settings import Settings
from tests.letters.paper import sheets_in
from tests.office.keys import LETTERS, batch, families, order, states
from tests.support.desk import at_desk
from tests.support.hash_pools import quick_hashes
from tests.support.office import Office
from tests.support.portal import User, serving

PDF, ONCE = "application/pdf", "8f14e45f-ceea-467f"


@pytest.fixture
async def office(settings: Settings, clock: ManualClock) -> AsyncIterator[Office]:
    """Every answer is held against its specification."""
    async with serving(settings, clock) as server:
        with quick_hashes(server):
            yield await Office.open(server)


@pytest.fixture
async def dana(office: Office) -> User:
    return await at_desk(office, StaffRole.DISTRICT_ADMIN, name="Dana Reed")


async def test_a_batch_and_a_single_letter_are_printed_in_the_answer(office: Office, dana: User) -> None:
    parents = await families(office, 2)
    answer = await batch(dana, accept=PDF, repeat_as=ONCE)
    assert (answer.status_code, answer.headers["content-type"], answer.headers["keys-left"]) == (201, PDF, "0")
    assert answer.headers["content-disposition"].endswith('.pdf"')
    assert answer.headers["cache-control"] == "no-store"
    sheets = sheets_in(answer.content)
    assert [f"Parent Nr{number}" in sheet.text for number, sheet in enumerate(sheets)] == [True, True]
    (link,) = sheets[0].links
    key = link.rpartition("#key=")[2]
    assert (await office.visitor(parents[0], key).activate()).status_code == 201
    again = await batch(dana, accept=PDF, repeat_as=ONCE)
    assert (again.headers["content-type"], again.json()["issued"]) == ("application/json", 2)
    assert key not in again.text

    una, otto = await office.student("Una Reed"), await office.student("Otto Stone")
    for person in (una, otto):
        await order(dana, person, "letter", portal="student")
    answer = await batch(dana, LETTERS, accept=PDF, portal="student", person_id=str(otto))
    (sheet,) = sheets_in(answer.content)
    assert "Otto Stone" in sheet.text
    assert "Portal para estudiantes" in sheet.text
    assert (answer.headers["keys-left"], await states(dana, una)) == ("0", ["live"])
    answer = await batch(dana, LETTERS, accept="text/csv", portal="student")
    assert "Una" in answer.text
    assert "Otto" not in answer.text
