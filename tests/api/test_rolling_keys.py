"""Secret and signing keys are replaced under load, one process after the other: nobody who signs in, refreshes or asks is refused.

Two processes with neighbouring lists serve side by side at each step, whichever of them began: so the order of restarts does not matter.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from app.clock import SystemClock
from app.portals import Portal
from app.security.signing_keys import SigningKeyPair
from app.settings import Environment, Settings
from tests.claiming.students import ANSWERS, given
from tests.conftest import SECRET_KEY
from tests.support.authenticator import set_up
from tests.support.office import Office
from tests.support.portal import User, serving
from tests.support.processes import server_processes
from tests.support.secret_keys import NEW_KEY
from tests.support.shell import Shell

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Shared, as making one takes longer than a request."""
NEWCOMERS = 6
"""Two at each of three steps: one begins at the process that was there before, one at that which comes."""


@dataclass
class Balancer:
    """Asks the processes in turn; one that takes no connections, or ends while it is asked, is passed over for the other one."""

    urls: list[str] = field(default_factory=list)
    asked: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By path and status."""
    refusals: list[str] = field(default_factory=list)
    _turn: int = 0

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        for _ in range(20):
            self._turn += 1
            try:
                return await self.ask_at(self.urls[self._turn % len(self.urls)], method, path, **options)
            except httpx.TransportError:
                await asyncio.sleep(0.05)
        raise AssertionError("no process answers")

    async def ask_at(self, url: str, method: str, path: str, **options: Any) -> httpx.Response:
        """One process."""
        async with httpx.AsyncClient(verify=NO_TLS, timeout=30) as client:
            answer = await client.request(method, url + path, **options)
        self.asked[path, answer.status_code] += 1
        if not answer.is_success:
            self.refusals.append(f"{path}: {answer.text}")
        return answer


@dataclass
class Visitor:
    """Somebody who signs in again and again, looks at the account, and lets the app refresh its session."""

    balancer: Balancer
    credentials: dict[str, object]
    codes: list[str] = field(default_factory=list)
    """One for each sign-in, where a second factor is asked."""
    visits: int = 0

    async def come_until(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self.come()
            await asyncio.sleep(0.1)

    async def come(self) -> None:
        code = {"totp": self.codes.pop()} if self.codes else {}
        session = (await self.balancer.ask("POST", "/login", json={**self.credentials, **code})).json()
        for _ in range(2):
            bearer = {"Authorization": f"Bearer {session['access_token']}"}
            await self.balancer.ask("GET", "/me", headers=bearer)
            token = {"refresh_token": session["refresh_token"]}
            session = (await self.balancer.ask("POST", "/login/refresh", json=token)).json()
        self.visits += 1

    async def comes_anew(self) -> None:
        """Returns when nothing is left that she was given before."""
        ended = self.visits + 2
        while self.visits < ended:  # noqa: ASYNC110  # a few visits, which take a second
            await asyncio.sleep(0.02)


@dataclass
class Newcomers:
    """People who come while two processes list different keys: what one of them began, the other goes on with."""

    balancer: Balancer
    waiting: list[User]
    """With keys in their hands."""
    forgetful: User
    """Knows the answers to three questions, and no password."""
    resets: int = 0

    async def come(self, one: str, other: str) -> None:
        await self.activates(one, other)
        await self.resets_her_password(one, other)
        assert await self.asked_of_a_stranger(one) == await self.asked_of_a_stranger(other)

    async def activates(self, one: str, other: str) -> None:
        """And again, as if the answer had been lost."""
        person = self.waiting.pop()
        request = {"json": person.activation(), "headers": {"Idempotency-Key": f"lost-{person.username}"}}
        made, again = [await self.balancer.ask_at(url, "POST", "/activate", **request) for url in (one, other)]
        assert made.json()["account"] == again.json()["account"]

    async def resets_her_password(self, one: str, other: str) -> None:
        """Each step at the other process."""
        self.resets += 1
        name = {key: value for key, value in credentials(self.forgetful).items() if key != "password"}
        asked = await self.balancer.ask_at(one, "POST", "/password-reset/questions", json=name)
        answers = {"ticket": asked.json()["ticket"], "answers": given(ANSWERS)}
        token = (await self.balancer.ask_at(other, "POST", "/password-reset/answers", json=answers)).json()["token"]
        word = f"{self.resets} purple meadows by the river"
        new = {"token": token, "password": word, "password_confirm": word}
        await self.balancer.ask_at(one, "POST", "/password-reset/confirm", json=new)
        await self.balancer.ask_at(other, "POST", "/login", json={**name, "password": word})

    async def asked_of_a_stranger(self, url: str) -> Any:
        """Who is told from people with an account by nothing, and so not by questions that change with the keys."""
        name = {**credentials(self.forgetful), "username": "nobody99"}
        del name["password"]
        return (await self.balancer.ask_at(url, "POST", "/password-reset/questions", json=name)).json()["questions"]


async def test_keys_are_replaced_under_load_and_nobody_is_refused(settings: Settings, tmp_path: Path) -> None:
    old, new = SigningKeyPair.generate(), SigningKeyPair.generate()

    def listing(secrets: Sequence[str], signing: Sequence[SigningKeyPair]) -> Settings:
        keys = {"secret_keys": tuple(map(SecretStr, secrets)), "public_url": "https://accounts.example.org"}
        pems = tuple(SecretStr(pair.private_pem) for pair in signing)
        return settings.model_copy(update={**keys, "env": Environment.PRODUCTION, "signing_keys": pems})

    if settings.is_sqlite:
        settings.sqlite_path.chmod(0o600)
    (maria, rosa, *others), ted, codes = await people(listing([SECRET_KEY], [old]))
    balancer, stop = Balancer(), asyncio.Event()
    parent, member = Visitor(balancer, credentials(maria)), Visitor(balancer, credentials(ted), codes)
    fleet = Fleet(tmp_path, balancer, Newcomers(balancer, others, rosa))
    with fleet.stack:
        await fleet.roll(listing([SECRET_KEY], [old]))
        coming = asyncio.create_task(parent.come_until(stop))
        await fleet.roll(listing([SECRET_KEY, NEW_KEY], [old, new]), beside=parent)  # it reads the new ones
        await fleet.roll(listing([NEW_KEY, SECRET_KEY], [new, old]), beside=parent)  # it makes new things under them
        await member.come()
        jwks = (await balancer.ask("GET", "/.well-known/jwks.json")).json()
        assert [key["kid"] for key in jwks["keys"]] == [new.kid, old.kid]
        report = await asyncio.to_thread(reseal, tmp_path, settings)
        assert report["resealed"]["totp_factors"] == 1
        await parent.comes_anew()  # as everybody has, when sessions and access tokens of the old keys have ended
        await fleet.roll(listing([NEW_KEY], [new]), beside=parent)
        await member.come()
        stop.set()
        await coming
    assert balancer.refusals == []
    assert balancer.asked["/login", 200] > 8
    assert balancer.asked["/activate", 201] == 2 * NEWCOMERS


def credentials(person: User) -> dict[str, object]:
    who = {"district": person.district, "portal": person.portal, "username": person.username}
    return {**who, "password": person.password}


async def people(settings: Settings) -> tuple[list[User], User, list[str]]:
    """Parents, of whom two have accounts, and a member of the staff with codes for the second factor, from before anything is replaced."""
    async with serving(settings, SystemClock()) as server:
        office = await Office.open(server)
        await office.set("features.challenge_questions=true")
        parents, ted = (
            await office.parents(2 + NEWCOMERS),
            await office.user(await office.staff_member("Ted Ray"), Portal.STAFF),
        )
        for person in (*parents[:2], ted):
            assert (await person.activate()).status_code == 201
        answers = {"current_password": parents[1].password, "challenge_answers": given(ANSWERS)}
        assert (await parents[1].ask("PUT", "/me/challenge-answers", json=answers)).status_code == 204
        await set_up(ted)
        return parents, ted, list(ted.session["recovery_codes"])


@dataclass
class Fleet:
    """Processes behind a balancer: one, and two while it gives way to another."""

    folder: Path
    balancer: Balancer
    newcomers: Newcomers
    stack: ExitStack = field(default_factory=ExitStack)
    running: list[ExitStack] = field(default_factory=list)

    async def roll(self, settings: Settings, *, beside: Visitor | None = None) -> None:
        """Starts a process with these settings, lets somebody come to both, and ends the one before."""
        process = ExitStack()
        self.stack.push(process)
        (server,) = await asyncio.to_thread(process.enter_context, server_processes(settings, self.folder))
        self.running.append(process)
        self.balancer.urls.append(server.url)
        if beside:
            before, now = self.balancer.urls
            await self.newcomers.come(before, now)
            await self.newcomers.come(now, before)
            await beside.comes_anew()
            del self.balancer.urls[0]
            await asyncio.to_thread(self.running.pop(0).close)


def reseal(folder: Path, settings: Settings) -> Any:
    variables = {"CAMPUS_DATABASE_URL": settings.database_url, "CAMPUS_SECRET_KEYS": f"{NEW_KEY},{SECRET_KEY}"}
    return Shell(folder, variables).json("secrets", "reseal")
