"""Known and unknown families before the door for keys: the same answers, for the same work, in the same rows (D6, D9, D10, D12)."""

from typing import Any

import pytest

from app.models import AuditEvent, Base
from app.portals import Portal
from tests.claiming.families import BORN, DIGITS, Family, accept_requests
from tests.guard.test_parity import hashes_computed, shape
from tests.recovery.statements import counting
from tests.support.office import Office

EVERY_FACT = "key_request.fields=ssn_last4,birth_date,guardian_first_name,guardian_last_name"
RIGHT = {
    "ssn_last4": DIGITS,
    "birth_date": BORN.isoformat(),
    "guardian_first_name": "Maria",
    "guardian_last_name": "Lopez",
}
TRIES = 7
"""Beyond the day's budget."""


async def families(office: Office) -> dict[str, Family]:
    """All that a family can be, and each way in which one fact can be wrong."""
    numbers = iter(range(5_550_001, 5_550_100))

    async def known(student: str = "Ana Lopez", **changes: str) -> Family:
        family = await Family.at(office, "Maria Lopez", student=student, number=str(next(numbers)))
        return family.asking(**{**RIGHT, "student_number": family.facts["student_number"], **changes})

    nobody = (await known()).asking(**RIGHT, student_number="7777777")
    has_account, left, no_portal = await known(), await known(), await known()
    assert (await (await office.user(has_account.guardians[0], Portal.PARENT)).activate()).status_code == 201
    await office.end(left.student)
    await office.take_portal_away(await office.user(no_portal.guardians[0], Portal.PARENT))
    return {
        "nobody": nobody,
        "right": await known(),
        "has an account": has_account,
        "left": left,
        "no portal": no_portal,
        "wrong digits": await known(ssn_last4="0000"),
        "wrong birth date": await known(birth_date="2014-05-07"),
        "wrong first name": await known(guardian_first_name="Rosa"),
        "wrong last name": await known(guardian_last_name="Stone"),
    }


@pytest.mark.parametrize("delivery", ["email", "display"])
async def test_d9_d10_whatever_is_wrong_the_answers_and_their_price_are_the_same(office: Office, delivery: str) -> None:
    """On the screen but for whom every fact was right, and who has no account."""
    await accept_requests(office, EVERY_FACT, f"key_request.delivery={delivery}")
    those = await families(office)
    if delivery == "display":
        del those["right"]
    traces = {kind: await trace(office, family) for kind, family in those.items()}
    assert {answer[0] for answer in traces["nobody"]} == {202 if delivery == "email" else 404}
    assert [kind for kind, told in traces.items() if told != traces["nobody"]] == [], traces


async def trace(office: Office, family: Family) -> list[Any]:
    """What each try is told and costs: statements word for word, hashes, and the rows that it leaves in every table."""
    told: list[Any] = []
    with counting(office.campus.database) as statements:
        for _ in range(TRIES):
            before, hashes = await row_counts(office), hashes_computed()
            statements.take()
            answer = await family.ask()
            asked = statements.take()
            left = {table: count - before[table] for table, count in (await row_counts(office)).items()}
            told.append((*shape(answer), asked, hashes_computed() - hashes, left))
    return told


async def row_counts(office: Office) -> dict[str, int]:
    async with office.campus.database.reading() as connection:
        return {
            table.name: len((await connection.execute(table.select())).all()) for table in Base.metadata.sorted_tables
        }


async def test_d9_the_trail_of_a_request_names_no_student(office: Office) -> None:
    await accept_requests(office, EVERY_FACT)
    for family in (await families(office)).values():
        assert (await family.ask()).status_code == 202
    async with office.campus.database.reading() as connection:
        events = (await connection.execute(AuditEvent.__table__.select())).all()
    received = [event for event in events if event.tag == "api:key_request:received"]
    assert len(received) == 9
    assert {(event.actor, event.person_id, event.account_id, str(event.data)) for event in received} == {
        ("anonymous", None, None, "{}")
    }
