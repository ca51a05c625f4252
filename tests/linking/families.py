"""Parents with children in several districts: an account in each, and an app that is signed in to one of them at a time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select

from app.models import Account, LinkedAccount, OutboxMail, PushDevice, SignInSession
from app.portals import Portal
from app.services.outbox import MAIL
from tests.support.office import Office
from tests.support.portal import User
from tests.support.recovery import Owner, Post

STATES = {
    "wake": "NC", "durham": "NC", "orange": "NC", "kent": "DE", "sussex": "DE", "newcastle": "DE", "jackson": "GA",
}  # fmt: skip
"""Of each district; in Georgia nobody may link."""
MAY_LINK = [district for district, state in STATES.items() if state != "GA"]
PHONE = {"installation_id": "phone-1", "name": "Maria's phone"}


@dataclass
class Login(Owner):
    """The account of a parent (or a student) in one district, as one app uses it."""

    office: Office = field(kw_only=True)
    account_id: str = ""

    async def show_code(self) -> str:
        """A fresh code, as the screen shows it."""
        answer = await self.ask("POST", "/districts/link/codes")
        assert answer.status_code == 201, answer.text
        return str(answer.json()["code"])

    async def redeem(self, code: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {self.session['access_token']}"}
        return await self.http.post("/districts/link", json={"code": code}, headers={**bearer, **(headers or {})})

    async def links(self) -> dict[str, Any]:
        """What the screen of linked accounts shows."""
        answer = await self.ask("GET", "/districts/link")
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def linked_with(self) -> list[str]:
        """The districts of the linked accounts that can be used now."""
        return [account["district"]["id"] for account in (await self.links())["accounts"]]

    async def unlink(self, other: "Login") -> httpx.Response:
        return await self.ask("DELETE", f"/districts/link/{other.account_id}")

    async def confirm_links(self) -> httpx.Response:
        return await self.ask("POST", "/districts/link/confirm")

    async def switch_to(self, other: "Login", **body: object) -> httpx.Response:
        return await self.ask("POST", f"/districts/link/{other.account_id}/switch", json=body or None)

    async def switched_to(self, other: "Login", **body: object) -> "Login":
        """The other account, as the same app has it after a switch."""
        answer = await self.switch_to(other, **body)
        assert answer.status_code == 200, answer.text
        return replace(other, server=self.server, session=answer.json())

    async def again(self, **changes: object) -> "Login":
        """The same account on one more device, signed in to just now."""
        other = replace(self, session={})
        answer = await other.sign_in(**changes)
        assert answer.status_code == 200, answer.text
        return other

    async def current_session(self) -> dict[str, Any]:
        (session,) = [session for session in await self.sessions() if session["current"]]
        return session

    async def register(self, installation_id: str = "phone-1", **changes: object) -> httpx.Response:
        """The app says that this device is there, and may be written to."""
        body = {"platform": "android", "provider": "fcm", "push_token": f"token-of-{installation_id}", **changes}
        return await self.ask("PUT", f"/me/devices/{installation_id}", json=body)

    async def unregister(self, installation_id: str = "phone-1") -> httpx.Response:
        return await self.ask("DELETE", f"/me/devices/{installation_id}")

    async def all_children(self, **query: object) -> dict[str, list[str]]:
        """The children whom one call shows, by district."""
        answer = await self.ask("GET", "/me/students", params={"include_linked": True, **query})
        assert answer.status_code == 200, answer.text
        shown: dict[str, list[str]] = {}
        for child in answer.json()["items"]:
            shown.setdefault(child["district"]["id"], []).append(child["first_name"])
        return shown

    async def is_refused_everywhere(self) -> bool:
        """Whether neither a request nor a refresh gets through any more."""
        return not (await self.me()).is_success and not (await self.refresh()).is_success


@dataclass
class Region:
    """The districts where a family may have children, and what their database says."""

    post: Post
    offices: dict[str, Office] = field(default_factory=dict)

    async def office(self, district: str) -> Office:
        """Opened when somebody asks for it first, with the default settings."""
        if district not in self.offices:
            name = f"{district.title()} Schools"
            self.offices[district] = await Office.open(self.post.server, district, name, STATES[district])
        return self.offices[district]

    async def family(self, *districts: str, address: str | None = None) -> "list[Login]":
        """One parent's accounts, each signed in to; with an address, in each its own and confirmed: kent+maria@..."""
        logins = [await self.parent(district, child=district.title()) for district in districts]
        for login in logins if address else ():
            await login.own_address(f"{login.district}+{address}")
        return logins

    async def parent(self, district: str, child: str = "Ana") -> Login:
        """A parent of one child, who has used the key just now."""
        return await self.join(await (await self.office(district)).parent(children=[f"{child} Lopez"]))

    async def student(self, district: str) -> Login:
        office = await self.office(district)
        return await self.join(await office.user(await office.student("Ana Lopez"), Portal.STUDENT))

    async def parents(self, district: str, count: int) -> list[Login]:
        return [await self.join(user) for user in await (await self.office(district)).parents(count)]

    async def join(self, user: User) -> Login:
        login = Login(**vars(user), post=self.post, office=self.offices[user.district])
        answer = await login.activate(device=PHONE)
        assert answer.status_code == 201, answer.text
        login.account_id = answer.json()["account"]["id"]
        return login

    async def groups(self) -> set[frozenset[str]]:
        """The account ids of each link group, after a look at what may never be: groups of one, two of a district."""
        members: dict[UUID, list[tuple[str, str]]] = {}
        query = select(LinkedAccount.group_id, LinkedAccount.account_id, Account.district_id).join(
            Account, Account.id == LinkedAccount.account_id
        )
        for row in await self._rows(query):
            members.setdefault(row.group_id, []).append((str(row.account_id), row.district_id))
        for group in members.values():
            assert len(group) > 1, "nobody is linked with himself alone"
            assert max(Counter(district for _, district in group).values()) == 1, "one account of each district"
        return {frozenset(account for account, _ in group) for group in members.values()}

    async def notices(self, kind: str) -> list[str]:
        """The addresses to which mails of this kind are on their way."""
        query = select(OutboxMail.to_address).where(
            OutboxMail.kind == kind, OutboxMail.channel == MAIL, OutboxMail.finished_at.is_(None)
        )
        return sorted(row.to_address for row in await self._rows(query))

    async def devices(self) -> set[tuple[str, str]]:
        """District and installation of each registration that gets messages."""
        query = (
            select(Account.district_id, PushDevice.installation_id)
            .join(Account, Account.id == PushDevice.account_id)
            .where(PushDevice.switched_off_at.is_(None))
        )
        return {(row.district_id, row.installation_id) for row in await self._rows(query)}

    async def open_switches(self, login: Login) -> int:
        """Sessions of this account that somebody switched to and that nobody has ended."""
        mine = (SignInSession.account_id == UUID(login.account_id), SignInSession.switched_from_id.is_not(None))
        return len(await self._rows(select(SignInSession.id).where(*mine, SignInSession.ended_at.is_(None))))

    async def everything_in(self, table: Any) -> str:
        """All that a thief of the database would read there."""
        return repr([tuple(row) for row in await self._rows(select(*table.__table__.columns))])

    async def _rows(self, query: Any) -> Sequence[Any]:
        async with self.post.server.campus.database.reading() as connection:
            return (await connection.execute(query)).all()


async def link(shows: Login, types: Login) -> None:
    """Both are linked from now on, and so is everybody with whom either was."""
    answer = await types.redeem(await shows.show_code())
    assert answer.status_code == 201, answer.text


async def reset_by_mail(login: Login) -> None:
    """With the link of a mail, by whoever reads the mailbox."""
    await login.post.deliver()
    assert (await login.reset(await login.reset_link())).status_code == 204
