"""Links, codes, passwords and addresses stand in the one mail that brings them, and nowhere else (D38)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select, text

from app.clock import SystemClock
from app.database import Database
from app.mail.senders import MemorySender
from app.models import Base, OutboxMail
from app.settings import Settings
from tests.support.office import Office
from tests.support.portal import Server
from tests.support.processes import server_processes
from tests.support.recovery import (
    ADDRESS,
    CONFIRM,
    DISPUTE,
    RESET,
    Mail,
    Owner,
    Post,
    mails_in,
    new_owner,
    posting,
)

MARK = "Plant3dM4rk"
ADDRESS_MARK = "plant3d4ddress"
NEW_ADDRESS = f"{ADDRESS_MARK}@new.example.net"


@dataclass
class Story:
    """One server process, its people, and everything that was seen."""

    http: httpx.AsyncClient
    maria: Owner
    folder: Path
    refusals: list[httpx.Response] = field(default_factory=list)
    secrets: set[str] = field(default_factory=lambda: {MARK, MARK.lower()})

    async def send(self, method: str, path: str, **options: Any) -> None:
        self.note(await self.http.request(method, path, **options))

    def note(self, answer: httpx.Response) -> None:
        if answer.is_error:
            self.refusals.append(answer)

    async def mail(self, to: str, page: str, count: int = 1) -> Mail:
        """The newest of so many mails to this address that lead to the page; their secrets are known from now on."""
        async with asyncio.timeout(20):
            while len(found := self._mails(to, page)) < count:  # noqa: ASYNC110  # a folder makes no events
                await asyncio.sleep(0.1)
        self.secrets |= {mail.token(page) for mail in found} | {mail.code for mail in found if page == CONFIRM}
        return found[-1]

    def _mails(self, to: str, page: str) -> list[Mail]:
        return [mail for mail in mails_in(self.folder) if mail.to == to and mail.leads_to(page)]


async def test_d38_no_secret_of_recovery_leaves_by_another_door(settings: Settings, tmp_path: Path) -> None:
    async with story(settings, tmp_path) as (told, log):
        await an_address(told)
        await a_reset(told)
        await a_dispute(told)
        await broken_requests(told)
        rows = await finished(settings)
        await drop_table(settings, "audit_events")
        await requests_that_fail(told)
        metrics = (await told.http.get("/metrics")).text
    written = log.read_text()
    statuses = {answer.status_code for answer in told.refusals}
    assert statuses == {400, 401, 403, 404, 405, 410, 422, 500}
    assert "campus_mails_total" in metrics
    for secret in {*told.secrets, ADDRESS_MARK, ADDRESS}:
        assert secret not in written
        assert secret not in metrics
        assert not [answer.request.url for answer in told.refusals if secret in answer.text + str(answer.headers)]
    for secret in told.secrets:
        assert not [table for table, row in rows if secret in row], "nothing that opens a door rests in the database"
    assert not [row for table, row in rows if table == "outbox_mails" and (ADDRESS_MARK in row or ADDRESS in row)]
    await mails_keep_to_themselves(told)


async def mails_keep_to_themselves(told: Story) -> None:
    """Each secret came in one mail; no mail names a password, or an address that is not its own."""
    for mail in mails_in(told.folder):
        others = {ADDRESS, NEW_ADDRESS} - {mail.to}
        assert not [address for address in others if address in mail.everything]
        assert MARK not in mail.everything
    for secret in told.secrets - {MARK, MARK.lower()}:
        assert len([mail for mail in mails_in(told.folder) if secret in mail.everything]) == 1


async def an_address(told: Story) -> None:
    maria = told.maria
    told.note(await maria.set_address(NEW_ADDRESS, current_password=f"{MARK} guess"))
    told.note(await maria.set_address(f"{ADDRESS_MARK} {MARK}"))
    told.note(await maria.set_address(NEW_ADDRESS, secret=MARK))
    told.note(await maria.set_address(NEW_ADDRESS))
    mail = await told.mail(NEW_ADDRESS, CONFIRM)
    await told.mail(ADDRESS, DISPUTE)
    for proof in ({"code": MARK}, {"token": f"cml_{MARK}"}, {"code": MARK, "token": MARK}, {"code": MARK * 10}):
        told.note(await maria.confirm_in_app(**proof))
    told.note(await maria.confirm(f"cml_{MARK}"))
    assert (await maria.confirm_in_app(code=mail.code)).status_code == 204
    told.note(await maria.confirm(mail.token(CONFIRM)))


async def a_reset(told: Story) -> None:
    maria = told.maria
    told.note(await maria.ask_for_reset())
    token = (await told.mail(NEW_ADDRESS, RESET)).token()
    told.note(await maria.ask_for_reset(username=f"{MARK} typed into the wrong field"))
    told.note(await maria.ask_for_usernames(f"nobody.{ADDRESS_MARK}@mail.example.org"))
    told.note(await maria.ask_for_usernames(f"{ADDRESS_MARK} {MARK}"))
    told.note(await maria.check(f"cml_{MARK}"))
    told.note(await maria.check(MARK * 50))
    told.note(await maria.reset(token, MARK[:5]))
    told.note(await maria.reset(token, f"{MARK} one", password_confirm=f"{MARK} other"))
    told.note(await maria.reset(token, f"{MARK} one", username=MARK))
    assert (await maria.reset(token, f"{MARK} password")).status_code == 204
    told.note(await maria.reset(token, f"{MARK} password"))
    told.note(await maria.me())
    assert (await maria.sign_in()).status_code == 200
    told.note(await maria.change_password(f"{MARK} next", current_password=f"{MARK} guess"))
    assert (await maria.change_password(f"{MARK} next")).status_code == 204


async def a_dispute(told: Story) -> None:
    notice = await told.mail(NEW_ADDRESS, DISPUTE, count=2)
    told.note(await told.maria.dispute(f"cml_{MARK}"))
    told.note(await told.maria.dispute(MARK * 50))
    assert (await told.maria.dispute(notice.token(DISPUTE))).status_code == 204
    told.note(await told.maria.dispute(notice.token(DISPUTE)))


async def broken_requests(told: Story) -> None:
    """Mistakes that put secrets where nobody expects them."""
    json = {"Content-Type": "application/json"}
    for path in ("/password-reset", "/password-reset/check", "/password-reset/confirm", "/username-recovery",
                 "/recovery-email/confirm", "/security/dispute"):  # fmt: skip
        await told.send("POST", path, content=f'{{"token": "{MARK}"', headers=json)
        await told.send("POST", path, json={"token": {"value": MARK}, "secret": MARK})
        await told.send("GET", path, params={"token": MARK})
        await told.send("POST", f"{path}/{MARK}", json={"token": MARK})
    for page in (RESET, CONFIRM, DISPUTE, "/activate"):
        await told.send("GET", page, params={"token": MARK})
    await told.send("PUT", "/me/password", json={"password": MARK}, headers={"Authorization": f"Bearer {MARK}"})


async def requests_that_fail(told: Story) -> None:
    """Each flow writes its trace, and there is no table for it."""
    before = len(told.refusals)
    mail = await told.mail(NEW_ADDRESS, RESET)
    told.note(await told.maria.reset(mail.token(), f"{MARK} in vain"))
    told.note(await told.maria.sign_in(password=f"{MARK} in vain"))
    assert [answer.status_code for answer in told.refusals[before:]] != []


@asynccontextmanager
async def story(settings: Settings, folder: Path) -> AsyncIterator[tuple[Story, Path]]:
    """People with accounts; then a server process, which also delivers their mails into files."""
    sender = MemorySender()
    async with posting(settings, SystemClock(), sender) as server:
        maria = await new_owner(await Office.open(server), Post(server, sender.messages))
    with server_processes(settings, folder) as (process,):
        async with httpx.AsyncClient(base_url=process.url, timeout=30) as http:
            yield Story(http, replace(maria, server=Server(server.app, http)), folder), process.log


async def finished(settings: Settings) -> list[tuple[str, str]]:
    """Every row of every table, by the table's name, once no mail waits any more."""
    database = Database(settings)
    async with database.reading() as connection, asyncio.timeout(20):
        waiting = select(OutboxMail.id).where(OutboxMail.finished_at.is_(None))
        while (await connection.execute(waiting)).all():  # noqa: ASYNC110  # a table makes no events
            await asyncio.sleep(0.1)
        rows = [
            (table.name, str(row))
            for table in Base.metadata.sorted_tables
            for row in await connection.execute(select(table))
        ]
    await database.close()
    return rows


async def drop_table(settings: Settings, table: str) -> None:
    database = Database(settings)
    async with database.transaction() as session:
        await session.execute(text(f"DROP TABLE {table}"))
    await database.close()
