"""Students without a key, and what they do with their name, their number and their answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select, update

from app.models import Account, Person
from app.portals import Portal
from app.services.office.accounts import ResetMethod
from tests.support.office import Office
from tests.support.recovery import Owner, Post

CLAIM_ON = ("features.claim=true", "features.challenge_questions=true")
ANSWERS = {"first_pet": "Rex", "favorite_food": "Peach pie", "first_street": "Oak Lane"}
WRONG_ANSWERS = {**ANSWERS, "first_pet": "Bella"}
NOT_MATCHED = (404, "claim_not_matched")
CLAIMED = (409, "already_claimed")
ASKED = (403, "captcha_required")
WRONG = (403, "answers_wrong")
EXHAUSTED = (403, "answers_exhausted")
NO_TICKET = (410, "ticket_invalid")


@dataclass
class Student(Owner):
    """Somebody in a roster, who types what is printed on the report card."""

    last_name: str = field(kw_only=True)
    first_name: str = field(kw_only=True)
    number: str = field(kw_only=True)
    answers: Mapping[str, str] = field(default_factory=lambda: dict(ANSWERS), kw_only=True)

    async def claim(self, **changes: object) -> httpx.Response:
        """The first step."""
        facts = {"last_name": self.last_name, "first_name": self.first_name, "student_number": self.number}
        return await self.http.post("/activate/claim", json={"district": self.district, **facts, **changes})

    async def ticket(self) -> str:
        answer = await self.claim()
        assert answer.status_code == 200, answer.text
        self.username = answer.json()["username"]
        return str(answer.json()["ticket"])

    async def complete(self, ticket: str, **changes: object) -> httpx.Response:
        """The second step."""
        body = {
            "ticket": ticket,
            "password": self.password,
            "password_confirm": self.password,
            "challenge_answers": given(self.answers),
            **changes,
        }
        return self._keep(await self.http.post("/activate/claim/complete", json=body))

    async def claims(self) -> None:
        """Both steps, and all goes well."""
        answer = await self.complete(await self.ticket())
        assert answer.status_code == 201, answer.text

    async def questions(self, **changes: object) -> httpx.Response:
        """What somebody is asked who forgot the password."""
        body = {"district": self.district, "username": self.username, "portal": self.portal, **changes}
        return await self.http.post("/password-reset/questions", json=body)

    async def answer(self, answers: Mapping[str, str] | None = None, **changes: object) -> httpx.Response:
        """Asks for the questions and answers them."""
        ticket = (await self.questions(**changes)).json()["ticket"]
        return await self.answer_with(ticket, given(answers or self.answers))

    async def answer_with(self, ticket: str, answers: Sequence[Mapping[str, str]]) -> httpx.Response:
        return await self.http.post("/password-reset/answers", json={"ticket": ticket, "answers": answers})

    async def answered(self) -> str:
        """The token that the right answers give."""
        answer = await self.answer()
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    async def set_answers(self, answers: Mapping[str, str], **changes: object) -> httpx.Response:
        body = {"current_password": self.password, "challenge_answers": given(answers), **changes}
        return await self.ask("PUT", "/me/challenge-answers", json=body)


def given(answers: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"question_id": question, "answer": answer} for question, answer in answers.items()]


async def new_student(
    office: Office,
    post: Post,
    name: str = "Ana Lopez",
    number: str = "0123456",
    *,
    born: date | None = None,
    is_new: bool = False,
) -> Student:
    """Somebody who was there when the district joined, unless `is_new`."""
    person = await office.student(name, number=number)
    await change_person(office, person, in_first_import=not is_new, birth_date=born)
    return student_of(office, post, person, name, number)


def student_of(office: Office, post: Post, person: UUID, name: str, number: str) -> Student:
    """`name` is first and last name."""
    first, _, last = name.partition(" ")
    return Student(
        office.server,
        office.district,
        Portal.STUDENT,
        person,
        f"S{number:0>7}",
        last_name=last,
        first_name=first,
        number=number,
        post=post,
    )


async def change_person(office: Office, person: UUID, **columns: Any) -> None:
    async with office.campus.database.transaction() as session:
        await session.execute(update(Person).where(Person.id == person).values(**columns))


async def reopen_claim(office: Office, student: Student) -> None:
    """The office resets the account, so that it can be claimed once more."""
    account_id = await office.account_id(student)
    await office.campus.accounts.reset(office.operator, account_id, ResetMethod.CLAIM)


async def accounts_of(office: Office, person: UUID) -> list[Any]:
    async with office.campus.database.reading() as connection:
        return list(await connection.execute(select(Account.__table__).where(Account.person_id == person)))
