"""Keys that another system sent home on paper open an account here, for a while, and nothing that has an owner."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.clock import ManualClock
from app.models import ActivationKey
from app.portals import Portal
from app.services.clerk import StaffRole
from app.services.office.staff_office import NewStaff
from tests.support.moving_in import import_keys, key_row, new_parent, trail
from tests.support.office import Office
from tests.support.portal import refused

GUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


async def test_a_key_that_is_printed_already_opens_an_account_for_two_weeks(
    office: Office, tmp_path: Path, clock: ManualClock
) -> None:
    rosa, late = await new_parent(office, "rosa2026"), await new_parent(office, "late2026")
    old = await office.key_for(rosa.person_id, Portal.PARENT)
    rows = [key_row(rosa, GUID), key_row(late, GUID.replace("3f", "4e"))]
    report = await import_keys(office, tmp_path, rows)
    assert (report.counts.created, report.errors) == (2, [])
    assert (await import_keys(office, tmp_path, rows)).counts.unchanged == 2
    assert (await rosa.verify(activation_key=old)).status_code == 404
    rosa.key = GUID.upper().replace("-", " ")
    assert (await rosa.verify()).json()["first_name"] == "Rosa"
    assert (await rosa.activate()).status_code == 201
    clock.advance(timedelta(days=14, seconds=1))
    late.key = GUID.replace("3f", "4e")
    assert refused(await late.verify()) == (410, "activation_key_expired")
    async with office.campus.database.reading() as connection:
        stored = list((await connection.execute(select(ActivationKey.digest))).scalars())
    assert not any("3F2504E0" in digest.upper() for digest in stored)
    assert [tag for tag, _, _ in await trail(office)] == ["operator:key:imported"] * 2 + ["operator:keys:imported"]


async def test_keys_that_others_may_know_replace_no_account_and_open_no_office(office: Office, tmp_path: Path) -> None:
    maria = await office.parent()
    await maria.activate()
    dana = NewStaff(StaffRole.DISTRICT_ADMIN, "dreed26", "Dana", "Reed")
    member = (await office.campus.staff_office.add(office.operator, dana)).person_id
    rows = [key_row(maria, GUID), [str(member), "staff", GUID.replace("3f", "4e")]]
    report = await import_keys(office, tmp_path, rows)
    assert [(found.row, found.code) for found in report.warnings] == [(2, "has_account"), (3, "works_in_office")]
    assert report.counts.created == 0


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("12345678", "key_too_weak"),
        ("0123456789" * 2, "key_too_weak"),
        ("00000000-0000-0000-0000-000000001234", "key_too_weak"),
        ("3f2504e04f89_41d3/9a0c0305e82c3301", "key_characters"),
        ("3f2504e04f89" * 6, "key_too_long"),
    ],
)
async def test_what_is_no_secret_is_no_key(office: Office, tmp_path: Path, key: str, code: str) -> None:
    report = await import_keys(office, tmp_path, [key_row(await new_parent(office, "rosa"), key)])
    assert [(found.row, found.column, found.code) for found in report.errors] == [(2, "activation_key", code)]


async def test_two_people_have_two_keys(office: Office, tmp_path: Path) -> None:
    rosa, theo, uma = [await new_parent(office, name) for name in ("rosa", "theo", "uma")]
    theo.key = await office.key_for(theo.person_id, Portal.PARENT)
    rows = [key_row(rosa, GUID), key_row(theo, GUID.replace("-", "").upper())]
    rows.append(key_row(uma, theo.key))
    report = await import_keys(office, tmp_path, rows)
    assert [(found.row, found.code) for found in report.errors] == [(3, "duplicate_key"), (4, "duplicate_key")]
    assert (await theo.verify()).status_code == 200
