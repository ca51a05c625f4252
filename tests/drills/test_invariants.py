"""The checker of the drills finds what it is there to find, and nothing where all is well; of the trail tests/audit shows that."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from sqlalchemy import Update, select, update

from app.clock import SystemClock
from app.models import Account, ActivationKey, OutboxMail, Person, SignInSession
from app.settings import Settings
from tests.drills.invariants import broken, rows_of_two_districts
from tests.support.office import Office
from tests.support.portal import User, serving

ADDRESS = "maria@example.org"


@pytest.fixture
async def maria(settings: Settings) -> AsyncIterator[User]:
    """With an account, two devices and a mail on its way; her neighbour has a key in her hand."""
    async with serving(settings, SystemClock()) as server:
        office = await Office.open(server)
        maria = await office.parent()
        await maria.activate()
        await maria.on_another_device().sign_in()
        await maria.ask("PUT", "/me/recovery-email", json={"email": ADDRESS, "current_password": maria.password})
        await office.parent("Nora Diaz", children=["Eli Diaz"])
        await Office.open(server, "clarke", "Clarke County Schools")
        yield maria


@pytest.mark.usefixtures("maria")
async def test_where_all_is_well_nothing_is_found(settings: Settings) -> None:
    assert await broken(settings) == []


async def test_each_half_of_a_transaction_that_is_missing_is_found(settings: Settings, maria: User) -> None:
    campus = maria.server.campus
    for expected, statement in broken_bits(campus.clock.now()):
        async with campus.database.transaction() as session:
            await session.execute(statement)
        found = await broken(settings)
        assert any(fault.startswith(expected) for fault in found), (expected, found)


def broken_bits(now: datetime) -> list[tuple[str, Update]]:
    """What is found, and how it comes about; each is done after those before it."""
    unused, elsewhere = ActivationKey.used_at.is_(None), {"district_id": "clarke"}
    guardian = select(Account.person_id).scalar_subquery()
    return [
        ("a key was used, and its account is not there: 1", update(ActivationKey).where(unused).values(used_at=now)),
        ("a session is there, and the trail does not know", update(SignInSession).values(signed_in_at=now)),
        ("one refresh token opens two families: 1", update(SignInSession).values(refresh_digest="the same")),
        ("an account is half-written: 1", update(Account).values(recovery_email=ADDRESS)),
        ("a new address is to be confirmed, and nobody asked it: 1", update(OutboxMail).values(created_at=now)),
        ("a mail is finished without an outcome", update(OutboxMail).values(finished_at=now)),
        ("relationships ties two districts", update(Person).where(Person.is_student.is_(True)).values(elsewhere)),
        ("accounts ties two districts: 1", update(Person).where(Person.id == guardian).values(elsewhere)),
    ]


def test_every_table_that_could_tie_two_districts_is_looked_at() -> None:
    looked_at = {what.split()[0] for what, _ in rows_of_two_districts()}
    assert {
        "accounts",
        "relationships",
        "enrollments",
        "household_members",
        "staff_schools",
        "activation_keys",
    } < looked_at
