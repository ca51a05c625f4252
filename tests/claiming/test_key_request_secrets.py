"""What a family types, and the key that it gets, stand where they belong and in no trace, log, metric or refusal (D34, D38)."""

import logging
import re
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from app.clock import ManualClock
from app.models import Person
from app.portals import Portal
from app.security.activation_codes import normalise_activation_code
from app.services.clerk import StaffRole
from app.services.roster.roster_import import RosterImport
from tests.claiming.families import Family, accept_requests, close, look_into, queue
from tests.claiming.test_secrets_of_claiming import everything
from tests.office.test_key_mails import key_in
from tests.roster.packages import Package
from tests.support.desk import at_desk
from tests.support.office import Office
from tests.support.recovery import Post

DIGITS, WHOLE, NUMBER, BORN = "2317", "987-65-2317", "6604912", date(1913, 2, 28)
MARK, HOME = "Pl4nted", "pl4nted.address@home.example"
NAMES = {"guardian_first_name": f"{MARK}first", "guardian_last_name": f"{MARK}last"}
FACTS = {"student_number": NUMBER, "ssn_last4": DIGITS, "birth_date": BORN.isoformat(), **NAMES}
ROSTER = {"persons"}
"""The district gave us all of it, and there the digits are a digest, too."""
_ALONE = r"(?<![0-9a-f-]){}(?![0-9a-f-])"
"""Not as a part of some id."""


async def test_d38_no_fact_of_a_key_request_leaves_by_another_door(
    office: Office, post: Post, caplog: pytest.LogCaptureFixture, tmp_path: Path, clock: ManualClock
) -> None:
    caplog.set_level(logging.DEBUG)
    await accept_requests(office, "key_request.fields=ssn_last4,birth_date,guardian_first_name,guardian_last_name")
    family = await imported(office, tmp_path, clock)
    hugo = await at_desk(office, StaffRole.HELP_DESK, name="Hugo Park")
    told = [await family.ask(**changes) for changes in mistakes()]
    assert {answer.status_code for answer in told} == {202, 422}
    told.append(await family.ask())
    await look_into(office)
    waiting = await everything(office)
    (mail,) = await post.deliver()
    keys = {key_in(mail)}
    await office.set("key_request.delivery=display")
    shown = await family.ask()
    keys.add(shown.json()["activation_key"])
    told.append(await family.ask(ssn_last4="0000"))
    await office.set("key_request.delivery=email", "key_request.fields=birth_date")
    await office.take_portal_away(await office.user(family.guardians[0], Portal.PARENT))
    assert (await family.ask()).status_code == 202
    await look_into(office)
    (request,) = await queue(hugo, state="waiting")
    told.append(await close(hugo, request["id"]))
    # The driver's own record of what it binds is below the level of any log that we write.
    logged = [str(vars(record)) for record in caplog.records if record.name != "aiosqlite"]
    assert "/activate/key-requests" in "".join(logged)
    metrics = (await office.server.http.get("/metrics")).text
    places = [*(answer.text + str(answer.headers) for answer in told), metrics, *logged]
    rows = [row for table, row in [*waiting, *await everything(office)] if table not in ROSTER]
    for place in [*places, *rows]:
        for mark in (MARK, HOME, WHOLE, WHOLE.replace("-", ""), NUMBER, BORN.isoformat(), repr(BORN)):
            assert mark.lower() not in place.lower()
        assert not re.search(_ALONE.format(DIGITS), place)
        for key in keys:
            assert key not in place
            assert normalise_activation_code(key).lower() not in place.lower()
    assert DIGITS not in mail.everything.replace(key_in(mail), "")
    assert BORN.isoformat() not in mail.everything


def mistakes() -> list[dict[str, str]]:
    """Wrong facts, and faults of typing, with a mark in each field."""
    return [
        {"ssn_last4": WHOLE},
        {"ssn_last4": f"{MARK}"},
        {"birth_date": MARK},
        {"student_number": f"{NUMBER}{MARK}"},
        {"guardian_first_name": f"{MARK}other"},
        {"secret": MARK},
        {"guardian_last_name": f"{MARK}\n"},
    ]


async def imported(office: Office, folder: Path, clock: ManualClock) -> Family:
    """From a roster in which two students have the same four digits: only digests of them are kept, and these differ."""
    campus = office.campus
    package = Package(folder / "roster")
    package.adult(
        "maria",
        agents="ana",
        email=HOME,
        givenName=NAMES["guardian_first_name"],
        familyName=NAMES["guardian_last_name"],
    )
    for child, number, agents in (("ana", NUMBER, "maria"), ("ben", "222", "")):
        package.student(child, identifier=number, born=BORN.isoformat(), agents=agents)
        package.with_metadata("users", child, "metadata.ssnLast4", DIGITS)
    report = await RosterImport(campus.database, clock, campus.digests).run(office.operator, package.write())
    assert report.errors == []
    async with campus.database.reading() as connection:
        rows = {row.sourced_id: row for row in await connection.execute(select(*Person.__table__.columns))}
    stored = [rows[child].ssn_last4_digest for child in ("ana", "ben")]
    assert len(set(stored)) == 2
    assert not any(re.search(_ALONE.format(DIGITS), str(rows[child])) for child in ("ana", "ben"))
    return Family(office, rows["ana"].id, [rows["maria"].id], dict(FACTS), office.server.http)
