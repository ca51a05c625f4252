"""What people type and get at the routes of claims, key requests, tickets, answers and the office rests where it belongs (D38).

A server process with its worker is told secrets and names in every field, right ones, wrong ones and nonsense; then its log at the lowest
level, its numbers, its refusals and its database are searched for them.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx

from app.clock import SystemClock
from app.mail.senders import MemorySender
from app.security.activation_codes import normalise_activation_code
from app.services.clerk import StaffRole
from app.settings import Settings
from tests.claiming.families import Family, know, states
from tests.claiming.students import CLAIM_ON, Student, given, new_student
from tests.claiming.tickets import write
from tests.guard.stranger import new_captcha
from tests.office.keys import give_address
from tests.office.requests import SPECIFICATION
from tests.office.test_key_mails import key_in
from tests.recovery.test_secrets_of_recovery import drop_table, finished
from tests.support.addresses import come_through_a_proxy
from tests.support.authenticator import set_up
from tests.support.desk import at_desk
from tests.support.engines import sqlite_only
from tests.support.hash_pools import quick_hashes
from tests.support.office import Office
from tests.support.portal import Server, User
from tests.support.processes import server_processes
from tests.support.recovery import Post, mails_in, posting

MARK = "Plant3dM4rk"
HOME = f"{MARK}.home@mail.example.org"
NUMBER, BORN, DIGITS = "QX73164", date(1913, 2, 28), "8317"
CHILD_NUMBER = "QY94051"
ANSWERS = {"first_pet": f"{MARK} one", "favorite_food": f"{MARK} two", "first_street": f"{MARK} three"}
FACTS = (BORN.isoformat(), repr(BORN), NUMBER, CHILD_NUMBER)
READ_BY_THE_OFFICE = {"persons", "support_tickets"}
"""What the district or a family wrote to us."""
NAMED = {*READ_BY_THE_OFFICE, "accounts"}
"""A claimed account has its number in its username."""
IN_PERSON = {"channel": "in_person", "photo_id_checked": True}
FROM_EVERYWHERE = {"request": [come_through_a_proxy]}
OPENED_BY_ISSUES = ("/admin/", "/me/totp", "/me/step-up", "/me/challenge", "/activate/claim", "/activate/key-requests",
                    "/password-reset/questions", "/password-reset/answers", "/support-tickets")  # fmt: skip


@dataclass
class Story:
    """One server process, the people who talk to it, and all that was refused or given to them."""

    office: Office
    ana: Student
    family: Family
    dana: User
    hugo: User
    settings: Settings
    folder: Path
    refusals: list[httpx.Response] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    @property
    def http(self) -> httpx.AsyncClient:
        return self.dana.http

    def note(self, *answers: httpx.Response) -> None:
        """Every mistake is refused, or kept without a word."""
        self.refusals += [answer for answer in answers if answer.is_error]

    def keep(self, *secrets: str) -> None:
        """Things that the server gave: they open something."""
        self.secrets |= {spelt for secret in secrets for spelt in (secret, normalise_activation_code(secret).lower())}

    def given(self, answer: httpx.Response, status: int, *names: str) -> Any:
        """What a success said; the fields of these names open something."""
        assert answer.status_code == status, answer.text
        said = answer.json() if answer.content else {}
        self.keep(*(said[name] for name in names))
        return said


@sqlite_only
async def test_d38_nothing_that_is_typed_or_given_is_found_elsewhere(settings: Settings, tmp_path: Path) -> None:
    changes = {"log_level": "DEBUG", "trusted_proxies": (ip_network("127.0.0.0/8"),)}
    async with story(settings.model_copy(update=changes), tmp_path) as (told, log):
        for part in (claims, forgets, key_requests, tickets, authenticators, at_the_office, nonsense):
            await part(told)
        rows = await finished(settings)
        await drop_table(settings, "audit_events")
        await requests_that_fail(told)
        numbers = (await told.http.get("/metrics")).text
    assert {answer.status_code for answer in told.refusals} >= {400, 401, 403, 404, 409, 410, 422, 500}
    secrets = (*told.secrets, MARK, DIGITS, *FACTS)
    for place in (written := log.read_text(), numbers):
        assert not found(place, *secrets)
    for answer in told.refusals:
        assert not found(answer.text + str(answer.headers), *secrets), (answer.request.url, answer.text)
    assert "/admin/support-tickets/{ticket_id}" in written
    assert "/activate/claim/complete" in written
    assert {table for table, row in rows if found(row, MARK, DIGITS, repr(BORN))} == READ_BY_THE_OFFICE
    assert {table for table, row in rows if found(row, NUMBER, CHILD_NUMBER)} == NAMED
    assert not [table for table, row in rows if found(row, *told.secrets)], "nothing that opens a door"


def found(place: str, *marks: str) -> list[str]:
    """Those that stand there, however they are spelt; digits only where they are no part of an id or a moment."""
    folded = place.lower()
    return [mark for mark in marks if mark.lower() in folded and (not mark.isdecimal() or _stands_alone(mark, place))]


def _stands_alone(digits: str, place: str) -> bool:
    return re.search(rf"(?<![\w.-])(?<!, ){digits}(?![\w-])", place) is not None


async def claims(told: Story) -> None:
    ana, born = told.ana, {"birth_date": BORN.isoformat()}
    told.note(
        await ana.claim(**born, first_name=f"{MARK}Eva"),
        await ana.claim(**born, last_name=f"{MARK}Ruiz"),
        await ana.claim(**born, student_number=f"S{NUMBER}"),
        await ana.claim(birth_date=f"{BORN} {MARK}"),
    )
    captcha = await new_captcha(ana, "claim")
    begun = told.given(await ana.claim(**born, captcha=captcha), 200, "ticket")
    ana.username, ticket = begun["username"], begun["ticket"]
    told.note(
        await ana.complete(ticket, password=MARK[:5], password_confirm=MARK),
        await ana.complete(ticket, password=f"{MARK} one", password_confirm=f"{MARK} other"),
        await ana.complete(ticket, challenge_answers=given({MARK: MARK, **ANSWERS})),
        await ana.complete(MARK),
    )
    told.given(await ana.complete(ticket), 201, "access_token", "refresh_token", "device_token")
    told.note(await ana.complete(ticket), await ana.claim(**born))


async def forgets(told: Story) -> None:
    """The questions answered wrong and right, a new password, other answers."""
    ana = told.ana
    told.note(await ana.questions(username=MARK), await ana.questions(portal=MARK))
    asked = told.given(await ana.questions(), 200, "ticket")["ticket"]
    wrong = given({**ANSWERS, "first_pet": f"{MARK} wrong"})
    told.note(await ana.answer_with(asked, wrong), await ana.answer_with(asked, given({MARK: MARK})))
    told.note(await ana.answer_with(MARK, wrong), await ana.answer_with(asked[:-9] + MARK, wrong))
    token = told.given(await ana.answer_with(asked, given(ANSWERS)), 200, "token")["token"]
    told.note(await ana.reset(token, MARK[:5]), await ana.reset(token, ana.password))
    told.given(await ana.reset(token, f"{MARK} passphrase"), 204)
    told.note(await ana.reset(token, f"{MARK} in vain"), await ana.sign_in(password=f"{MARK} guess"))
    told.given(await ana.sign_in(), 200, "access_token", "refresh_token")
    told.note(await ana.set_answers(ANSWERS, current_password=f"{MARK} guess"), await ana.set_answers({MARK: "x"}))
    told.given(await ana.set_answers({**ANSWERS, "first_pet": f"{MARK} four"}), 204)


async def key_requests(told: Story) -> None:
    """By mail, on the screen, and for the office."""
    office, family = told.office, told.family
    told.note(
        await family.ask(ssn_last4=f"987-65-{DIGITS}"),
        await family.ask(birth_date=MARK),
        await family.ask(guardian_first_name=f"{MARK}other"),
        await family.ask(student_number=f"{CHILD_NUMBER}{MARK}"),
    )
    told.given(await family.ask(), 202)
    await looked_into(told)
    (mail,) = [mail for mail in mails_in(told.folder) if "/activate" in mail.text]
    told.keep(key_in(mail))
    await office.set("key_request.delivery=display")
    told.given(await family.ask(), 200, "activation_key")
    await office.set("key_request.delivery=email")
    await give_address(office, None, *family.guardians)
    told.given(await family.ask(), 202)
    await looked_into(told)
    assert "waiting" in await states(office)


async def looked_into(told: Story) -> None:
    """The worker has handled every request, and sent the mails that came of them."""
    async with asyncio.timeout(20):
        while "new" in await states(told.office):  # noqa: ASYNC110  # a table makes no events
            await asyncio.sleep(0.1)
    await finished(told.settings)


async def tickets(told: Story) -> None:
    """The office reads what was written, and nobody else; a remedy may show a key."""
    words = {
        "first_name": MARK,
        "last_name": MARK,
        "student_number": NUMBER,
        "email": HOME,
        "message": f"{MARK} {DIGITS}",
    }
    told.note(
        await write(told.http, **{**words, "email": MARK}),
        await write(told.http, **{**words, "message": MARK * 1_000}),
        await write(told.http, **{**words, "last_name": f"{MARK}\n"}),
    )
    told.given(await write(told.http, **words), 202)
    (ticket,) = (await told.hugo.ask("GET", "/admin/support-tickets", params={"state": "open"})).json()["items"]
    assert ticket["email"] == HOME
    resolving = f"/admin/support-tickets/{ticket['id']}/resolve"
    remedy = {"remedy": "reset_key", "account_id": told.ana.session["account"]["id"]}
    told.note(await told.hugo.ask("POST", resolving, json={**remedy, "account_id": MARK}))
    done = told.given(await told.hugo.ask("POST", resolving, json={**remedy, **IN_PERSON}), 200)
    told.keep(done["activation_key"])
    told.note(await told.hugo.ask("POST", resolving, json=remedy))
    (request,) = (await told.hugo.ask("GET", "/admin/key-requests", params={"state": "waiting"})).json()["items"]
    closing = f"/admin/key-requests/{request['id']}/close"
    told.note(await told.hugo.ask("POST", closing, json={"outcome": MARK}))
    told.given(await told.hugo.ask("POST", closing, json={"outcome": "handled"}), 204)


async def authenticators(told: Story) -> None:
    """An app set up, and codes that are wrong, right and used before, at each of the three places where they are typed."""
    hugo = told.hugo
    told.note(await hugo.ask("POST", "/me/step-up", json={"password": f"{MARK} guess"}))
    told.given(await hugo.ask("POST", "/me/step-up", json={"password": hugo.password}), 200)
    told.note(await hugo.ask("POST", "/me/totp/confirm", json={"totp": MARK}))
    app = await set_up(hugo)
    codes = hugo.session["recovery_codes"]
    told.keep(app.secret, *codes, *(hugo.session[name] for name in ("access_token", "refresh_token")))
    right = app.next_code()
    told.keep(right)
    told.given(await hugo.ask("POST", "/me/step-up", json={"totp": right}), 200)
    told.note(await hugo.ask("POST", "/me/step-up", json={"totp": right}))
    told.note(await hugo.ask("POST", "/me/step-up", json={"totp": MARK}))
    told.note(*[await hugo.sign_in(**typed) for typed in ({}, {"totp": MARK}, {"totp": right})])
    told.given(await hugo.ask("POST", "/me/step-up", json={"totp": codes[0]}), 200)
    told.note(await hugo.ask("POST", "/me/step-up", json={"totp": codes[0]}))


async def at_the_office(told: Story) -> None:
    """Searches, a colleague, keys and resets, a portal flag."""
    ana, dana = told.ana, told.dana
    for path in ("accounts", "people", "relationships"):
        for words in (MARK, ana.last_name, NUMBER, HOME):
            assert (await dana.ask("GET", f"/admin/{path}", params={"q": words})).status_code == 200
        told.note(await dana.ask("GET", f"/admin/{path}", params={"q": MARK, "cursor": MARK}))
    colleague = {"first_name": MARK, "last_name": MARK, "username": "nora2026", "role": "help_desk", **IN_PERSON}
    told.note(await dana.ask("POST", "/admin/staff", json={**colleague, "username": f"{MARK} {MARK}"}))
    told.given(await dana.ask("POST", "/admin/staff", json=colleague), 201, "activation_key")
    order = {"person_id": str(told.family.guardians[0]), "portal": "parent", **IN_PERSON}
    told.given(await dana.ask("POST", "/admin/activation-keys", json=order), 201, "activation_key")
    people = {"person_id": str(told.family.student)}
    (relationship,) = (await dana.ask("GET", "/admin/relationships", params=people)).json()["items"]
    changing = f"/admin/relationships/{relationship['id']}"
    told.note(await dana.ask("PATCH", changing, json={"portal": MARK}))
    told.given(await dana.ask("PATCH", changing, json={"portal": False}, headers={"If-Match": "*"}), 200)
    resetting = f"/admin/accounts/{ana.session['account']['id']}/reset"
    told.note(
        await dana.ask("POST", resetting, json={"method": MARK}),
        await dana.ask("POST", resetting, json={"method": "mail"}),
    )
    told.given(await dana.ask("POST", resetting, json={"method": "key", **IN_PERSON}), 200, "activation_key")


async def nonsense(told: Story) -> None:
    """Every operation of the office and of those who come without a key: marks in each field, of a wrong type, too long, in broken JSON."""
    for method, path, fields, query in operations():
        marked = re.sub(r"\{\w+\}", MARK, path)
        for params in ({}, dict.fromkeys([*query, "unknown"], MARK), dict.fromkeys(query, MARK * 400)):
            if "{" in path or params:
                told.note(await told.dana.ask(method, marked, params=params))
        for value in (MARK, {"value": MARK}, [MARK], MARK * 1_500) if fields else ():
            told.note(await told.dana.ask(method, marked, json={**dict.fromkeys(fields, value), "secret": MARK}))
        headers = {"Content-Type": "application/json"}
        told.note(await told.dana.ask(method, marked, content=f'{{"{MARK}": "{MARK}"', headers=headers))
        told.note(await told.http.request(method, marked, headers={"Authorization": f"Bearer {MARK}"}))


def operations() -> Iterator[tuple[str, str, list[str], list[str]]]:
    """Method, path, fields of the body, fields of the query."""
    for path, methods in SPECIFICATION["paths"].items():
        for method, told in methods.items() if path.startswith(OPENED_BY_ISSUES) else ():
            query = [each["name"] for each in told.get("parameters", []) if each["in"] == "query"]
            yield method.upper(), path, fields_of(told), query


def fields_of(told: Mapping[str, Any]) -> list[str]:
    schema = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    named = SPECIFICATION["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], {})
    return list(named.get("properties", {}))


async def requests_that_fail(told: Story) -> None:
    """Each writes its trace, and there is no table for it."""
    before = len(told.refusals)
    told.note(
        await told.ana.claim(birth_date=BORN.isoformat(), first_name=f"{MARK}Eva"),
        await told.ana.answer({**ANSWERS, "first_pet": f"{MARK} wrong"}),
        await told.family.ask(guardian_first_name=f"{MARK}other"),
        await write(told.http, first_name=MARK, email=HOME, message=MARK),
        await told.dana.ask("POST", "/me/step-up", json={"password": f"{MARK} guess"}),
    )
    assert [answer.status_code for answer in told.refusals[before:]] == [500] * 5


@asynccontextmanager
async def story(settings: Settings, folder: Path) -> AsyncIterator[tuple[Story, Path]]:
    """A district whose people bear marks; then a server process, which also handles requests for keys and writes mails into files."""
    sender = MemorySender()
    async with posting(settings, SystemClock(), sender) as server:
        with quick_hashes(server):
            office, post = await Office.open(server), Post(server, sender.messages)
            await office.set(*CLAIM_ON, "claim.fields=birth_date", "features.key_request=true")
            await office.set("key_request.fields=ssn_last4,birth_date,guardian_first_name,guardian_last_name")
            ana = await new_student(office, post, f"{MARK}ana {MARK}lopez", NUMBER, born=BORN)
            ana.password, ana.answers = f"{MARK} password", dict(ANSWERS)
            family = await with_marks(office)
            dana = await at_desk(office, StaffRole.DISTRICT_ADMIN, name="Dana Reed")
            hugo = await at_desk(office, StaffRole.HELP_DESK, name="Hugo Park")
        with server_processes(settings, folder) as (process,):
            async with httpx.AsyncClient(base_url=process.url, timeout=30, event_hooks=FROM_EVERYWHERE) as http:
                for user in (ana, dana, hugo):
                    user.server = Server(server.app, http)
                yield Story(office, ana, replace(family, http=http), dana, hugo, settings, folder), process.log


async def with_marks(office: Office) -> Family:
    """Ben, his mother Maria, and what the district knows of them."""
    family = await Family.at(office, f"{MARK}maria {MARK}diaz", student=f"{MARK}ben {MARK}diaz", number=CHILD_NUMBER)
    await know(office, family.student, DIGITS, BORN)
    await give_address(office, HOME, *family.guardians)
    return family.asking(
        student_number=CHILD_NUMBER,
        ssn_last4=DIGITS,
        birth_date=BORN.isoformat(),
        guardian_first_name=f"{MARK}maria",
        guardian_last_name=f"{MARK}diaz",
    )
