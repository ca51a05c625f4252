"""Erasing: of an account, and of people who left long ago, nothing is left but ids in the trail."""

from datetime import timedelta

from sqlalchemy import select, update

from app.clock import ManualClock
from app.models import Account, Base, Person, SupportTicket
from app.portals import Portal
from app.services.pruning import KEYS_KEPT
from tests.linking.families import Region, link
from tests.office.counter import FORBIDDEN, GONE
from tests.office.traces import MARK, STAYS, plant, tables_with
from tests.office.trail import tags
from tests.support.desk import at_desk
from tests.support.office import Office
from tests.support.portal import User, refused

ADDRESS = f"Maria.{MARK}@home.example"


async def account_of(office: Office, user: User) -> Account:
    async with office.campus.database.transaction() as session:
        account = await session.scalar(select(Account).where(Account.person_id == user.person_id))
    assert account is not None
    return account


async def test_an_erased_account_leaves_its_ids_in_the_trail_and_nothing_else(region: Region) -> None:
    """She has linked another district, set an address, asked for help and for a new password, and there are traces in every table."""
    office = await region.office("wake")
    dana = await at_desk(office)
    user = await office.parent("Maria Lopez", children=["Ana Lopez"])
    user.username = f"{MARK}26"
    maria = await region.join(user)
    await maria.own_address(ADDRESS)
    other = await region.parent("kent")
    await link(maria, other)
    database, account = office.campus.database, await account_of(office, user)
    await office.campus.audit_sealing.seal()
    planted = await plant(database, office.campus.clock, account, of_person=False)
    await ask_for_help(office)
    assert (await maria.ask_for_reset()).status_code == 202
    before = await tables_with(database, MARK, account.id)
    assert before >= {*planted, "accounts", "linked_accounts", "audit_events"}
    path = f"/admin/accounts/{account.id}"
    assert (await dana.ask("DELETE", path)).status_code == 204
    assert await tables_with(database, MARK) == set()
    assert await tables_with(database, account.id) == STAYS
    assert refused(await dana.ask("DELETE", path)) == GONE
    assert (await maria.me()).status_code == 401
    assert (await tags(dana, account_id=account.id))[-1] == "office:account:erased"
    assert (await other.me()).status_code == 200
    await office.campus.audit_sealing.seal()
    assert not any(report.counts for report in await office.campus.audit_verification.verify())
    user.key = await office.key_for(user.person_id, user.portal)
    assert (await user.activate()).status_code == 201, "she is in the roster still"
    assert user.session["account"]["id"] != str(account.id)


async def ask_for_help(office: Office) -> None:
    now = office.campus.clock.now()
    async with office.campus.database.transaction() as session:
        session.add(
            SupportTicket(
                district_id=office.district,
                reference=f"{MARK}-1",
                category="other",
                first_name=MARK,
                last_name=MARK,
                email=ADDRESS.lower(),
                message=MARK,
                created_at=now,
                state="open",
            )
        )


async def test_it_is_an_admins_after_a_step_up_and_nobodys_for_himself(dana: User, hugo: User) -> None:
    own = f"/admin/accounts/{dana.session['account']['id']}"
    assert refused(await dana.ask("DELETE", own)) == FORBIDDEN
    assert refused(await hugo.ask("DELETE", own)) == FORBIDDEN


async def test_people_who_left_longer_ago_than_the_districts_days_are_erased(
    office: Office, maria: User, clock: ManualClock
) -> None:
    """Off by default; who comes back in time stays; of who is erased every trace goes, in every table and column."""
    database, erasure = office.campus.database, office.campus.erasure
    await maria.activate()
    back = await office.student("Ben Back", number="n-back")
    student = await office.student(f"Ana {MARK}", number=f"{MARK}-7")
    child = await office.user(student, Portal.STUDENT)
    child.username = f"{MARK}2026"
    assert (await child.activate()).status_code == 201
    account = await account_of(office, child)
    planted = await plant(database, clock, account, of_person=True)
    async with database.transaction() as session:
        known = {"email": ADDRESS, "state_id": MARK, "role_rows": MARK}
        await session.execute(update(Person).where(Person.id == student).values(**known))
    await ask_for_help(office)
    for person in (student, back, maria.person_id):
        await office.end(person)
    clock.advance(timedelta(days=60))
    assert await erasure.erase_those_due() == 0
    await office.set("privacy.erase_after_days=60")
    async with database.transaction() as session:
        await session.execute(update(Person).where(Person.id == back).values(ended_at=None))
        later = clock.now() - timedelta(days=59)
        await session.execute(update(Person).where(Person.id == maria.person_id).values(ended_at=later))
    assert await tables_with(database, MARK, account.id, student) >= {*planted, "persons", "accounts"}
    assert await erasure.erase_those_due() == 1
    assert await tables_with(database, MARK) == set()
    assert await tables_with(database, account.id, student) == STAYS
    assert await tables_with(database, maria.person_id) >= {"persons", "accounts"}
    assert await tables_with(database, back) >= {"persons"}
    assert await erasure.erase_those_due() == 0
    clock.advance(timedelta(days=1))
    assert await erasure.erase_those_due() == 1
    async with database.reading() as connection:
        names = select(Person.id).where(Person.id.in_([student, back, maria.person_id]))
        assert list(await connection.scalars(names)) == [back]


async def test_old_keys_and_devices_are_pruned_after_a_school_year(
    office: Office, maria: User, clock: ManualClock
) -> None:
    await maria.activate()
    await maria.on_another_device().sign_in()
    clock.advance(KEYS_KEPT - timedelta(seconds=1))
    await office.campus.pruning.prune()
    here = {"activation_keys", "known_devices"}
    assert {table for table in here if await count(office, table)} == here
    clock.advance(timedelta(seconds=1))
    await office.campus.pruning.prune()
    assert {table for table in here if await count(office, table)} == set()


async def count(office: Office, table: str) -> int:
    async with office.campus.database.reading() as connection:
        return len((await connection.execute(select(Base.metadata.tables[table]))).all())
