"""A second district, where the first guardians have one more child each, and an account that is linked with their first one."""

from uuid import uuid4

from sqlalchemy import Row, select

from app.composition import Campus
from app.models import Account, Base, LinkedAccount, Person, Relationship
from app.portals import Portal
from tests.bench import district

DISTRICT = "second"
FAMILIES = 64
"""As many as there are connections."""


async def link_families(campus: Campus) -> None:
    """Written by the tables' owner: what is measured is using links, not making them."""
    await campus.district_office.add(district_id=DISTRICT, name="Second", state="GA", timezone="America/New_York")
    names = [district.guardian_id(number) for number in range(FAMILIES)]
    query = select(Account.id, Account.username, Account.password_hash).where(Account.username_folded.in_(names))
    async with campus.database.transaction() as session:
        for first in (await session.execute(query)).all():
            for rows in _family(campus, first):
                session.add_all(rows)
                await session.flush()


def _family(campus: Campus, first: Row[*tuple[object, ...]]) -> list[list[Base]]:
    """People, what binds them, and the account; in the order in which they refer to each other."""
    now = campus.clock.now()
    guardian, student = (
        Person(id=uuid4(), district_id=DISTRICT, sourced_id=f"{kind}-{first.username}", first_name="Maria",
               last_name="Lopez", first_seen_at=now, **{f"is_{kind}": True})
        for kind in ("guardian", "student")
    )  # fmt: skip
    flags = dict.fromkeys(("guardian", "mailing", "portal", "messenger"), True)
    relationship = Relationship(
        district_id=DISTRICT, guardian_id=guardian.id, student_id=student.id, relation="parent", **flags
    )
    account = Account(
        id=uuid4(), district_id=DISTRICT, person_id=guardian.id, portal=Portal.PARENT.value, username=first.username,
        username_folded=first.username, password_hash=first.password_hash, created_at=now,
    )  # fmt: skip
    group = uuid4()
    links = [
        LinkedAccount(account_id=account_id, group_id=group, district_id=district_id, linked_at=now)
        for account_id, district_id in ((first.id, district.DISTRICT), (account.id, DISTRICT))
    ]
    return [[guardian, student], [relationship, account], [*links]]
