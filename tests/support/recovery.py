"""Getting back in, as people live it: what they ask for, and the mails that they find in their mailboxes."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

import httpx
from sqlalchemy import select

from app.clock import Clock
from app.mail.senders import MailSender, MemorySender
from app.main import create_app
from app.models import OutboxMail
from app.push.senders import PushSender
from app.security.hash_pool import HashPool
from app.services.outbox import MAIL
from app.settings import Settings
from tests.support.addresses import FromEverywhere
from tests.support.gate import GatedHashPool
from tests.support.office import Office
from tests.support.portal import BASE_URL, Server, User
from tests.support.warm_statements import share_statements

T = TypeVar("T")

ADDRESS = "maria.lopez@mail.example.org"
NEW_PASSWORD = "Quiet harbour 17"
RESET, CONFIRM, DISPUTE = "/reset-password", "/confirm-email", "/dispute"
_LINK = re.compile(r"(https?://\S+)(/[a-z-]+)#token=(\S+)")
_CODE = re.compile(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$", re.MULTILINE)
_USERNAME = re.compile(r"^(?:Username|Your username): (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Mail:
    """A mail as its reader sees it."""

    message: EmailMessage

    @property
    def to(self) -> str:
        return str(self.message["To"])

    @property
    def id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")

    @property
    def everything(self) -> str:
        """Headers, plain text and HTML."""
        parts = [str(part.get_content()) for part in self.message.iter_parts() if isinstance(part, EmailMessage)]
        return "\n".join([*(f"{name}: {value}" for name, value in self.message.items()), *parts])

    @property
    def bases(self) -> set[str]:
        """Where its links lead."""
        return {found[1] for found in _LINK.finditer(self.everything.replace('"', " "))}

    def tokens(self, page: str = RESET) -> list[str]:
        return [found[3] for found in _LINK.finditer(self.text) if found[2] == page]

    def token(self, page: str = RESET) -> str:
        """The token of its only link to this page."""
        (token,) = self.tokens(page)
        return token

    @property
    def code(self) -> str:
        (code,) = _CODE.findall(self.text)
        return str(code)

    @property
    def usernames(self) -> list[str]:
        return _USERNAME.findall(self.text)

    def leads_to(self, page: str) -> bool:
        return bool(self.tokens(page))


def mails_in(folder: Path) -> list[Mail]:
    """Those that lie as files below this folder, in order of time."""
    files = sorted(folder.rglob("*.eml"), key=lambda file: file.name)
    return [Mail(message_from_bytes(file.read_bytes(), EmailMessage, policy=policy.default)) for file in files]


@dataclass
class Post:
    """The way from the outbox to people's mailboxes."""

    server: Server
    messages: list[EmailMessage]
    """Grows by itself."""

    @property
    def mails(self) -> list[Mail]:
        """Every mail that has left, in order of time."""
        return [Mail(message) for message in self.messages]

    async def deliver(self) -> list[Mail]:
        """Lets the worker do what is due; gives the mails that left now."""
        before = len(self.messages)
        while await self.server.campus.key_request_errands.run_one():
            pass
        while await self.server.campus.mail_delivery.deliver_due():
            pass
        return self.mails[before:]

    async def one(self, page: str | None = None) -> Mail:
        """The only mail that leaves now, or the only one that leads to this page."""
        (mail,) = [mail for mail in await self.deliver() if page is None or mail.leads_to(page)]
        return mail

    async def outcomes(self) -> Counter[str]:
        """What came of every promise so far; `waiting` where nothing has yet."""
        return Counter(row.outcome or "waiting" for row in await self.rows())

    async def rows(self) -> list[Any]:
        query = (
            select(*OutboxMail.__table__.columns)
            .where(OutboxMail.channel == MAIL)
            .order_by(OutboxMail.created_at, OutboxMail.finished_at)
        )
        async with self.server.campus.database.reading() as connection:
            return list(await connection.execute(query))


@dataclass
class Owner(User):
    """A person with an app and, perhaps, a confirmed address."""

    post: Post = field(kw_only=True)

    @classmethod
    def of(cls, user: User, post: Post) -> "Owner":
        return cls(**vars(user), post=post)

    async def ask_for_reset(self, **changes: object) -> httpx.Response:
        body = {"district": self.district, "portal": self.portal, "username": self.username, **changes}
        return await self.http.post("/password-reset", json=body)

    async def reset_link(self) -> str:
        """The token of a link that she has just asked for and been sent."""
        assert (await self.ask_for_reset()).status_code == 202
        return (await self.post.one(RESET)).token()

    async def check(self, token: str) -> httpx.Response:
        return await self.http.post("/password-reset/check", json={"token": token})

    async def reset(self, token: str, password: str = NEW_PASSWORD, **changes: object) -> httpx.Response:
        body = {"token": token, "password": password, "password_confirm": password, **changes}
        answer = await self.http.post("/password-reset/confirm", json=body)
        if answer.is_success:
            self.password = password
        return answer

    async def ask_for_usernames(self, email: str, **changes: object) -> httpx.Response:
        body = {"district": self.district, "email": email, **changes}
        return await self.http.post("/username-recovery", json=body)

    async def set_address(self, email: str, **changes: object) -> httpx.Response:
        body = {"email": email, "current_password": self.password, **changes}
        return await self.ask("PUT", "/me/recovery-email", json=body)

    async def confirm(self, token: str) -> httpx.Response:
        """From the mail, without the app."""
        return await self.http.post("/recovery-email/confirm", json={"token": token})

    async def confirm_in_app(self, **proof: object) -> httpx.Response:
        """With `token` or `code`."""
        return await self.ask("POST", "/me/recovery-email/confirm", json=proof)

    async def change_password(self, password: str = NEW_PASSWORD, **changes: object) -> httpx.Response:
        body = {"current_password": self.password, "password": password, "password_confirm": password, **changes}
        answer = await self.ask("PUT", "/me/password", json=body)
        if answer.is_success:
            self.password = password
        return answer

    async def dispute(self, token: str) -> httpx.Response:
        return await self.http.post("/security/dispute", json={"token": token})

    async def own_address(self, email: str = ADDRESS) -> None:
        """Her address is confirmed from now on; mails about it have left."""
        assert (await self.set_address(email)).status_code == 202
        assert (await self.confirm((await self.post.one(CONFIRM)).token(CONFIRM))).status_code == 204

    async def shown_address(self) -> dict[str, Any] | None:
        """What her app shows of it."""
        shown: dict[str, Any] | None = (await self.me()).json().get("recovery_email")
        return shown

    async def next_steps(self) -> list[str]:
        """What her app asks her next."""
        return list((await self.refresh()).json()["next_steps"])

    async def signs_in_with(self, password: str) -> bool:
        """Whether this password opens a new session somewhere else."""
        return (await self.on_another_device().sign_in(password=password)).is_success

    async def is_signed_in(self) -> bool:
        return (await self.me()).is_success


@asynccontextmanager
async def posting(
    settings: Settings, clock: Clock, sender: MailSender | None = None, push_sender: PushSender | None = None
) -> AsyncIterator[Server]:
    """The service as `serving` starts it, its mails handed to `sender`, its push messages to `push_sender`."""
    app = create_app(settings, clock=clock, mail_sender=sender or MemorySender(), push_sender=push_sender)
    transport = FromEverywhere(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        share_statements(app.state.campus.database)
        yield Server(app, http)


async def new_owner(office: Office, post: Post, name: str = "Maria Lopez", *, address: str | None = ADDRESS) -> Owner:
    """A parent who has used her key and, unless None, confirmed her address."""
    owner = Owner.of(await office.parent(name), post)
    answer = await owner.activate(**({"recovery_email": address} if address else {}))
    assert answer.status_code == 201
    if address:
        assert (await owner.confirm((await post.one(CONFIRM)).token(CONFIRM))).status_code == 204
    return owner


def use_hash_pool(server: Server, pool: HashPool) -> None:
    """From now on every flow that hashes does it in `pool`, those of recovery too."""
    server.use_hash_pool(pool)
    campus = server.campus
    passwords = replace(campus.passwords, hash_pool=pool)
    server.app.state.campus = replace(
        campus,
        passwords=passwords,
        password_reset=replace(campus.password_reset, hash_pool=pool),
        recovery_email=replace(campus.recovery_email, passwords=passwords),
    )


async def let_everybody_through(gate: GatedHashPool, work: Awaitable[T]) -> T:
    """Work that hashes as often as it likes, and everybody who comes to the gate meanwhile."""
    task = asyncio.ensure_future(work)
    while not task.done():
        arrival = asyncio.ensure_future(gate.arrival())
        await asyncio.wait({task, arrival}, return_when=asyncio.FIRST_COMPLETED)
        if arrival.done():
            arrival.result().set()
        else:
            arrival.cancel()
    return await task
