"""Families who never got a letter, and what they type to be sent a key."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self
from uuid import UUID

import httpx
from sqlalchemy import func, select, update

from app.models import Base, KeyRequest, Person
from app.services.roster import SSN_PURPOSE
from tests.guard.stranger import solved
from tests.office.keys import give_address
from tests.support.office import Office
from tests.support.portal import User
from tests.support.recovery import Mail

NUMBER, DIGITS, BORN = "0123456", "4071", date(2014, 5, 6)
HOME = "lopez.family@home.example"


@dataclass(frozen=True)
class Family:
    """Ana, and the guardians whom the roster names; the district asks for her number and whatever `facts` has beside it."""

    office: Office
    student: UUID
    guardians: Sequence[UUID]
    facts: dict[str, str]
    http: httpx.AsyncClient

    @classmethod
    async def at(
        cls,
        office: Office,
        *guardians: str,
        student: str = "Ana Lopez",
        number: str = NUMBER,
        address: str | None = HOME,
        school: UUID | None = None,
    ) -> Self:
        """Each guardian with the same address on record; with the facts of Atlanta: a number and four digits."""
        ana = await office.student(student, number=number, school=school)
        await know(office, ana)
        people = [await office.guardian(name, [ana]) for name in guardians]
        await give_address(office, address, *people)
        facts = {"student_number": number, "ssn_last4": DIGITS}
        return cls(office, ana, people, facts, office.server.http)

    def asking(self, **facts: str) -> Self:
        return replace(self, facts=facts)

    def coming_from(self, address: str) -> Self:
        return replace(self, http=self.office.server.at(address))

    async def ask(self, **changes: object) -> httpx.Response:
        """A request for a key, all facts right unless `changes` says otherwise."""
        body = {"district": self.office.district, **self.facts, **changes}
        return await self.http.post("/activate/key-requests", json=body)

    async def ask_with_captcha(self, **changes: object) -> httpx.Response:
        query = {"district": self.office.district, "action": "key_request"}
        captcha = solved((await self.http.get("/captcha", params=query)).json())
        return await self.ask(captcha=captcha, **changes)


async def know(office: Office, student: UUID, digits: str = DIGITS, born: date = BORN) -> None:
    """What the roster says of a student, as its import keeps it."""
    campus = office.campus
    async with campus.database.transaction() as session:
        sourced_id = await session.scalar(select(Person.sourced_id).where(Person.id == student))
        assert sourced_id
        digest = campus.key_requests.digests.digest(SSN_PURPOSE, office.district, sourced_id, digits)
        facts = {"ssn_last4_digest": digest, "birth_date": born}
        await session.execute(update(Person).where(Person.id == student).values(**facts))


async def accept_requests(office: Office, *assignments: str) -> None:
    """As Atlanta does: by the number of the report card and four digits."""
    await office.set("features.key_request=true", "key_request.fields=ssn_last4", *assignments)


async def look_into(office: Office) -> int:
    """The worker handles every request that is new; gives how many there were."""
    count = 0
    while await office.campus.key_request_errands.run_one():
        count += 1
    return count


async def states(office: Office) -> list[str]:
    """What came of every request, in the order of the alphabet."""
    async with office.campus.database.reading() as connection:
        return sorted(await connection.scalars(select(KeyRequest.state)))


async def rows(office: Office, table: type[Base]) -> int:
    async with office.campus.database.reading() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def queue(clerk: User, **query: object) -> list[dict[str, Any]]:
    """The requests that the clerk sees."""
    answer = await clerk.ask("GET", "/admin/key-requests", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def close(clerk: User, request: str, outcome: str = "handled") -> httpx.Response:
    return await clerk.ask("POST", f"/admin/key-requests/{request}/close", json={"outcome": outcome})


def greeted(mails: Sequence[Mail]) -> list[str]:
    """To whom mails are addressed in their first line, by first name."""
    return sorted(mail.text.partition("Hello ")[2].partition(",")[0] for mail in mails)
