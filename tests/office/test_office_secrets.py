"""What people type at the desk, and what rests in the database, stays where it belongs: in no log, metric, audit event or refusal."""

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from app.models import Account, ActivationKey, Person, RecoveryCode, SignInSession, TotpFactor
from app.security.activation_codes import normalise_activation_code
from tests.office.hostile import with_words_everywhere
from tests.office.requests import REQUESTS, Family, family, operations
from tests.office.trail import everything
from tests.roster.packages import Package
from tests.support.authenticator import set_up
from tests.support.desk import pass_second_factor
from tests.support.engines import sqlite_only
from tests.support.log import Written
from tests.support.office import Office
from tests.support.portal import Server, User, refused

OPERATIONS = operations()
MARK = "pl4ntedMark"
MARKED = (MARK, f"{MARK}@home.example", f"https://{MARK}.example.org", f"{MARK} O'Hara, 404-555-0199")
HOME, ROSTER_HOME = "pl4nted.recovery@home.example", "pl4nted.roster@home.example"


@pytest.fixture
async def its(office: Office) -> Family:
    return await family(office, 0, await office.school("Jefferson High"))


def holds(text: str, *secrets: str) -> list[str]:
    return [secret for secret in secrets if secret.lower() in text.lower()]


async def metrics(server: Server) -> str:
    return (await server.http.get("/metrics")).text


async def test_no_word_that_is_typed_at_the_desk_is_repeated_elsewhere(
    dana: User, its: Family, written: Written
) -> None:
    """In every field of every operation; most of it is refused, and what is done writes no words into the trail."""
    written()
    for operation in OPERATIONS:
        for word in MARKED:
            for request in with_words_everywhere(operation, its, word):
                answer = await request.send(operation, dana, dana.http)
                assert answer.status_code < 500, (operation, word)
                if answer.is_error:
                    assert not holds(answer.text + str(answer.headers), MARK), (operation, answer.text)
    log = written()
    assert "/admin/announcements/{announcement_id}" in log
    assert not holds(log, MARK)
    assert not holds(await metrics(dana.server), MARK)
    assert not holds(await everything(its.office), MARK)


async def test_names_and_addresses_of_what_the_office_does_stay_out_of_log_and_trail(
    office: Office, dana: User, written: Written, tmp_path: Any
) -> None:
    """Done, not refused: somebody is added, a family is imported, settings and notices are written."""
    written()
    name = {"first_name": MARK, "last_name": MARK, "username": f"{MARK}26", "role": "help_desk"}
    added = await dana.ask("POST", "/admin/staff", json={**name, "channel": "in_person", "photo_id_checked": True})
    assert added.status_code == 201, added.text
    key = added.json()["activation_key"]
    support = {"phone": "404-555-0199", "email": f"{MARK}@home.example", "url": f"https://{MARK}.example.org"}
    changed = await dana.ask("PATCH", "/admin/district", headers={"If-Match": "*"}, json={"support": support})
    assert changed.status_code == 200, changed.text
    for body in ({"title": MARK, "body": MARK, "links": [{"label": MARK, "url": f"https://{MARK}.example.org"}]},):
        assert (await dana.ask("POST", "/admin/announcements", json=body)).status_code == 201
    package = Package(tmp_path / "package").student("ana", agents="maria", givenName=MARK, identifier=f"n-{MARK}")
    package.adult("maria", familyName=MARK, email=f"{MARK}@home.example")
    content, options = package.zip().read_bytes(), {"headers": {"Content-Type": "application/zip"}}
    imported = await dana.ask("POST", "/admin/rosters", content=content, params={"allow_ending": 100}, **options)
    assert (imported.status_code, imported.json()["outcome"]) == (201, "imported"), imported.text
    places = [written(), await metrics(dana.server), await everything(office), imported.text]
    for place in places:
        assert not holds(place, MARK, "404-555-0199", key, normalise_activation_code(key))
    assert "office:staff:added" in places[2]
    assert "office:roster:imported" in places[2]


async def test_no_list_holds_what_opens_something_or_an_address_in_clear(
    office: Office, dana: User, its: Family, written: Written
) -> None:
    """Of a parent with a password, addresses and a live key, and of an admin with an authenticator."""
    written()
    app = await set_up(dana)
    codes = dana.session["recovery_codes"]
    await pass_second_factor(dana)
    await _give_addresses(office, its)
    shown = (await REQUESTS["issueActivationKey"](its).send(BY_ID["issueActivationKey"], dana, dana.http)).json()
    texts = {
        operation.id: (await REQUESTS[operation.id](its).send(operation, dana, dana.http)).text
        for operation in OPERATIONS
        if operation.method == "GET"
    }
    assert its.account in texts["searchAccounts"]
    assert "password_changed" in texts["listOutbox"]
    tokens = [user.session[name] for user in (dana, its.parent) for name in ("access_token", "refresh_token")]
    typed = [app.secret, *codes, *tokens, shown["activation_key"], its.parent.password, HOME, ROSTER_HOME]
    resting = await _what_rests(office)
    assert len(resting) > 15
    log, numbers, trail = written(), await metrics(dana.server), await everything(office)
    for place, text in {**texts, "log": log, "metrics": numbers, "trail": trail}.items():
        assert not holds(text, *typed, *resting), place
        assert not re.search(r"\$argon2|digest|sealed|hash(?!es)", text.replace(numbers, "")), place


BY_ID = {operation.id: operation for operation in OPERATIONS}


async def _give_addresses(office: Office, its: Family) -> None:
    async with office.campus.database.transaction() as session:
        await session.execute(
            update(Account)
            .where(Account.id == UUID(its.account))
            .values(recovery_email=HOME, recovery_email_folded=HOME, unconfirmed_recovery_email=f"new.{HOME}")
        )
        people = Person.id.in_([its.parent.person_id, its.child, its.without_key, its.colleague])
        await session.execute(update(Person).where(people).values(email=ROSTER_HOME))


async def _what_rests(office: Office) -> list[str]:
    """Digests, hashes and sealed secrets of every table that has some."""
    columns = (
        *(Account.password_hash, ActivationKey.digest, SignInSession.refresh_digest),
        *(TotpFactor.sealed_secret, RecoveryCode.digest),
    )
    async with office.campus.database.reading() as connection:
        return [str(value) for each in columns for value in await connection.scalars(select(each)) if value]


@sqlite_only
async def test_whoever_is_refused_stands_in_the_log_by_session_and_not_by_name(
    dana: User, hugo: User, maria: User, written: Written
) -> None:
    """What is done is in the trail; what is refused, here: why, and in whose session."""
    await maria.activate()
    told = {}
    for who, path in ((hugo, "/admin/audit-events"), (maria, "/admin/accounts"), (dana, f"/admin/accounts/{uuid4()}")):
        (session,) = [each["id"] for each in await who.sessions() if each["current"]]
        written()
        answer = await who.ask("GET", path)
        told[session] = refused(answer)
        lines = [line for line in written().splitlines() if answer.headers["x-request-id"] in line]
        (line,) = [line for line in lines if "route=" in line]
        assert f"problem={answer.json()['code']} " in f"{line} "
        assert f"session={session}" in line
        assert not holds(line, who.username, who.session["account"]["id"])
    assert set(told.values()) == {(403, "forbidden"), (404, "not_found")}
    written()
    unknown = await dana.http.get("/me", headers={"Authorization": "Bearer made-up"})
    assert "problem=invalid_token" in written()
    assert refused(unknown) == (401, "invalid_token")
