"""What people were about when a process died, and what may have become of it: all of it, or nothing."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx
from sqlalchemy import select

from app.models import Account, ActivationKey
from app.services.mailed_links import LinkPurpose
from tests.drills.people import Person
from tests.support.portal import PASSWORD
from tests.support.recovery import CONFIRM, DISPUTE, NEW_PASSWORD, RESET, Mail, Post

OTHER_PASSWORD = "Grim canyon 99"
BUSY = 503


@dataclass(frozen=True)
class Aftermath:
    """The product after everything: a minute later than any lease, all mails delivered. Answers what is asked of it."""

    post: Post
    mails: list[Mail]

    @property
    def http(self) -> httpx.AsyncClient:
        return self.post.server.http

    async def ask(self, path: str, **body: object) -> int:
        return (await self.http.post(path, json=body)).status_code

    async def opens(self, person: Person, password: str) -> bool:
        return (await person.at(self.post.server).user.sign_in(password=password)).is_success

    async def column(self, person: Person, column: Any) -> Any:
        async with self.post.server.campus.database.reading() as connection:
            query = select(column).where(Account.person_id == person.user.person_id)
            return (await connection.execute(query)).scalar_one_or_none()

    def to(self, address: str, page: str) -> list[Mail]:
        return [mail for mail in self.mails if mail.to == address and mail.leads_to(page)]


@dataclass
class Errand(ABC):
    """One request of one person."""

    person: Person
    status: int | None = None
    """None: no answer came."""
    was_done: bool = False
    violations: list[str] = field(default_factory=list)

    needs: ClassVar[LinkPurpose | str]
    path: ClassVar[str]
    method: ClassVar[str] = "POST"
    success: ClassVar[int]

    @abstractmethod
    def body(self) -> dict[str, object]: ...

    @abstractmethod
    async def find_out(self, after: Aftermath) -> Iterator[tuple[str, bool]]:
        """Sets `was_done`, and gives what must hold, each with whether it does."""

    async def run(self, http: httpx.AsyncClient) -> None:
        headers = {"Authorization": f"Bearer {self.person.access_token}"} if self.person.access_token else {}
        try:
            answer = await http.request(self.method, self.path, json=self.body(), headers=headers)
        except httpx.TransportError:
            return
        self.status = answer.status_code

    async def judge(self, after: Aftermath) -> None:
        facts = list(await self.find_out(after))
        facts += [
            ("what was accepted was done", self.was_done or self.status != self.success),
            ("what was refused was not done", not self.was_done or self.status in {None, self.success}),
            ("it was accepted, or the service was busy", self.status in {None, self.success, BUSY}),
        ]
        self.violations = [
            f"{type(self).__name__} ({self.status}): not true that {fact}" for fact, holds in facts if not holds
        ]


def one_mail_if(was_done: bool, mails: list[Mail]) -> bool:
    """Copies of one mail carry its Message-ID."""
    return len({mail.id for mail in mails}) == int(was_done)


class AskForReset(Errand):
    needs, path, success = "account", "/password-reset", 202

    def body(self) -> dict[str, object]:
        return {"district": self.person.user.district, "portal": "parent", "username": self.person.user.username}

    async def find_out(self, after: Aftermath) -> Iterator[tuple[str, bool]]:
        mails = after.to(self.person.address, RESET)
        self.was_done = bool(mails)
        if mails:
            password = {"password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
            uses = [
                await after.ask("/password-reset/confirm", token=mail.token(), **password)
                for mail in [*mails, mails[0]]
            ]
        return iter(
            [
                ("there is one mail", one_mail_if(self.was_done, mails)),
                ("its link works once", not mails or sorted(uses) == [204] + [410] * len(mails)),
            ]
        )


class AskForUsernames(AskForReset):
    path = "/username-recovery"

    def body(self) -> dict[str, object]:
        return {"district": self.person.user.district, "email": self.person.address}


class UseResetLink(Errand):
    needs, path, success = LinkPurpose.RESET_PASSWORD, "/password-reset/confirm", 204

    def body(self) -> dict[str, object]:
        return {"token": self.person.token, "password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}

    async def find_out(self, after: Aftermath) -> Iterator[tuple[str, bool]]:
        self.was_done = await after.opens(self.person, NEW_PASSWORD)
        notices = after.to(self.person.address, DISPUTE)
        again = {"token": self.person.token, "password": OTHER_PASSWORD, "password_confirm": OTHER_PASSWORD}
        second, third = [await after.ask(self.path, **again) for _ in range(2)]
        return iter(
            [
                ("the link works once", (second, third) == (410 if self.was_done else 204, 410)),
                ("the old password opens no more", not await after.opens(self.person, PASSWORD)),
                ("the other one opens if it was set", await after.opens(self.person, OTHER_PASSWORD) != self.was_done),
                ("the owner was told once", one_mail_if(self.was_done, notices)),
            ]
        )


class ChangePassword(Errand):
    needs, path, method, success = "session", "/me/password", "PUT", 204

    def body(self) -> dict[str, object]:
        return {"current_password": PASSWORD, "password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}

    async def find_out(self, after: Aftermath) -> Iterator[tuple[str, bool]]:
        self.was_done = await after.opens(self.person, NEW_PASSWORD)
        return iter(
            [
                ("one password opens", await after.opens(self.person, PASSWORD) != self.was_done),
                ("the owner was told once", one_mail_if(self.was_done, after.to(self.person.address, DISPUTE))),
            ]
        )


class GiveAddress(Errand):
    needs, path, method, success = "session", "/me/recovery-email", "PUT", 202

    def body(self) -> dict[str, object]:
        return {"email": self.person.other_address, "current_password": PASSWORD}

    async def find_out(self, after: Aftermath) -> Iterator[tuple[str, bool]]:
        questions = after.to(self.person.other_address, CONFIRM)
        self.was_done = await after.column(self.person, Account.unconfirmed_recovery_email) is not None
        uses = [await after.ask("/recovery-email/confirm", token=mail.token(CONFIRM)) for mail in questions]
        return iter(
            [
                ("the new address was asked once", one_mail_if(self.was_done, questions)),
                ("the old one was told once", one_mail_if(self.was_done, after.to(self.person.address, DISPUTE))),
                ("the link works once", sorted(uses) == [204, *[410] * len(uses)][: len(uses)]),
            ]
        )


class ConfirmAddress(Errand):
    needs, path, success = LinkPurpose.CONFIRM_EMAIL, "/recovery-email/confirm", 204

    def body(self) -> dict[str, object]:
        return {"token": self.person.token}

    async def find_out(self, after: Aftermath) -> Iterator[tuple[str, bool]]:
        self.was_done = await after.column(self.person, Account.recovery_email) == self.person.other_address
        second, third = [await after.ask(self.path, token=self.person.token) for _ in range(2)]
        return iter([("the link works once", (second, third) == (410 if self.was_done else 204, 410))])


class DisputeChange(Errand):
    needs, path, success = LinkPurpose.DISPUTE, "/security/dispute", 204

    def body(self) -> dict[str, object]:
        return {"token": self.person.token}

    async def find_out(self, after: Aftermath) -> Iterator[tuple[str, bool]]:
        self.was_done = await after.column(self.person, Account.recovery_email) == self.person.address
        mails = after.to(self.person.address, RESET)
        password_is_off = not await after.opens(self.person, PASSWORD)
        second, third = [await after.ask(self.path, token=self.person.token) for _ in range(2)]
        return iter(
            [
                ("the password is off", password_is_off == self.was_done),
                ("the restored address got one link", one_mail_if(self.was_done, mails)),
                ("the link works once", (second, third) == (410 if self.was_done else 204, 410)),
            ]
        )


class UseKey(Errand):
    needs, path, success = "key", "/activate", 201

    def body(self) -> dict[str, object]:
        return {**self.person.user.activation(), "recovery_email": self.person.address}

    async def find_out(self, after: Aftermath) -> Iterator[tuple[str, bool]]:
        account_id = await after.column(self.person, Account.id)
        self.was_done = account_id is not None
        async with after.post.server.campus.database.reading() as connection:
            query = select(ActivationKey.used_at, ActivationKey.account_id).where(
                ActivationKey.person_id == self.person.user.person_id
            )
            key = (await connection.execute(query)).one()
        again = await after.ask(self.path, **self.person.user.activation())
        return iter(
            [
                (
                    "a key is used with its account",
                    (key.used_at is not None, key.account_id) == (self.was_done, account_id),
                ),
                ("an unused key still opens, a used one does not", again == (409 if self.was_done else 201)),
                ("the account opens", await after.opens(self.person, PASSWORD)),
                ("the address was asked once", one_mail_if(self.was_done, after.to(self.person.address, CONFIRM))),
            ]
        )


ERRANDS: tuple[type[Errand], ...] = (
    AskForReset, AskForUsernames, UseResetLink, ChangePassword, GiveAddress, ConfirmAddress, DisputeChange, UseKey,
)  # fmt: skip
