"""Accounts of another system sign in with the hash that came along, which is replaced by one of ours on the way."""

from uuid import uuid4

import argon2
import bcrypt
from sqlalchemy import select

from app.clock import ManualClock
from app.models import Account
from app.portals import Portal
from app.services.sign_in_ladder import HEALS_AFTER
from app.text import fold
from tests.support.office import Office
from tests.support.portal import PASSWORD, User, refused

OUR_HASH = "$argon2id$v=19$m=19456,t=2,p=1$"


async def test_a_bcrypt_hash_opens_the_account_and_is_replaced(office: Office) -> None:
    rosa = await imported(office, bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode())
    assert refused(await rosa.sign_in(password="wrong")) == (401, "invalid_credentials")
    assert (await stored_hash(office, rosa)).startswith("$2b$"), "a wrong password upgrades nothing"
    assert (await rosa.sign_in()).status_code == 200
    assert (await stored_hash(office, rosa)).startswith(OUR_HASH)
    assert (await rosa.sign_in()).status_code == 200
    assert refused(await rosa.sign_in(password="wrong")) == (401, "invalid_credentials")


async def test_a_cheaper_argon2_hash_opens_the_account_and_is_replaced(office: Office) -> None:
    for cheap in (
        argon2.PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1),
        argon2.PasswordHasher(time_cost=2, memory_cost=8_192, parallelism=2),
        argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=argon2.Type.I),
    ):
        rosa = await imported(office, cheap.hash(PASSWORD))
        assert refused(await rosa.sign_in(password="wrong")) == (401, "invalid_credentials")
        assert (await rosa.sign_in()).status_code == 200
        assert (await stored_hash(office, rosa)).startswith(OUR_HASH)
        assert (await rosa.sign_in()).status_code == 200


async def test_a_hash_of_our_own_stays_as_it_is(office: Office, maria: User) -> None:
    await maria.activate()
    first = await stored_hash(office, maria)
    await maria.sign_in()
    assert await stored_hash(office, maria) == first
    assert first.startswith(OUR_HASH)


async def test_more_than_72_bytes_against_bcrypt_is_wrong_and_no_fault(office: Office, clock: ManualClock) -> None:
    """Of a password bcrypt reads 72 bytes: what it cannot tell apart must not open the account."""
    longest = "y" * 72
    rosa = await imported(office, bcrypt.hashpw(longest.encode(), bcrypt.gensalt(4)).decode())
    for too_long in (longest + "z", "\u00fc" * 64, longest[:71] + "y\x00"):
        assert refused(await rosa.sign_in(password=too_long)) == (401, "invalid_credentials")
    clock.advance(HEALS_AFTER)
    assert (await rosa.sign_in(password=longest)).status_code == 200


async def test_d37_an_account_imported_without_a_password_is_opened_by_none(office: Office, clock: ManualClock) -> None:
    rosa = await imported(office, None)
    for password in ("", " ", "None", "null", PASSWORD):
        assert refused(await rosa.sign_in(password=password)) == (401, "invalid_credentials")
        clock.advance(HEALS_AFTER)


async def test_what_is_no_hash_opens_nothing(office: Office) -> None:
    for unreadable in (PASSWORD, "", "$2b$", "$argon2id$", "*", "$argon2id$v=19$m=4194304,t=64,p=1$c2FsdHNhbHQ$aGFzaA"):
        rosa = await imported(office, unreadable)
        assert refused(await rosa.sign_in()) == (401, "invalid_credentials")


async def imported(office: Office, password_hash: str | None) -> User:
    """A parent whose account came from another system, with the hash that it had there."""
    guardian = await office.guardian("Rosa Diaz", [await office.student("Eva Diaz")])
    username = f"rosa{guardian.hex[:12]}1"
    async with office.campus.database.transaction() as session:
        session.add(
            Account(
                id=uuid4(),
                district_id=office.district,
                person_id=guardian,
                portal=Portal.PARENT.value,
                username=username,
                username_folded=fold(username),
                password_hash=password_hash,
                created_at=office.campus.clock.now(),
            )
        )
    return User(office.server, office.district, Portal.PARENT, guardian, username)


async def stored_hash(office: Office, user: User) -> str:
    async with office.campus.database.reading() as connection:
        query = select(Account.password_hash).where(Account.person_id == user.person_id)
        return str((await connection.execute(query)).scalar_one())
