"""Many people at once, each at the point of one errand: with a key, a link or a session in her hand. Written by the tables' owner."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from app.composition import Campus
from app.models import Account
from app.portals import Portal
from app.security.passwords import PasswordHasher
from app.services.account_view import AccountView, select_account
from app.services.mailed_links import LinkPurpose, create_link
from app.services.sessions import Device
from app.text import fold, fold_address
from tests.support.office import Office
from tests.support.portal import PASSWORD, Server, User

DISTRICT = "jackson"


@dataclass(frozen=True)
class Person:
    """Somebody with an account, unless she has only just got her key."""

    user: User
    address: str
    """The confirmed one, or the one that she gives with her key."""
    other_address: str
    """The one that she, or somebody else, gives the account."""
    account_id: UUID | None = None
    token: str = ""
    """Of the link that she has been mailed."""
    access_token: str = ""

    def at(self, server: Server) -> "Person":
        return replace(self, user=replace(self.user, server=server))


async def people_with(server: Server, purposes: Sequence[LinkPurpose | str], district: str = DISTRICT) -> list[Person]:
    """One person for each: with a link for that purpose, with a `session`, with a `key` only, or with a plain `account`."""
    office = await Office.open(server, district, f"{district.title()} County Schools")
    users = await office.parents(len(purposes))
    password_hash = PasswordHasher().hash(PASSWORD)
    async with server.campus.database.transaction() as session:
        people = []
        for user, purpose in zip(users, purposes, strict=True):
            person = Person(user, f"{user.username}@old.example.org", f"{user.username}@new.example.org")
            if purpose != "key":
                account = _account(person, password_hash, server.campus)
                session.add(account)
                await session.flush()
                person = await _equipped(
                    session, server.campus, replace(person, account_id=account.id), account, purpose
                )
            people.append(person)
    return people


def _account(person: Person, password_hash: str, campus: Campus) -> Account:
    now = campus.clock.now()
    return Account(
        id=uuid4(),
        district_id=person.user.district,
        person_id=person.user.person_id,
        portal=Portal.PARENT.value,
        username=person.user.username,
        username_folded=fold(person.user.username),
        password_hash=password_hash,
        password_changed_at=now,
        recovery_email=person.address,
        recovery_email_folded=fold_address(person.address),
        recovery_email_confirmed_at=now,
        created_at=now,
    )


async def _equipped(
    session: Any, campus: Campus, person: Person, account: Account, purpose: LinkPurpose | str
) -> Person:
    now = campus.clock.now()
    if purpose == "session":
        view = AccountView.of((await session.execute(select_account().where(Account.id == account.id))).one())
        opened = await campus.sessions.open(session, view, Device())
        return replace(person, access_token=opened.access_token)
    if not isinstance(purpose, LinkPurpose):
        return person
    if purpose is LinkPurpose.CONFIRM_EMAIL:
        account.unconfirmed_recovery_email = person.other_address
        link = create_link(session, purpose, account.id, now, address=person.other_address)
    elif purpose is LinkPurpose.DISPUTE:
        account.recovery_email = person.other_address
        account.recovery_email_folded = fold_address(person.other_address)
        link = create_link(session, purpose, account.id, now, address=person.address)
    else:
        link = create_link(session, purpose, account.id, now)
    return replace(person, token=campus.password_reset.links.tokens.issue(purpose.value, link))
