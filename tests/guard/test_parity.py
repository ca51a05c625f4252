"""Known and unknown people before every public door: the same answers for the same work (D9, D10, D12).

The contract's exceptions are for those who give every fact right: the right password, a key or a token that this service gave out.
"""

import re
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import delete, func, select

from app.main import create_app
from app.models import GuessBudget, OutboxMail
from app.portals import Portal
from app.security.hash_pool import COMPUTED
from app.settings import Settings
from tests.claiming.students import change_person
from tests.guard.public_doors import ABOUT_NOBODY, BORN, PUBLIC, Ask, People
from tests.guard.stranger import from_address
from tests.recovery.statements import counting
from tests.support.office import Office
from tests.support.passkeys import Phone, register
from tests.support.portal import Server
from tests.support.recovery import ADDRESS, CONFIRM, DISPUTE, NEW_PASSWORD, Owner, Post, new_owner


@pytest.fixture
async def people(server: Server, office: Office, post: Post) -> People:
    maria = await new_owner(office, post)
    disabled = await new_owner(office, post, "Dan Shut", address="dan@mail.example.org")
    unconfirmed = await new_owner(office, post, "Rosa Diaz", address=None)
    await unconfirmed.set_address("rosa@mail.example.org")
    confirm = (await post.one(CONFIRM)).token(CONFIRM)
    await maria.change_password(NEW_PASSWORD)
    dispute = (await post.one(DISPUTE)).token(DISPUTE)
    reset = await maria.reset_link()
    unset, outside, keyless = await office.parents(3)
    await office.set("features.claim=true", "features.challenge_questions=true", "features.key_request=true")
    for owner in (maria, disabled):
        assert (await owner.ask("PUT", "/me/challenge-answers", json=answers_of(owner))).status_code == 204
    await post.deliver()
    for parent in (unset, outside):
        assert (await parent.activate()).status_code == 201
    phones = {
        "an owner": await forged_passkey(maria),
        "switched off": await forged_passkey(disabled),
        "nobody": Phone(),
    }
    phones["nobody"].passkeys = [replace(phones["an owner"].passkeys[0], id=b"a passkey that nobody registered")]
    await office.disable(disabled)
    await office.reset(unset)
    await office.take_portal_away(outside)
    replaced = keyless.key
    await office.key_for(keyless.person_id, keyless.portal)
    wake = await Office.open(server, "wake", "Wake County Schools", "NC")
    accounts = {
        "an owner": maria,
        "switched off": disabled,
        "unconfirmed": unconfirmed,
        "without a password": unset,
        "without access": outside,
    }
    return People(
        names={"nobody": "nobody1", "empty": "", **{kind: user.username for kind, user in accounts.items()}},
        addresses={
            "nobody": "nobody@mail.example.org",
            "an owner": ADDRESS,
            "switched off": "dan@mail.example.org",
            "unconfirmed": "rosa@mail.example.org",
        },
        refresh_token=maria.session["refresh_token"],
        links={"reset": reset, "confirm": confirm, "dispute": dispute},
        keys={"replaced": replaced, "another district's": (await wake.parent()).key},
        student_numbers=await students(office),
        claim_ticket=await claim_ticket(server, office),
        passkeys=phones,
    )


async def forged_passkey(owner: Owner) -> Phone:
    """A phone that knows the passkey of this owner by name."""
    real = await register(owner, Phone("https://localhost"))
    (known,) = real.passkeys
    return replace(real, passkeys=[replace(known, key=ec.generate_private_key(ec.SECP256R1()))])


def answers_of(owner: Owner) -> dict[str, object]:
    answers = {"first_pet": "Rex", "favorite_food": "Peach pie", "first_street": "Oak Lane"}
    chosen = [{"question_id": question, "answer": answer} for question, answer in answers.items()]
    return {"current_password": owner.password, "challenge_answers": chosen}


async def students(office: Office) -> dict[str, str]:
    numbers = {"nobody": "5550000", "unclaimed": "5550001", "claimed": "5550002", "new": "5550003", "left": "5550004"}
    unclaimed, claimed, _, left = [
        await office.student("Ana Lopez", number=number) for kind, number in numbers.items() if kind != "nobody"
    ]
    await change_person(office, unclaimed, in_first_import=True, birth_date=date.fromisoformat(BORN))
    assert (await (await office.user(claimed, Portal.STUDENT)).activate()).status_code == 201
    await office.end(left)
    return numbers


async def claim_ticket(server: Server, office: Office) -> str:
    facts = {"last_name": "Lopez", "first_name": "Ana", "student_number": "5550001"}
    answer = await server.http.post("/activate/claim", json={"district": office.district, **facts})
    return str(answer.json()["ticket"])


def test_d12_every_public_door_is_in_the_table() -> None:
    public = {
        f"{method.upper()} {path}"
        for path, methods in create_app(Settings()).openapi()["paths"].items()
        for method, operation in methods.items()
        if not operation["security"] or {} in operation["security"]
    }
    assert public == ABOUT_NOBODY | set(PUBLIC)


async def test_d9_d10_d12_whoever_is_asked_about_the_answers_and_their_price_are_the_same(
    server: Server, office: Office, post: Post, people: People
) -> None:
    visitor = Owner.of(await office.parent("Vera Guest"), post)
    addresses = (f"198.51.{high}.{low}" for high in range(100) for low in range(256))
    for door, cases in PUBLIC.items():
        for those, calls in cases:
            traces = {
                kind: await trace(server, from_address(visitor, next(addresses)), ask, calls)
                for kind, ask in those(people).items()
            }
            first = next(iter(traces.values()))
            assert [kind for kind, told in traces.items() if told != first] == [], (door, traces)
            await forget_failures(office, people)


async def forget_failures(office: Office, people: People) -> None:
    """Each case begins at the foot of the ladder, and with a whole budget of guesses."""
    campus = office.campus
    async with campus.database.transaction() as session:
        for name in people.names.values():
            await campus.guard.ladder.end_all(session, office.district, "parent", name)
        await session.execute(delete(GuessBudget))


async def trace(server: Server, visitor: Owner, ask: Ask, calls: int) -> list[Any]:
    """What each call is told and costs; at the end, how many mails were promised."""
    told: list[Any] = []
    mails = await promised(server)
    with counting(server.campus.database) as statements:
        for _ in range(calls):
            hashes = hashes_computed()
            statements.take()
            answer = await ask(visitor)
            assert answer.status_code < 500  # a defect may look the same for everybody
            told.append((*shape(answer), len(statements.take()), hashes_computed() - hashes))
    return [*told, await promised(server) - mails]


def hashes_computed() -> float:
    return sum(
        sample.value for metric in COMPUTED.collect() for sample in metric.samples if sample.name.endswith("_total")
    )


async def promised(server: Server) -> int:
    async with server.campus.database.reading() as connection:
        return int((await connection.execute(select(func.count()).select_from(OutboxMail))).scalar_one())


def shape(answer: httpx.Response) -> tuple[int, dict[str, str], Any]:
    """Status, headers and body, but for the request's id, a ticket's reference, the random parts of a challenge, and how long ago the first call was.

    Of challenge questions only how many there are: each name has its own.
    """
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    if "ratelimit" in headers:
        headers["ratelimit"] = re.sub(r"t=\d+", "t=", headers["ratelimit"])
    body = {**answer.json(), "request_id": ""} if answer.content else {}
    if "reference" in body:
        body["reference"] = ""
    if "captcha" in body:
        challenge = body["captcha"]["challenge"]
        challenge["signature"] = challenge["parameters"]["nonce"] = challenge["parameters"]["salt"] = ""
    if "questions" in body:
        del headers["content-length"]
        body |= {"ticket": len(body["ticket"]) // 100, "questions": len(body["questions"])}
    return answer.status_code, headers, body
